/** What `npm test` and `npm run test:long` have in common. */
export const SETTINGS = {
  setupFiles: ['test/helpers/poison.mjs'],
  // A quarter of the time would go into loading the same modules for each file; none of them keeps anything of a test.
  isolate: false,
  // Most tests wait for sockets and threads: more of them than processors have to run at once.
  maxWorkers: 4,
  testTimeout: 20_000,
  hookTimeout: 20_000,
};
