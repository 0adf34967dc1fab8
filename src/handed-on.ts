/** What a process knows beyond its configuration, and tells the one that takes over. */
import type { Carrier } from './carrier.js';
import type { Config } from './config.js';
import type { OpenSocket } from './lib/socket-fd.js';
import type { CorrelationTime } from './trace/correlations.js';
import type { SpotTime } from './trace/spots.js';

export type HandedOn = HandedOnTrace | HandedOnCorrelations;

/** The switch of MI, and what is traced for a while although it is off. */
export interface HandedOnTrace {
  readonly kind: 'trace';
  /** What proto_msrp.trace_on says: where it changes, the file has the last word, as at a reload. */
  readonly configured: boolean;
  readonly on: boolean;
  readonly spots: readonly SpotTime[];
}

/** Some of the sessions whose call is known. */
export interface HandedOnCorrelations {
  readonly kind: 'correlations';
  readonly correlations: readonly CorrelationTime[];
}

/** What the process after this one gets. */
export interface Inheritance {
  readonly sockets: readonly OpenSocket[];
  /** As it is at that moment. */
  readonly trace: () => HandedOnTrace;
  readonly correlations: () => Iterable<HandedOnCorrelations>;
}

/** What goes into one message: a few hundred KiB at most. */
const MESSAGE_SIZE = 1_000;

export function handOnTrace({ trace, spots }: Carrier, { proto_msrp }: Config): HandedOnTrace {
  return { kind: 'trace', configured: proto_msrp.trace_on === 1, on: trace, spots };
}

/** Message by message, as whoever takes them has room for the next. */
export function* handOnCorrelations({ correlations }: Carrier): Generator<HandedOnCorrelations> {
  let part: CorrelationTime[] = [];
  for (const each of correlations.times()) {
    part.push(each);
    if (part.length < MESSAGE_SIZE) continue;
    yield { kind: 'correlations', correlations: part };
    part = [];
  }
  if (part.length > 0) yield { kind: 'correlations', correlations: part };
}

/** Puts it in force. What is no longer traced at all, or what a worker that hangs is not told, is no reason not to go on. */
export async function takeOn(carrier: Carrier, { proto_msrp }: Config, handedOn: HandedOn): Promise<void> {
  if (handedOn.kind === 'correlations') {
    carrier.tellCorrelations(handedOn.correlations);
    return;
  }
  const { configured, on, spots } = handedOn;
  if (configured !== (proto_msrp.trace_on === 1)) return;
  if (on !== carrier.trace) await carrier.apply({ kind: 'trace', on });
  for (const spot of spots) await carrier.apply({ kind: 'spot', spot });
}
