/** A log line for people: time of day, level, message, then the rest as key=value. */

/** What needs no quotes to be read as one value. */
const PLAIN = /^[\w.:/@[\]-]+$/;

/** Controls, bidirectional overrides and the like: text from the network must not move somebody's cursor. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * @param line one JSON line of pino's, its line end included
 * @returns what it got, when that is no such line
 */
export function readableLine(line: string): string {
  const record = parse(line);
  if (record === null) return line;
  const { level, time, msg, ...rest } = record;
  const words = [timeOfDay(time), String(level).toUpperCase().padEnd(5), typeof msg === 'string' ? printable(msg) : ''];
  for (const [key, value] of Object.entries(rest)) words.push(`${printable(key)}=${readable(value)}`);
  return `${words.join(' ')}\n`;
}

function parse(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const json: unknown = JSON.parse(line);
    return isRecord(json) && 'level' in json ? json : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Local time, as whoever sits at the terminal has it. */
function timeOfDay(time: unknown): string {
  const date = new Date(typeof time === 'string' ? time : Number.NaN);
  if (Number.isNaN(date.getTime())) return String(time);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function readable(value: unknown): string {
  // An error as pino writes one; its stack stays in the JSON lines.
  if (isRecord(value) && typeof value['message'] === 'string') return readable(value['message']);
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && PLAIN.test(item))) {
    return value.join(',');
  }
  return typeof value === 'string' && PLAIN.test(value) ? value : printable(JSON.stringify(value));
}

function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
