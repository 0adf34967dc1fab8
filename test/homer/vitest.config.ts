import { defineConfig } from 'vitest/config';

// Against heplify-server and PostgreSQL. One file after another: each has both of them, and some measure times.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../helpers/poison.mjs'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
