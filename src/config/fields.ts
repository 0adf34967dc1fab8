/** The kinds of values of the schema. Every one says what it must be: "…, not WHAT STANDS THERE" is added to that. */
import { z } from 'zod';
import type { Parsed } from './parsed.js';
import { CIDR_FORM, parseRange } from './socket.js';

declare module 'zod' {
  interface GlobalMeta {
    /** What a number counts. */
    unit?: 'ms' | 'octets';
    /** What a value looks like, for people: its pattern says little. */
    form?: string;
    /** It is read at the start alone; everything else a reload takes. */
    reload?: 'restart';
    /** What stands there is told to nobody. */
    secret?: true;
  }
}

/** The longest time a timer of Node.js can wait, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** For keys that a reload cannot change, and for sections of such keys. */
export const AT_START = { reload: 'restart' } as const;

export const SECRET = { secret: true } as const;

export const mustBe = (what: string): { error: string } => ({ error: `must be ${what}` });

/** Both ends included. `what` continues "a whole number", as in " of octets". */
export function whole(min: number, max: number, what = '') {
  const error = mustBe(`a whole number${what} from ${min} to ${max}`);
  return z.int(error).min(min, error).max(max, error);
}

export function octets(min: number, max: number) {
  return whole(min, max, ' of octets').meta({ unit: 'octets' });
}

export function milliseconds(min = 0) {
  return whole(min, LONGEST_TIMER, ' of milliseconds').meta({ unit: 'ms' });
}

/** OpenSIPS' switches are numbers. */
export const zeroOrOne = () => z.literal([0, 1], mustBe('0 or 1'));

export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, mustBe(values.join(' or ')));
}

export function text(pattern: RegExp, what: string) {
  return z.string(mustBe(what)).regex(pattern, mustBe(what)).meta({ form: what });
}

/** Goes into HEP packets, where receivers store it as it is: no NUL, no line ends, nothing beyond ASCII. */
export const printable = () => text(/^[\x20-\x7e]{1,255}$/, '1 to 255 printable ASCII characters');

export const path = () => text(/^[^\0]+$/, 'the path of a file');

/** A text with a grammar of its own. */
export function read<T>(parse: (text: string) => Parsed<T>, form: string) {
  const given = z.string(mustBe(form)).meta({ form });
  return given.transform((value, context): T => {
    const result = parse(value);
    if ('value' in result) return result.value;
    context.addIssue({ code: 'custom', message: result.problem });
    return z.NEVER;
  });
}

/** Who is meant: at least one range of addresses. */
export function ranges() {
  const form = mustBe(`a list of at least one of ${CIDR_FORM}`);
  return z.array(read(parseRange, CIDR_FORM), form).min(1, form);
}

/** One value, or a list of at least one. */
export function oneOrMore<T extends z.ZodType>(item: T, form: string) {
  const list = z.array(item, mustBe(form)).min(1, mustBe(form));
  return z
    .union([item, list], mustBe(form))
    .transform((given): z.output<T>[] => (Array.isArray(given) ? given : [given]));
}

/** A section: keys that are not of the schema are refused, and all of it may be left out. */
export function section<T extends z.core.$ZodShape>(shape: T) {
  return z.strictObject(shape, mustBe('a section (keys with values)'));
}
