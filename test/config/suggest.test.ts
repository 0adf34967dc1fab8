import { expect, test } from 'vitest';
import { nearest } from '#src/config/suggest.js';

const KEYS = ['send_timeout', 'idle_timeout', 'trace_on', 'log'];

test.each([
  ['send_timout', 'send_timeout'],
  ['sned_timeout', 'send_timeout'],
  ['SEND_TIMEOUT', 'send_timeout'],
  ['trace_onn', 'trace_on'],
  ['lgo', 'log'],
  ['lo', null],
  ['timeout', null],
  ['', null],
])('%j: %j', (wrong, expected) => {
  expect(nearest(wrong, KEYS)).toBe(expected);
});
