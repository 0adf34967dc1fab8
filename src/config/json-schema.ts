/** Looks into the JSON Schema of the configuration. */
import type { z } from 'zod';
import type { Path } from './problems.js';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** What may stand at `path`: a name that the schema does not fix (of a domain, say) may be any. */
export function formsAt(schema: JsonSchema, path: Path): JsonSchema[] {
  let forms = [schema];
  for (const step of path) forms = forms.flatMap((form) => formsBelow(form, step));
  return forms.flatMap((form) => [form, ...alternatives(form)]);
}

/** The keys that the schema has at `path`. */
export function keysAt(schema: JsonSchema, path: Path): string[] {
  return formsAt(schema, path).flatMap((form) => Object.keys(form.properties ?? {}));
}

function formsBelow(schema: JsonSchema, step: string | number): JsonSchema[] {
  const below = [schema, ...alternatives(schema)].flatMap(({ items, properties = {}, additionalProperties }) =>
    typeof step === 'number'
      ? [items].flat()
      : [Object.hasOwn(properties, step) ? properties[step] : additionalProperties],
  );
  return below.filter((form) => typeof form === 'object');
}

/** The forms of which a value has one. */
export function alternatives(schema: JsonSchema): JsonSchema[] {
  return (schema.anyOf ?? []).filter((form) => typeof form === 'object');
}
