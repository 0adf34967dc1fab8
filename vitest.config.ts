import { defineConfig } from 'vitest/config';
import { LONG } from './test/long.js';
import { SETTINGS } from './test/settings.js';

// The tests import `#src/…`, which package.json maps to dist/: what is tested is what is shipped, worker thread included.
export default defineConfig({
  test: {
    ...SETTINGS,
    include: ['test/**/*.test.ts'],
    // Those that take longer or other programs: npm run test:long, npm run test:big, npm run test:interop, npm run test:homer, npm run test:faults.
    exclude: ['test/big/**', 'test/interop/**', 'test/homer/**', 'test/faults/**', ...LONG],
  },
});
