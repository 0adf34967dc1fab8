import { describe, expect, test } from 'vitest';
import { connectionsThatFit, defaultMaxConnections, softOpenFiles } from '#src/config/open-files.js';

const limits = (soft: string): string => `Limit                     Soft Limit           Hard Limit           Units
Max processes             31354                31354                processes
Max open files            ${soft.padEnd(21)}1048576              files
Max locked memory         8388608              8388608              bytes
`;

test.each([
  [limits('1024'), 1_024],
  [limits('unlimited'), Infinity],
  ['', null],
])('the soft limit of %j', (text, expected) => {
  expect(softOpenFiles(text)).toBe(expected);
});

describe('two files a link, and 200 for the rest', () => {
  test.each([
    [1_024, 412, 412],
    [8_199, 3_999, 3_999],
    [20_000, 9_900, 4_000],
    [Infinity, Infinity, 4_000],
    [64, 1, 1],
  ])('%d files: %d fit, %d by default', (files, fit, byDefault) => {
    expect(connectionsThatFit(files)).toBe(fit);
    expect(defaultMaxConnections(files)).toBe(byDefault);
  });

  test('for each of the workers', () => {
    expect(connectionsThatFit(1_024, 4)).toBe(4 * 412);
    expect(defaultMaxConnections(1_024, 4)).toBe(4 * 412);
    expect(defaultMaxConnections(20_000, 4)).toBe(4_000);
  });
});
