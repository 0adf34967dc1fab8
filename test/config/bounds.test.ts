/** A file that is no configuration at all, or a mistake many times over: it is refused, and neither ends nor holds up the process. */
import { expect, test } from 'vitest';
import { configJsonSchema } from '#src/config.js';
import { configWith, LEAST, problemsOf } from '../helpers/config.js';

/** The yaml package goes down into each level; 5000 of them are more than a stack holds. */
const LEVELS = 5_000;

test.each([
  ['brackets', `a: ${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`, 'more than 64 brackets in each other'],
  ['braces', `a: ${'{ b: '.repeat(LEVELS)}`, 'more than 64 brackets in each other'],
  ['brackets of many lines', 'a: [\n  '.repeat(LEVELS), 'more than 64 brackets in each other'],
  ['lists', `${'- '.repeat(LEVELS)}x`, 'a line with more than 100 columns before its text'],
  ['keys', `${'? '.repeat(LEVELS)}x`, 'a line with more than 100 columns before its text'],
  ['sections', Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'a line with more than 100'],
  ['anything', '#'.repeat(262_145), 'more than 262144 characters'],
])('%s without end', (_, yaml, message) => {
  expect(problemsOf(yaml)).toEqual([{ path: '', line: null, message: expect.stringContaining(message) }]);
});

test('brackets in text and in comments are none, nor do those count that are closed', () => {
  const text = `"${'['.repeat(100)}" # ${'{'.repeat(100)}`;
  expect(configWith(`filters: ${text}\n`).filters).toMatch(/\/\[{100}$/);
  const listeners = LEAST.replace('[{', `[${'{ socket: "msrp:127.0.0.1:0", upstream: "msrp:h" }, '.repeat(100)}{`);
  expect(problemsOf(listeners)).toEqual([]);
});

test('of many problems the first hundred are told', () => {
  const keys = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1\n`).join('');
  const problems = problemsOf(LEAST + keys);
  expect(problems.slice(0, 100).map(({ path, line }) => [path, line])).toEqual(
    Array.from({ length: 100 }, (_, index) => [`k${index}`, index + 2]),
  );
  expect(problems.slice(100)).toEqual([{ path: '', message: 'there is more: mend these first', line: null }]);
});

test('each key that stands twice is told, with the line where it stands again', () => {
  const twice = 'httpd: { port: 1,\n  port: 2 }\nlog:\n  level: info\n  level: warn\n  level: info\nhttpd: {}\n';
  expect(problemsOf(LEAST + twice).map(({ message, line }) => [message, line])).toEqual(
    [3, 6, 7, 8].map((line) => ['this key stands twice in its section', line]),
  );
});

test('the JSON Schema, which each key that is none is looked up in, is made once', () => {
  expect(configJsonSchema()).toBe(configJsonSchema());
});
