// Traces a tenth of the flows, chosen by a hash: enough to see how a busy platform fares, at a tenth of the disk.
import { createHash } from 'node:crypto';

const ONE_IN = 10;

/** @type {import('msrptap/filter').Route} */
export default function one_in_ten({ si, sp, peer }, { drop }) {
  // The accepted connection's far socket names the flow. A hash of it, not a random number: the originated connection
  // is asked about separately and must decide alike, on this proxy and on any other that runs this filter.
  const flow = peer ?? { si, sp };
  const hash = createHash('sha256').update(`${flow.si} ${flow.sp}`).digest().readUInt32BE();
  if (hash % ONE_IN !== 0) drop();
}
