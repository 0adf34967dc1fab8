import { defineConfig } from 'vitest/config';

// Connections that break: most of the time is spent waiting for timeouts, which files can do together. What is recorded
// is one file after another: they write into one table, and its times are those of a machine that does nothing else.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../helpers/poison.mjs'],
    fileParallelism: process.env['RECORD'] !== '1',
    maxWorkers: 4,
    testTimeout: 120_000,
    hookTimeout: 20_000,
  },
});
