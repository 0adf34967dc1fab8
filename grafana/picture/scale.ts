/** Axes and figures as people read them. */

/** How a unit of Grafana is written behind a figure. */
const WRITTEN: Readonly<Record<string, string>> = {
  reqps: ' req/s',
  Bps: 'B/s',
  bytes: 'B',
  cps: '/s',
  mps: ' msg/s',
  pps: ' p/s',
  short: '',
};
/** Whose prefix stands before the unit itself: kB, not 1.2k B. */
const PREFIXED = new Set(['Bps', 'bytes']);

const DAY = 86_400;
const YEAR = 365 * DAY;
const PREFIXES = ['', 'k', 'M', 'G', 'T'];

/** @param unit one of Grafana's */
export function formatted(value: number, unit: string): string {
  if (unit === 'percentunit') return `${rounded(value * 100)} %`;
  if (unit === 's' && value > 0 && value < 1) return `${rounded(value * 1_000)} ms`;
  if (unit === 'dtdurations') return value < YEAR ? `${rounded(value / DAY)} days` : `${rounded(value / YEAR)} years`;
  let power = 0;
  let left = value;
  for (; left >= 1_000 && power < PREFIXES.length - 1; power += 1) left /= 1_000;
  const prefix = PREFIXES[power] ?? '';
  const written = WRITTEN[unit] ?? ` ${unit}`;
  return PREFIXED.has(unit) ? `${rounded(left)} ${prefix}${written}` : `${rounded(left)}${prefix}${written}`;
}

/** Three digits say enough. */
function rounded(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(2)));
}

/** Ticks from 0 to what `most` fits under, in steps of 1, 2 or 5 times a power of ten. */
export function ticks(most: number, about: number): readonly number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
  const count = Math.ceil((most / step) * (1 - 1e-9));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Seconds as `m:ss`. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
}
