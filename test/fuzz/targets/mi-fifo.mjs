// @ts-check
import { FifoRequests } from '#src/control/fifo-requests.js';
import { handleText } from '#src/control/mi-text.js';
import { check, pieces, same } from './check.mjs';
import { COMMANDS, JSON_WORDS, REQUESTS } from './mi-commands.mjs';

/** @import { FifoRequest } from '#src/control/fifo-requests.js' */
/** @import { Target } from '../target.mjs' */

/** @param {readonly Buffer[]} reads */
function requestsIn(reads) {
  /** @type {FifoRequest[]} */
  const requests = [];
  const reader = new FifoRequests((request) => requests.push(request));
  for (const read of reads) {
    reader.read(read);
    read.fill(0xd5);
  }
  reader.end();
  check(!reader.isOpen, 'nothing is open behind the end');
  return requests;
}

/** @type {Target} */
export const miFifo = {
  name: 'mi-fifo',
  what: 'what is written to the MI FIFO, in any pieces; the text form answered in text',
  seeds: [
    ...REQUESTS.map((text) => Buffer.from(`:reply:${text}\n`)),
    Buffer.from(':msrp_trace:reply\noff\n\n'),
    Buffer.from(':get_statistics:reply\nstatistics:: "all"\n\n:which:r2\n\n'),
    Buffer.from(':msrptap:links:reply\n:: 5\n\n'),
  ],
  words: [...JSON_WORDS, ':reply:', '\n', '\n\n', ':: ', ':msrp_trace:r\n', '\\'],
  maxLength: 500,
  async run(input) {
    const requests = requestsIn([Buffer.from(input)]);
    same(requestsIn(pieces(input)), requests, 'the requests of one read and of many');
    for (const request of requests) {
      if (request.form !== 'text' || 'tooLong' in request) continue;
      const reply = await handleText(request, COMMANDS, (method, thrown) => {
        throw new Error(`${method} threw`, { cause: thrown });
      });
      check(/^\d{3} [^\n]*\n/.test(reply) && reply.endsWith('\n\n'), 'a reply of the text form');
      check(reply.indexOf('\n\n') === reply.length - 2, 'one empty line, at the end');
    }
  },
};
