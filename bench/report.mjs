/** From rounds to a table. */

/** @import { Round } from './measure.mjs' */

/** @typedef {{ readonly name: string, readonly rounds: readonly Round[] }} Measured */

const PER = 100_000;

/** CPU seconds for PER exchanges. @param {Round} round */
export function cost({ user, system, exchanges }) {
  return ((user + system) / exchanges) * PER;
}

/** @param {readonly number[]} values at least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - (1 - (sorted.length % 2))], sorted[middle]];
  return (low + high) / 2;
}

/**
 * The median of the ratios of rounds that ran one after the other: what slows the machine for a while slows both.
 * @param {Measured} row
 * @param {Measured} yardstick
 */
export function ratio(row, yardstick) {
  return median(
    row.rounds.flatMap((round, index) => {
      const other = yardstick.rounds[index];
      return other === undefined ? [] : [cost(round) / cost(other)];
    }),
  );
}

/**
 * A Markdown table.
 * @param {readonly Measured[]} rows
 * @param {readonly string[]} yardsticks names of rows that the others are compared with
 */
export function table(rows, yardsticks) {
  const compared = rows.filter(({ name }) => yardsticks.includes(name));
  const lines = rows.map((row) => {
    const costs = row.rounds.map(cost);
    return [
      row.name,
      `${median(costs).toFixed(2)} (${Math.min(...costs).toFixed(2)} to ${Math.max(...costs).toFixed(2)})`,
      ...compared.map((yardstick) => ratio(row, yardstick).toFixed(2)),
    ];
  });
  const head = ['', 'CPU seconds', ...compared.map(({ name }) => `× ${name}`)];
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
