/** From rounds to a table. */
import { BODY_OCTETS, LINKS, WINDOW } from './programs/messages.mjs';

/** @import { Round } from './measure.mjs' */
/** @import { Plan } from './options.mjs' */

/** @typedef {{ readonly name: string, readonly rounds: readonly Round[] }} Measured */

/**
 * @typedef {object} Conditions
 * @property {Plan} plan
 * @property {number} perWrite
 * @property {string} cpu
 * @property {string} node version
 * @property {string | null} haproxy version
 * @property {boolean} pinned proxy and load on processors of their own
 */

const PER = 100_000;
/** Names of the rows that all rows are compared with. */
const YARDSTICKS = new Set(['HAProxy', 'Node pipe']);

/** CPU seconds for 100,000 exchanges. @param {Round} round */
export function cost({ user, system, exchanges }) {
  return ((user + system) / exchanges) * PER;
}

/** @param {readonly number[]} values at least one; an odd count has its middle one, an even count the higher of two */
function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/**
 * The median of the ratios of rounds that ran one after the other: what slows the machine for a while slows both.
 * @param {Measured} row
 * @param {Measured} yardstick
 */
function ratio(row, yardstick) {
  const others = yardstick.rounds.map(cost);
  return median(row.rounds.map((round, index) => cost(round) / (others[index] ?? Number.NaN)));
}

/** A Markdown table. @param {readonly Measured[]} rows */
export function table(rows) {
  const yardsticks = rows.filter(({ name }) => YARDSTICKS.has(name));
  const lines = rows.map((row) => {
    const costs = row.rounds.map(cost);
    return [
      row.name,
      median(costs).toFixed(2),
      `${Math.min(...costs).toFixed(2)} to ${Math.max(...costs).toFixed(2)}`,
      ...yardsticks.map((yardstick) => ratio(row, yardstick).toFixed(2)),
    ];
  });
  const head = ['Proxy', 'CPU s, median', 'lowest to highest', ...yardsticks.map(({ name }) => `× ${name}`)];
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What the table shows, and under which conditions. @param {Conditions} conditions */
export function caption({ plan, perWrite, cpu, node, haproxy, pinned }) {
  return [
    `CPU seconds (user and system, all threads) of the proxy's process per 100,000 SEND/200 exchanges, over loopback:`,
    `${LINKS} links, window ${WINDOW}, ${perWrite === 1 ? 'each message in a write of its own' : `up to ${perWrite} messages a write`}, bodies of ${BODY_OCTETS} octets.`,
    `Rounds of ${plan.exchanges.toLocaleString('en')} exchanges, ${plan.rounds} of each proxy in turn; a ratio is the median of the rounds' ratios.`,
    `${cpu}; Node ${node}${haproxy === null ? '' : `; HAProxy ${haproxy} in TCP mode with one thread`}; ${pinned ? 'proxy and load on processors of their own' : 'not pinned'}.`,
  ].join('\n');
}
