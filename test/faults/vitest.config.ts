import { defineConfig } from 'vitest/config';

// Connections that break: times are measured, so one file after another.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../helpers/poison.mjs'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 20_000,
  },
});
