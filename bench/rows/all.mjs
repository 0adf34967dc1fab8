/** The table of the bench, from top to bottom. */
import { batched, oneAtATime, relay, tls, unbatched } from './cpu.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { hepPacket, parser } from './micro.mjs';
import { scale } from './scale.mjs';
import { startToReady } from './start.mjs';
import { throughput } from './throughput.mjs';
import { workers } from './workers.mjs';

/** @type {readonly import('./row.mjs').Row[]} */
export const ROWS = [
  batched,
  unbatched,
  oneAtATime,
  throughput,
  tls,
  latency,
  memory,
  scale,
  workers,
  startToReady,
  relay,
  parser,
  hepPacket,
];
