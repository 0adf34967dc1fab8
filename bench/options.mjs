/** What the command line asks for. */
import { parseArgs } from 'node:util';
import { WINDOW } from './programs/messages.mjs';

export const USAGE = `npm run bench -- [--quick] [--without-haproxy] [--per-write N] [--json FILE]

  --quick             few exchanges: shows that everything runs and adds up; the figures mean nothing
  --without-haproxy   leave out its row
  --per-write N       messages that either end puts into one write at most, 1 to ${WINDOW} (default: ${WINDOW}, all that are due)
  --json FILE         also write every round to FILE
`;

/**
 * Exchanges over all links. A full round is long enough for the 10 ms steps of /proc: the cheapest row takes half a second.
 * @typedef {{ readonly exchanges: number, readonly rounds: number, readonly warmUp: number }} Plan
 */
/** @type {Plan} */
const FULL = { exchanges: 400_000, rounds: 5, warmUp: 100_000 };
/** @type {Plan} */
const QUICK = { exchanges: 5_000, rounds: 1, warmUp: 1_000 };

/**
 * @param {readonly string[]} args
 * @throws {Error} they are not as USAGE says
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      'without-haproxy': { type: 'boolean', default: false },
      'per-write': { type: 'string', default: String(WINDOW) },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const perWrite = Number(values['per-write']);
  if (!Number.isInteger(perWrite) || perWrite < 1 || perWrite > WINDOW) {
    throw new Error(`--per-write must be a whole number from 1 to ${WINDOW}, not ${values['per-write']}`);
  }
  return {
    help: values.help,
    quick: values.quick,
    plan: values.quick ? QUICK : FULL,
    withHaproxy: !values['without-haproxy'],
    perWrite,
    /** A file, if any. */
    json: values.json ?? null,
  };
}
