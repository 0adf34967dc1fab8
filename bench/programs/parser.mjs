/**
 * Process: the parser alone, on reads of the size that Node makes them. Answers: parse BODY-OCTETS SECONDS, with the octets
 * a second.
 */
import { Buffer } from 'node:buffer';
import { Parser } from '#src/msrp/parser.js';
import { send, textBody } from './messages.mjs';
import { serve } from './serve.mjs';

/** Octets that Node reads from a socket at most. */
const READ = 65_536;

/** Octets that are parsed between two looks at the clock, at least. */
const STRETCH = 4_194_304;

const PATHS = {
  to: 'msrp://endpoint.example.com:2855/endpoint-session-0001;tcp',
  from: 'msrp://client.example.com:49154/client-session-0001;tcp',
};

/** Another one for each message, as peers make them: a parser must not know it before. @param {number} index */
const transactionId = (index) => `b${((index + 1) * 2_654_435_761).toString(36).slice(-10).padStart(10, '0')}`;

/** Messages one behind the other, cut into reads: message boundaries fall anywhere. @param {number} bodyOctets */
function readsOf(bodyOctets) {
  const body = textBody(bodyOctets);
  const count = Math.ceil(STRETCH / body.length);
  const messages = Array.from({ length: count }, (_, index) => send(transactionId(index), PATHS, body));
  const stream = Buffer.from(messages.join(''), 'latin1');
  return Array.from({ length: Math.ceil(stream.length / READ) }, (_, index) =>
    stream.subarray(index * READ, (index + 1) * READ),
  );
}

serve(0, {
  parse: (bodyOctets, seconds) => {
    const reads = readsOf(Number(bodyOctets));
    const parser = new Parser();
    const start = performance.now();
    let octets = 0;
    let elapsed = 0;
    while (elapsed < Number(seconds)) {
      for (const read of reads) {
        if (parser.parse(read) !== read.length) throw new Error(`the parser says ${parser.error}`);
        parser.settle();
        octets += read.length;
      }
      elapsed = (performance.now() - start) / 1_000;
    }
    return [octets / elapsed];
  },
});
