import type { Figures } from './figures.js';

/** A next hop of the configuration, as MI tells of it. */
export interface UpstreamHealth {
  /** As configured, with its port. */
  readonly Upstream: string;
  /** Whether its last dial succeeded, in all workers. */
  readonly Up: boolean;
  /** Dials since the start. */
  readonly Succeeded: number;
  readonly Failed: number;
}

/** The next hops of the configuration, out of the figures of all that carries traffic. */
export function upstreamHealth(figures: Figures): readonly UpstreamHealth[] {
  const dials = (upstream: string | undefined, result: string): number =>
    (figures['upstream_dials_total'] ?? [])
      .filter(([labels]) => labels['upstream'] === upstream && labels['result'] === result)
      .reduce((sum, [, value]) => sum + value, 0);
  return (figures['upstream_up'] ?? []).map(([{ upstream = '' }, up]) => ({
    Upstream: upstream,
    Up: up === 1,
    Succeeded: dials(upstream, 'success'),
    Failed: dials(upstream, 'failure'),
  }));
}
