/** What differs between two configurations, key by key, in the words of whoever wrote them. */
import { isDeepStrictEqual } from 'node:util';
import { listenerKeys } from '../lib/listener-keys.js';
import { alternatives, formsAt, type JsonSchema } from './json-schema.js';
import { formatPath, type Path } from './problems.js';
import { configJsonSchema } from './schema.js';
import type { Config } from './types.js';

export interface ConfigChange {
  /** As in `proto_msrp.send_timeout`; listeners by where they listen: `listeners["127.0.0.1:2855"].upstream`. */
  readonly key: string;
  /** As it stands in the file; the default, or null, where nothing does. Of secrets, {@link HIDDEN}. */
  readonly old: unknown;
  readonly new: unknown;
  /** A reload cannot change it. */
  readonly needsRestart: boolean;
}

/** In the place of what nobody is told. */
export const HIDDEN = '(secret)';

/** A part of a configuration, as it is in force and as it was written; undefined: there is none. */
interface Part {
  readonly value: unknown;
  readonly written: unknown;
}

interface Pair {
  readonly path: Path;
  readonly schema: JsonSchema;
  readonly before: Part;
  readonly after: Part;
  readonly isOfStart: boolean;
}

export function changesBetween(before: Config, after: Config): readonly ConfigChange[] {
  const schema = configJsonSchema();
  return differences({ path: [], schema, before: whole(before), after: whole(after), isOfStart: false }).map(
    (pair) => ({
      key: formatPath(pair.path),
      old: shown(pair.schema, pair.before),
      new: shown(pair.schema, pair.after),
      needsRestart: pair.isOfStart || concernsStart(pair.schema),
    }),
  );
}

/** Listeners by their keys in place of a list: one that is added changes none of the others. */
function whole(config: Config): Part {
  const keys = listenerKeys(config.listeners);
  const byKey = (list: unknown): unknown =>
    Array.isArray(list) ? Object.fromEntries(list.map((each: unknown, index) => [keys[index] ?? index, each])) : list;
  // Where the text comes from, and how it is written, is not what it says.
  const { written: text, file: _file, directory: _directory, ...value } = config;
  const written = isRecord(text) ? text : {};
  return {
    value: { ...value, listeners: byKey(value.listeners) },
    written: { ...written, listeners: byKey(written['listeners']) },
  };
}

function differences(pair: Pair): readonly Pair[] {
  const { before, after, schema } = pair;
  if (isDeepStrictEqual(before.value, after.value)) return [];
  const inner = partNames(schema, before.value, after.value).flatMap((name) => {
    const below = schemaBelow(schema, name);
    return differences({
      path: [...pair.path, name],
      schema: below,
      before: partOf(before, name),
      after: partOf(after, name),
      isOfStart: pair.isOfStart || below['reload'] === 'restart',
    });
  });
  return inner.length > 0 ? inner : [pair];
}

/** Of sections; of anything else none, and of a section that is new or gone neither. */
function partNames(schema: JsonSchema, before: unknown, after: unknown): readonly string[] {
  if (!isRecord(before) || !isRecord(after)) return [];
  const forms = [schema, ...alternatives(schema)];
  const fixed = forms.flatMap(({ properties = {} }) => Object.keys(properties));
  const isOpen = forms.some(({ additionalProperties, items }) => typeof (additionalProperties || items) === 'object');
  return [...new Set([...fixed, ...(isOpen ? [...Object.keys(before), ...Object.keys(after)] : [])])];
}

function schemaBelow(schema: JsonSchema, name: string): JsonSchema {
  return formsAt(schema, [name])[0] ?? formsAt(schema, [0])[0] ?? {};
}

function partOf({ value, written }: Part, name: string): Part {
  return { value: isRecord(value) ? value[name] : undefined, written: isRecord(written) ? written[name] : undefined };
}

function concernsStart(schema: JsonSchema): boolean {
  const forms = [schema, ...alternatives(schema)];
  const inner = forms.flatMap(({ properties = {} }) => Object.values(properties));
  return schema['reload'] === 'restart' || inner.some((below) => typeof below === 'object' && concernsStart(below));
}

function shown(schema: JsonSchema, { value, written }: Part): unknown {
  if (written !== undefined) return withoutSecrets(schema, written);
  if (value === undefined || value === null) return null;
  if (schema['secret'] === true) return HIDDEN;
  return typeof value === 'object' ? (schema.default ?? null) : value;
}

function withoutSecrets(schema: JsonSchema, written: unknown): unknown {
  if (schema['secret'] === true) return HIDDEN;
  if (!isRecord(written)) return written;
  return Object.fromEntries(
    Object.entries(written).map(([name, part]) => [name, withoutSecrets(schemaBelow(schema, name), part)]),
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
