import { defineConfig } from 'vitest/config';

// `npm run picture`: draws what the README shows. No test, but it wants what the tests have.
export default defineConfig({
  test: { include: ['test/interop/picture.run.ts'], setupFiles: ['test/helpers/poison.mjs'], testTimeout: 600_000 },
});
