/** Parameters of opensips.cfg as values of the configuration's schema. */
import { formsAt, type JsonSchema } from '../config/json-schema.js';
import type { CfgParameter } from './cfg-statements.js';
import { textEntry, type Entry } from './entries.js';

/** A value longer than any path or list that means something. */
export const MAX_VALUE = 4_096;

const OCTAL = /^0[0-7]+$/;
const INTEGER = /^-?(?:0x[0-9a-f]+|\d+)$/i;

/** The value as the schema has it at `path`: OpenSIPS takes numbers in quotes for some parameters, and text for others. */
export function valueEntry(
  schema: JsonSchema,
  path: readonly string[],
  value: string,
  notes: readonly string[] = [],
): Entry {
  const key = path.at(-1) ?? null;
  if (!wantsNumber(schema, path) || !INTEGER.test(value)) return textEntry(key, value, notes);
  // YAML writes octal numbers as 0o600; 0600 would be six hundred.
  return { key, content: OCTAL.test(value) ? `0o${value.slice(1)}` : value, notes };
}

function wantsNumber(schema: JsonSchema, path: readonly string[]): boolean {
  return formsAt(schema, path).some(({ type }) => type === 'integer' || type === 'number');
}

/** How a note names it. Not by its value, which may be a password. */
export function nameOf({ module, name }: Pick<CfgParameter, 'module' | 'name'>): string {
  return `modparam("${module}", "${name}", …)`;
}
