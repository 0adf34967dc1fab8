/** What the schema found, in words: the path, what it must be, and what stands there. */
import type { z } from 'zod';
import { keysAt } from './json-schema.js';
import { formatPath, MAX_PROBLEMS, type ConfigProblem, type Path } from './problems.js';
import { configJsonSchema } from './schema.js';
import { nearest } from './suggest.js';
import type { YamlData } from './yaml.js';

type Issue = z.core.$ZodIssue;

/** Those that no later version can take. */
const NEVER: Readonly<Record<string, string>> = Object.fromEntries(
  ['unix_socket_mode', 'unix_socket_user', 'unix_socket_group'].map((key) => [
    key,
    'not available: Node.js has no UNIX datagram sockets; mi_fifo serves callers on this machine',
  ]),
);

/** Their values stand in no message: messages go to logs. */
const SECRET = new Set<string | number>(['token', 'hep_auth_key', 'auth_key']);

export function problemsOf(issues: readonly Issue[], data: YamlData): ConfigProblem[] {
  return issues.flatMap((issue) => describe(issue, [], data));
}

function describe(issue: Issue, around: Path, data: YamlData): ConfigProblem[] {
  const path: Path = [...around, ...issue.path.filter((step) => typeof step !== 'symbol')];
  const problem = (message: string, at: Path = path): ConfigProblem => ({
    path: formatPath(at),
    message,
    line: data.lineOf(at),
  });
  switch (issue.code) {
    case 'custom':
      return [problem(issue.message)];
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_PROBLEMS + 1).map((key) => problem(unknownKey(key, path), [...path, nameIn(key)]));
    case 'invalid_key':
      return [problem(issue.issues[0]?.message ?? issue.message)];
    case 'invalid_union': {
      const branch = closest(issue.errors);
      return branch === null
        ? [problem(mismatch(issue, path, data.value))]
        : branch.flatMap((inner) => describe(inner, path, data));
    }
    default:
      return [problem(mismatch(issue, path, data.value))];
  }
}

/** Of the forms that a value may have, the one that was meant: it goes wrong only deeper inside, or in its own grammar. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const meant = (issue: Issue): boolean =>
    issue.path.length > 0 || issue.code === 'custom' || issue.code === 'unrecognized_keys';
  return branches.find((branch) => branch.every(meant)) ?? null;
}

function mismatch(issue: Issue, path: Path, root: unknown): string {
  const value = valueAt(root, path);
  if (value === undefined) return `is missing; it ${issue.message}`;
  if (SECRET.has(path.at(-1) ?? '')) return issue.message;
  // `httpd: token=secret` and the like.
  if (wantsSection(issue) && typeof value === 'string') return `${issue.message}, not a text`;
  // One message for both: who wrote a number as text gets told the range as well.
  return `${issue.message}, not ${show(value)}${hint(issue, value)}`;
}

function wantsSection(issue: Issue): boolean {
  return issue.code === 'invalid_type' && ['object', 'record'].includes(issue.expected);
}

function show(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a section';
  if (!isScalar(value)) return typeof value;
  // A number not as JSON: it may be NaN or infinite.
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** YAML 1.2 takes 100 for a number, "100" for text, true for a boolean and on for text. */
function hint(issue: Issue, value: unknown): string {
  if (!isScalar(value)) return '';
  const isSwitch = issue.code === 'invalid_value' && issue.values.includes(1);
  if (isSwitch && /^(?:true|yes|on)$/i.test(String(value))) return ' (write 1)';
  if (isSwitch && /^(?:false|no|off)$/i.test(String(value))) return ' (write 0)';
  const wantsNumber = isSwitch || (issue.code === 'invalid_type' && ['number', 'int'].includes(issue.expected));
  if (wantsNumber && typeof value === 'string' && /^-?\d{1,15}$/.test(value)) return ` (write ${value} without quotes)`;
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  if (wantsText && typeof value !== 'string') return ` (write "${value}" with quotes)`;
  return '';
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** `token:secret`, where a blank is missing, is one key to YAML; only its name may be told. */
function nameIn(key: string): string {
  return /^[^:=]*/.exec(key)?.[0] ?? '';
}

function unknownKey(key: string, path: Path): string {
  const name = nameIn(key);
  if (name !== key) return `a blank is missing behind it: write "${name}: VALUE"`;
  const never = Object.hasOwn(NEVER, key) ? NEVER[key] : undefined;
  if (never !== undefined) return never;
  const schema = configJsonSchema();
  const here = keysAt(schema, path);
  const slip = nearest(key, here);
  if (slip !== null) return `no such key; did you mean ${slip}?`;
  const elsewhere = keysAt(schema, []).find((section) => keysAt(schema, [section]).includes(key));
  if (elsewhere !== undefined) return `no such key; did you mean ${elsewhere}.${key}?`;
  return here.length === 0 ? 'no such key' : `no such key; there are ${here.join(', ')}`;
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    const holds = typeof value === 'object' && value !== null && Object.hasOwn(value, step);
    return holds ? Reflect.get(value, step) : undefined;
  }, root);
}
