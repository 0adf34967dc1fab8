/** A YAML text as plain data, with the way back: the line of every path. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { messageOf } from '../lib/errors.js';
import { ConfigError, type ConfigProblem, type Path } from './problems.js';

/** Characters; hundreds of TLS domains fit in. A log named by mistake must not be taken apart: that takes seconds. */
const MAX_TEXT = 262_144;

/** Uses of anchors that a text may have; more are a mistake, or meant to fill the memory. */
const MAX_ALIASES = 100;

/** In place of the yaml package's own, which quote what stands there (it may be a token) or speak to programmers. */
const MESSAGES: Readonly<Record<string, string>> = {
  TAG_RESOLVE_FAILED: 'a value that begins with ! needs quotes',
  MULTIPLE_DOCS: 'this is more than one document; a line of --- begins another',
};

export interface YamlData {
  readonly value: unknown;
  /** The line of what stands at `path`, or else of the nearest thing around it; null for the whole. */
  lineOf(path: Path): number | null;
}

/** What an object has by itself: a section of this name would be passed over in silence. */
const NO_KEY = '__proto__';

/** @throws {ConfigError} when the text is not YAML 1.2, or has a key twice */
export function readYaml(text: string, file: string): YamlData {
  if (text.length > MAX_TEXT) {
    const message = `has ${text.length} characters; a configuration has ${MAX_TEXT} at most`;
    throw new ConfigError(file, [{ path: '', message, line: null }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
  });
  const errors = [...document.errors, ...document.warnings].map((error): ConfigProblem => {
    return { path: '', message: MESSAGES[error.code] ?? error.message, line: lines.linePos(error.pos[0]).line };
  });
  const problems = errors.length > 0 ? errors : keyProblems(document, lines);
  if (problems.length > 0) throw new ConfigError(file, problems);
  try {
    return {
      value: document.toJS({ maxAliasCount: MAX_ALIASES }),
      lineOf(path) {
        const offset = offsetOf(document, path);
        return offset === null ? null : lines.linePos(offset).line;
      },
    };
  } catch (error) {
    // The yaml package quotes an alias that names no anchor, and it may be a token.
    const isTooMany = /excessive/i.test(messageOf(error));
    const message = isTooMany
      ? `more than ${MAX_ALIASES} uses of anchors (an alias begins with *)`
      : 'a value that begins with * needs quotes (to YAML it is an alias, and there is no such anchor)';
    throw new ConfigError(file, [{ path: '', message, line: null }]);
  }
}

/** Keys that no section can have, or has already. (The yaml package compares each with each, for minutes where there are many.) */
function keyProblems(document: Document.Parsed, lines: LineCounter): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const line = lines.linePos(key.range?.[0] ?? 0).line;
        if (key.value === NO_KEY) problems.push({ path: NO_KEY, message: 'no such key', line });
        if (seen.has(key.value)) problems.push({ path: '', message: 'this key stands twice in its section', line });
        seen.add(key.value);
      }
    },
  });
  return problems;
}

function offsetOf(document: Document.Parsed, path: Path): number | null {
  let offset: number | null = null;
  let node: unknown = document.contents;
  for (const step of path) {
    const around = isAlias(node) ? node.resolve(document) : node;
    let found: unknown;
    if (isMap(around)) {
      const pair = around.items.find(({ key }) => isScalar(key) && key.value === String(step));
      found = pair?.key;
      node = pair?.value;
    } else if (isSeq(around)) {
      node = around.items[Number(step)];
      found = node;
    }
    if (!isNode(found)) break;
    offset = found.range?.[0] ?? offset;
  }
  return offset;
}
