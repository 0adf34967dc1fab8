/** What nobody means, over each transport. 100,000 of them on each: npm run test:big. */
import { test } from 'vitest';
import { feedNoise } from '../helpers/mi-noise.js';
import { MiTap, MI_TRANSPORTS } from '../helpers/mi.js';

test('500 random and half-right requests on each transport', async () => {
  const mi = await MiTap.start();
  for (const transport of MI_TRANSPORTS) await feedNoise(mi, transport, 500, 4_975);
});
