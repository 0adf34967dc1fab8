/** The reference of the configuration, made from its JSON Schema. */
import { OPENSIPS_PARAMETERS } from './opensips-parameters.mjs';

/** What the schema says for this page, and for the program itself. */
const OURS = new Set(['form', 'unit', 'reload', 'secret']);

/** @typedef {import('zod').z.core.JSONSchema.JSONSchema} JsonSchema */
/** @typedef {{ name: string, schema: JsonSchema, isRequired: boolean, isOfStart: boolean }} Key */

const HEAD = `# The configuration

<!-- Made from src/config/schema.ts by \`npm run docs\`. Change it there. -->

A YAML file, its sections and keys called as the modules and parameters of OpenSIPS where the meaning is the same. Unknown keys,
wrong types and combinations that make no sense are refused, with the key's path, the line and what would be right; \`msrptap check
-f FILE\` says so without starting anything, and names what is risky too. Relative paths are relative to the file. A file to start
from is [msrptap.yaml](msrptap.yaml); what OpenSIPS' document says, and how much of it holds here, is in [opensips.md](opensips.md).

\`SIGHUP\` and \`msrptap:reload\` read the file anew ([operations.md](operations.md)): all of it comes in force, or nothing when a key that
needs a restart has changed. The column *reload* says which ones do.

Editors that know JSON Schema complete and check it with [msrptap.schema.json](msrptap.schema.json), named by a first line like

\`\`\`yaml
# yaml-language-server: $schema=node_modules/msrptap/docs/msrptap.schema.json
\`\`\`
`;

/**
 * @param {JsonSchema} schema
 * @returns {string} Markdown
 */
export function reference(schema) {
  const keys = keysOf(schema);
  const sections = keys.filter(({ schema: value }) => sectionOf(value) !== null);
  const scalars = keys.filter(({ schema: value }) => sectionOf(value) === null);
  return [
    HEAD,
    ...sections.map((key) => section(key.name, key, 2)),
    `## Keys of the whole\n\n${table(scalars, null)}\n`,
  ].join('\n');
}

/**
 * @param {string} path
 * @param {Key} key
 * @param {number} depth of its heading
 * @returns {string}
 */
function section(path, { schema, isOfStart }, depth) {
  const value = sectionOf(schema) ?? {};
  const [module = ''] = path.split('.');
  const keys = keysOf(value, isOfStart);
  // tls_mgm's keys are sections themselves, of domains by name.
  const inner = keys.filter((key) => sectionOf(key.schema) !== null && key.schema.anyOf === undefined);
  const own = keys.filter((key) => !inner.includes(key));
  const item = schema.items === undefined ? '' : ' A list of:';
  const named = typeof schema.additionalProperties === 'object' ? ' Each name has:' : '';
  return [
    `${'#'.repeat(depth)} ${path}\n`,
    `${schema.description ?? ''}${item}${named}\n`,
    ...(own.length === 0 ? [] : [`${table(own, module)}\n`]),
    ...inner.map((key) => section(`${path}.${key.name}`, key, depth + 1)),
  ].join('\n');
}

/**
 * What a section, a list of sections or sections by name consist of.
 *
 * @param {JsonSchema} schema
 * @returns {JsonSchema | null}
 */
function sectionOf(schema) {
  if (schema.properties !== undefined) return schema;
  const { items, additionalProperties } = schema;
  for (const inner of [items, additionalProperties]) {
    if (typeof inner === 'object' && !Array.isArray(inner) && inner.properties !== undefined) return inner;
  }
  return null;
}

/**
 * @param {JsonSchema} schema
 * @param {boolean} isOfStart whether the section they are in is
 * @returns {Key[]}
 */
function keysOf({ properties = {}, required = [] }, isOfStart = false) {
  return Object.entries(properties).flatMap(([name, schema]) =>
    typeof schema === 'object'
      ? [
          {
            name,
            schema,
            isRequired: required.includes(name),
            isOfStart: isOfStart || schema['reload'] === 'restart',
          },
        ]
      : [],
  );
}

/**
 * @param {readonly Key[]} keys
 * @param {string | null} module of OpenSIPS; null: none
 * @returns {string}
 */
function table(keys, module) {
  const parameters = OPENSIPS_PARAMETERS[module ?? ''];
  const rows = keys
    .flatMap(withInner)
    .map(({ name, schema, isRequired, isOfStart }) => [
      `\`${name}\``,
      valueOf(schema),
      isRequired ? 'required' : defaultOf(schema),
      isOfStart ? 'restart' : 'yes',
      ...(parameters === undefined ? [] : [opensipsOf(parameters[name])]),
      schema.description ?? '',
    ]);
  const head = ['key', 'value', 'default', 'reload', ...(parameters === undefined ? [] : ['in OpenSIPS']), ''];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

/**
 * A key, and the keys of the section that its value may be.
 *
 * @param {Key} key
 * @returns {Key[]}
 */
function withInner(key) {
  const forms = (key.schema.anyOf ?? []).filter((form) => typeof form === 'object');
  const inner = forms.flatMap((form) => keysOf(form, key.isOfStart));
  return [key, ...inner.map((each) => ({ ...each, name: `${key.name}.${each.name}`, isRequired: false }))];
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}

/** @param {string | undefined} ofOpensips */
function opensipsOf(ofOpensips) {
  if (ofOpensips === undefined) return '';
  return ofOpensips === '' ? 'the same' : `the same, ${ofOpensips}`;
}

/** @param {JsonSchema} schema */
function defaultOf({ default: value }) {
  return value === undefined || value === null ? '' : `\`${JSON.stringify(value).replaceAll('"', '')}\``;
}

/**
 * @param {JsonSchema} schema
 * @returns {string}
 */
function valueOf(schema) {
  const { type, minimum, maximum, anyOf, items, properties } = schema;
  const { form, unit } = schema;
  if (typeof form === 'string') return form;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (anyOf !== undefined) return alternatives(anyOf);
  if (type === 'integer' || type === 'number')
    return `${minimum} to ${maximum}${typeof unit === 'string' ? ` ${unit}` : ''}`;
  if (type === 'array')
    return `a list of ${typeof items === 'object' && !Array.isArray(items) ? valueOf(items) : 'values'}`;
  if (properties !== undefined) return `{ ${Object.keys(properties).join(', ')} }`;
  return type === 'string' ? 'text' : String(type);
}

/** @param {readonly (JsonSchema | boolean)[]} forms */
function alternatives(forms) {
  const texts = forms.flatMap((form) => {
    if (typeof form !== 'object' || form.type === 'null') return [];
    return [valueOf(form)];
  });
  // One value, or a list of them: "or a list of them" stands in its form already, or says it.
  const [first = '', second = ''] = texts;
  if (texts.length === 2 && second === `a list of ${first}`) {
    return first.endsWith('or a list of them') ? first : `${first}, or a list of them`;
  }
  return texts.join(', or ');
}

/**
 * The schema for editors: what only this page needs is left out, and sections may be empty.
 *
 * @param {JsonSchema} schema
 * @returns {JsonSchema}
 */
export function editorSchema(schema) {
  const text = JSON.stringify(schema, (key, value) => (OURS.has(key) ? undefined : value));
  /** @type {JsonSchema} */
  const copy = JSON.parse(text);
  for (const part of Object.values(copy.properties ?? {})) {
    if (typeof part === 'object' && part.type === 'object') Object.assign(part, { type: ['object', 'null'] });
  }
  return { ...copy, title: 'msrptap.yaml' };
}
