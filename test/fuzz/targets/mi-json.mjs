// @ts-check
import { handleMi, refuseLargeReply } from '#src/control/mi.js';
import { check } from './check.mjs';
import { COMMANDS, JSON_WORDS, REQUESTS } from './mi-commands.mjs';

/** @import { Target } from '../target.mjs' */

/** What a datagram holds. */
const LARGE = 65_507;

/** @param {string} method @param {unknown} thrown */
function threw(method, thrown) {
  throw new Error(`${method} threw`, { cause: thrown });
}

/** @type {Target} */
export const miJson = {
  name: 'mi-json',
  what: 'MI requests as JSON, of every transport: each answered in JSON, with its own id',
  seeds: REQUESTS.map((text) => Buffer.from(text)),
  words: JSON_WORDS,
  maxLength: 400,
  async run(input) {
    const outcome = await handleMi(input, COMMANDS, threw);
    if (outcome.kind === 'silence') return;
    for (const text of [outcome.text, refuseLargeReply(outcome.text, LARGE)]) {
      const reply = JSON.parse(text);
      check(reply.jsonrpc === '2.0' && 'id' in reply, 'a reply of JSON-RPC');
      check('result' in reply !== 'error' in reply, 'a result or an error');
      check(reply.error?.message !== 'Server error' || text !== outcome.text, 'no command failed');
    }
  },
};
