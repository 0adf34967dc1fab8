/** A YAML text as plain data, with the way back: the line of every path. */
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Pair,
} from 'yaml';
import { messageOf } from '../lib/errors.js';
import { ConfigError, type ConfigProblem, type Path } from './problems.js';
import { beyondBounds } from './yaml-bounds.js';

/** Uses of anchors that a text may have; more are a mistake, or meant to fill the memory. */
const MAX_ALIASES = 100;

/** In place of the yaml package's own, which quote what stands there (it may be a token) or speak to programmers. */
const MESSAGES: Readonly<Record<string, string>> = {
  TAG_RESOLVE_FAILED: 'a value that begins with ! needs quotes',
  MULTIPLE_DOCS: 'this is more than one document; a line of --- begins another',
};

/** What the others quote of the text stands behind a colon, or is an escape sequence. */
const QUOTED = /(?::| \\)[^]*$/;

export interface YamlData {
  readonly value: unknown;
  /** The line of what stands at `path`, or else of the nearest thing around it; null for the whole. */
  lineOf(path: Path): number | null;
}

/** What each object has by itself: a section of this name would be passed over in silence. */
const NO_KEY = '__proto__';

/** @throws {ConfigError} when the text is not YAML 1.2, has a key twice, or is longer or deeper than any configuration */
export function readYaml(text: string, file: string): YamlData {
  const beyond = beyondBounds(text);
  if (beyond !== null) throw new ConfigError(file, [{ path: '', message: beyond, line: null }]);
  const lines = new LineCounter();
  // The yaml package compares each key with all others of its map.
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false };
  const document = parseDocument(text, options);
  const problemAt = (message: string, offset: number): ConfigProblem => {
    return { path: '', message, line: lines.linePos(offset).line };
  };
  const { pairs, twice, nameless } = pairsOf(document);
  const problems = [
    ...[...document.errors, ...document.warnings].map((error) => {
      return problemAt(MESSAGES[error.code] ?? error.message.replace(QUOTED, ''), error.pos[0]);
    }),
    ...twice.map((offset) => problemAt('this key stands twice in its section', offset)),
    ...nameless.map((offset) => ({ ...problemAt('no such key', offset), path: NO_KEY })),
  ];
  if (problems.length > 0) throw new ConfigError(file, problems);
  try {
    return {
      value: document.toJS({ maxAliasCount: MAX_ALIASES }),
      lineOf(path) {
        const offset = offsetOf(document, pairs, path);
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

/** By map, and in it by key. */
type Pairs = ReadonlyMap<unknown, ReadonlyMap<unknown, Pair>>;

interface FoundPairs {
  readonly pairs: Pairs;
  /** Offsets of keys that stand in their map already. */
  readonly twice: readonly number[];
  /** Offsets of keys that are called NO_KEY. */
  readonly nameless: readonly number[];
}

function pairsOf(document: Document.Parsed): FoundPairs {
  const pairs = new Map<unknown, Map<unknown, Pair>>();
  const twice: number[] = [];
  const nameless: number[] = [];
  visit(document, {
    Map(_, map) {
      const known = new Map<unknown, Pair>();
      for (const pair of map.items) {
        if (!isScalar(pair.key)) continue;
        if (pair.key.value === NO_KEY) nameless.push(pair.key.range?.[0] ?? 0);
        if (known.has(pair.key.value)) twice.push(pair.key.range?.[0] ?? 0);
        else known.set(pair.key.value, pair);
      }
      pairs.set(map, known);
    },
  });
  return { pairs, twice: twice.toSorted((a, b) => a - b), nameless };
}

function offsetOf(document: Document.Parsed, pairs: Pairs, path: Path): number | null {
  let offset: number | null = null;
  let node: unknown = document.contents;
  for (const step of path) {
    const around = isAlias(node) ? node.resolve(document) : node;
    let found: unknown;
    if (isMap(around)) {
      const pair = pairs.get(around)?.get(String(step));
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
