import { defineConfig } from 'vitest/config';
import { LONG } from './long.js';

export default defineConfig({
  test: {
    include: [...LONG],
    setupFiles: ['test/helpers/poison.mjs'],
    isolate: false,
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
