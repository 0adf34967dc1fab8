import { defineConfig } from 'vitest/config';

// Against programs of others, which take their time to start.
export default defineConfig({
  test: {
    include: ['test/interop/**/*.test.ts'],
    setupFiles: ['test/helpers/poison.mjs'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
