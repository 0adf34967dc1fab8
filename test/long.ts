/**
 * Tests that start many processes or wait for limits to pass, each for ten seconds: `npm run test:long` has them, so that
 * `npm test` takes less than a minute.
 */
export const LONG: readonly string[] = [
  'test/e2e/bulk.test.ts',
  'test/e2e/hand-over.test.ts',
  'test/e2e/https.test.ts',
  'test/e2e/message-filter.test.ts',
  'test/e2e/mi-links.test.ts',
  'test/e2e/reload.test.ts',
  'test/e2e/secrets.test.ts',
  'test/e2e/sip-calls.test.ts',
  'test/trace/filter-judge.test.ts',
  'test/trace/filter-reload.test.ts',
  'test/workers/changes.test.ts',
  'test/workers/traffic.test.ts',
];
