import { defineConfig } from 'vitest/config';
import { LONG } from './test/long.js';

// The tests import `#src/…`, which package.json maps to dist/: what is tested is what is shipped, worker thread included.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/helpers/poison.mjs'],
    // Those that take longer or other programs: npm run test:long, npm run test:big, npm run test:interop, npm run test:homer, npm run test:faults.
    exclude: ['test/big/**', 'test/interop/**', 'test/homer/**', 'test/faults/**', ...LONG],
    // A quarter of the time would go into loading the same modules for each file; none of them keeps anything of a test.
    isolate: false,
    // Most tests wait for sockets and threads: more of them than processors have to run at once.
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
