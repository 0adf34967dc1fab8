/** The lines of a configuration that is being written: keys, values, and what is to be said of them in comments. */
import { stringify } from 'yaml';
import { formatPath, type Path } from '../config/problems.js';
import { printable, printableJson } from '../lib/printable.js';

export interface Entry {
  /** null: an item of a list. */
  readonly key: string | null;
  /** YAML of one line, or what stands below. */
  readonly content: string | readonly Entry[];
  /** Stands above it, in comments. */
  readonly notes?: readonly string[];
}

/** Something that opensips.cfg does not have, and a configuration must. */
export interface Place {
  readonly key: string;
  /** YAML that would do, to see what else is wrong. */
  readonly standIn: string;
  /** What whoever fills it in has to know. */
  readonly text: string;
}

/** What became of the entries when they were checked. Keys are paths as formatPath writes them. */
export interface Verdicts {
  /** Why a value cannot stay: it is commented out. */
  readonly refused: ReadonlyMap<string, string>;
  /** What is to be filled in below a path: in comments, or with what stands in for it. */
  readonly missing: ReadonlyMap<string, readonly Place[]>;
  /** stand-ins: nobody is to read it, so the notes are left out. */
  readonly places: 'comments' | 'stand-ins';
}

const INDENT = '  ';

/** Columns of a comment. */
const WIDTH = 110;

/** Characters of a comment, which may quote what stands in the file. */
const MAX_COMMENT = 1_000;

export function textEntry(key: string | null, text: string, notes: readonly string[] = []): Entry {
  const yaml = stringify(text, { lineWidth: 0, singleQuote: true }).trimEnd();
  // Whatever does not print, or takes more lines than one, is as well written as JSON, of which YAML is a superset.
  const isPlain = printable(yaml, Infinity) === yaml;
  return { key, content: isPlain ? yaml : printableJson(JSON.stringify(text)), notes };
}

/** A comment of as many lines as it takes. */
export function comment(text: string, indent = ''): string[] {
  return wrapped(printable(text, MAX_COMMENT), WIDTH - indent.length).map((line) => `${indent}# ${line}`);
}

export function render(entries: readonly Entry[], verdicts: Verdicts): string[] {
  return [...toFillIn([], verdicts, ''), ...linesOf(entries, [], verdicts, '')];
}

function linesOf(entries: readonly Entry[], around: Path, verdicts: Verdicts, indent: string): string[] {
  return entries.flatMap((entry, index) => {
    const path = [...around, entry.key ?? index];
    const refusal = verdicts.refused.get(formatPath(path));
    const notes = verdicts.places === 'comments' ? (entry.notes ?? []).flatMap((note) => comment(note, indent)) : [];
    const lines = [...notes, ...ownLines(entry, path, verdicts, indent)];
    if (refusal === undefined) return lines;
    const out = lines.map((line) => line.replace(/^( *)(?! |# )/, '$1# '));
    return [...comment(`not usable here: ${refusal}`, indent), ...out];
  });
}

function ownLines({ key, content }: Entry, path: Path, verdicts: Verdicts, indent: string): string[] {
  const head = key === null ? '-' : `${yamlKey(key)}:`;
  if (typeof content === 'string') return [`${indent}${head} ${content}`];
  const below = [...linesOf(content, path, verdicts, indent + INDENT), ...toFillIn(path, verdicts, indent + INDENT)];
  if (key !== null) return [indent + head, ...below];
  // `- socket: …`: the first key of an item stands behind its dash.
  const first = below.findIndex((line) => !line.trimStart().startsWith('#'));
  return below.map((line, index) => (index === first ? `${indent}- ${line.trimStart()}` : line));
}

function toFillIn(path: Path, { missing, places }: Verdicts, indent: string): string[] {
  return (missing.get(formatPath(path)) ?? []).flatMap(({ key, standIn, text }) =>
    places === 'comments' ? comment(`${key}: ${text}`, indent) : [`${indent}${key}: ${standIn}`],
  );
}

function yamlKey(key: string): string {
  return stringify(key).trimEnd();
}

/** Cuts at blanks; a word that is longer stays whole. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
