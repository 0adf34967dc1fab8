/** The next hops of the configuration, out of the figures of all that carries traffic. */
import type { Figures } from '../figures.js';
import { ok, type Command } from '../mi-command.js';
import type { Control } from './control.js';

export function upstreamCommands(control: Control): readonly Command[] {
  const run = async () => ok({ Upstreams: upstreamsIn(await control.figures()) });
  return [{ names: ['msrptap:upstreams'], recipes: [{ params: [], run }] }];
}

interface UpstreamRow {
  /** As configured, with its port. */
  readonly Upstream: string;
  /** Whether its last dial succeeded, in all workers. */
  readonly Up: boolean;
  /** Dials since the start. */
  readonly Succeeded: number;
  readonly Failed: number;
}

function upstreamsIn(figures: Figures): readonly UpstreamRow[] {
  const dials = (upstream: string, result: string): number =>
    figures['upstream_dials_total']?.find(
      ([labels]) => labels['upstream'] === upstream && labels['result'] === result,
    )?.[1] ?? 0;
  return (figures['upstream_up'] ?? []).map(([{ upstream = '' }, up]) => ({
    Upstream: upstream,
    Up: up === 1,
    Succeeded: dials(upstream, 'success'),
    Failed: dials(upstream, 'failure'),
  }));
}
