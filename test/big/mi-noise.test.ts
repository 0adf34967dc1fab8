/** The management interface, fed with what nobody means. */
import { test } from 'vitest';
import { feedNoise } from '../helpers/mi-noise.js';
import { MiTap, MI_TRANSPORTS } from '../helpers/mi.js';

/** Milliseconds; each of them is a turn of two processes. */
const LIMIT = 400_000;

test.each(MI_TRANSPORTS)('100,000 random and half-right requests over %s', { timeout: LIMIT }, async (transport) => {
  const mi = await MiTap.start();
  await feedNoise(mi, transport, 100_000, 27_182);
});
