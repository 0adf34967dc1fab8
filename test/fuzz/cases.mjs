// @ts-check
/** Inputs that are kept in files: a line each, in base64. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @typedef {'corpus' | 'found'} Kind corpus: each reached something of its own. found: each went wrong once. */

/** @param {Kind} kind @param {string} target */
function fileOf(kind, target) {
  return join(import.meta.dirname, kind, `${target}.txt`);
}

/** @param {Kind} kind @param {string} target */
export function readCases(kind, target) {
  const file = fileOf(kind, target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'latin1').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
}

/** @param {Kind} kind @param {string} target @param {readonly Buffer[]} cases */
export function writeCases(kind, target, cases) {
  const file = fileOf(kind, target);
  mkdirSync(dirname(file), { recursive: true });
  const lines = new Set(cases.map((input) => input.toString('base64')));
  writeFileSync(file, `${[...lines].join('\n')}\n`);
}
