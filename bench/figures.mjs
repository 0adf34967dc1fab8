/** What rows find, and how it reads. */

/**
 * @typedef {object} Goal
 * @property {number} line to be reached
 * @property {number | null} beyond what would be even better
 * @property {'lowest' | 'highest'} best
 */

/** @typedef {'ratio' | 'share' | 'bytes' | 'seconds' | 'milliseconds' | 'cpu' | 'bytesPerSecond' | 'perSecond'} Unit */

/**
 * One line of the table.
 * @typedef {object} Figure
 * @property {string} name for --only, and for what is known about it
 * @property {string} work
 * @property {Unit} unit
 * @property {readonly number[]} values one for each round; the median counts
 * @property {Goal | null} goal
 * @property {string} detail what stands behind it, in words
 */

/** @typedef {{ readonly name: string, readonly work: string, readonly why: string }} Skipped */

/** @type {Readonly<Record<Unit, (value: number) => string>>} */
const FORMATS = {
  ratio: (value) => value.toFixed(2),
  share: (value) => `${(value * 100).toFixed(0)} %`,
  bytes: (value) => (value < 1e6 ? `${(value / 1e3).toFixed(1)} KB` : `${(value / 1e6).toFixed(1)} MB`),
  seconds: (value) => `${value.toFixed(2)} s`,
  milliseconds: (value) => `${value.toFixed(2)} ms`,
  cpu: (value) => `${value.toFixed(2)} CPU s`,
  bytesPerSecond: (value) => `${(value / 1e9).toFixed(2)} GB/s`,
  perSecond: (value) => `${(value / 1e6).toFixed(2)} million/s`,
};

/** @param {Unit} unit @param {number} value */
export function format(unit, value) {
  return FORMATS[unit](value);
}

/** @param {readonly number[]} values at least one; an odd count has its middle one, an even count the higher of two */
export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Lowest, median, highest. @param {Unit} unit @param {readonly number[]} values */
export function spread(unit, values) {
  return [Math.min(...values), median(values), Math.max(...values)].map((value) => format(unit, value)).join(' / ');
}

/**
 * Pair by pair: what slows the machine for a while slows both of a pair.
 * @param {readonly number[]} values
 * @param {readonly number[]} others
 */
export function ratios(values, others) {
  return values.map((value, index) => value / (others[index] ?? Number.NaN));
}

/** @typedef {'beyond' | 'reached' | 'missed'} Verdict */

/** @param {Figure} figure @returns {Verdict | null} null: it has no line */
export function verdict({ goal, values }) {
  if (goal === null) return null;
  const value = median(values);
  /** @param {number} limit */
  const holds = (limit) => (goal.best === 'lowest' ? value <= limit : value >= limit);
  if (goal.beyond !== null && holds(goal.beyond)) return 'beyond';
  return holds(goal.line) ? 'reached' : 'missed';
}
