import { defineConfig } from 'vitest/config';
import { LONG } from './long.js';
import { SETTINGS } from './settings.js';

/** Each of them starts many processes, one after the other. */
const TIMEOUT = 90_000;

export default defineConfig({
  test: { ...SETTINGS, testTimeout: TIMEOUT, hookTimeout: TIMEOUT, include: [...LONG] },
});
