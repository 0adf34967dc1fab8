import { defineConfig } from 'vitest/config';

// What takes long: files of gigabytes, faults that last. One file after another, for they measure memory and time.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../helpers/poison.mjs'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 20_000,
  },
});
