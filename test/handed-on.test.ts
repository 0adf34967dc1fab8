/** What goes from one process to the next, in messages that are no burden to either. */
import { expect, onTestFinished, test } from 'vitest';
import { handOnCorrelations, takeOn } from '#src/handed-on.js';
import { createLog } from '#src/lib/log.js';
import { Traffic } from '#src/traffic.js';
import { configWith } from './helpers/config.js';

const config = configWith('');

async function traffic(): Promise<Traffic> {
  const carrier = await Traffic.prepare({ config, log: createLog('silent', { write() {} }) });
  onTestFinished(async () => void (await carrier.drain(0, AbortSignal.abort())));
  return carrier;
}

test('many correlations go in parts, and all arrive with what is left of their time', async () => {
  const [old, next] = [await traffic(), await traffic()];
  const names = Array.from({ length: 2_500 }, (_, index) => `session-${index}`);
  for (const session of names) old.tellCorrelations([{ session, call: 'call', from: 'mi', seconds: 600 }]);
  const parts = [...handOnCorrelations(old)];
  expect(parts.map(({ correlations }) => correlations.length)).toEqual([1_000, 1_000, 500]);
  for (const part of parts) await takeOn(next, config, part);
  expect([...next.correlations.times()].map(({ session }) => session)).toEqual(names);
  const { seconds } = next.correlations.timeOf('session-0') ?? { seconds: 0 };
  expect(seconds).toBeGreaterThan(500);
  expect(seconds).toBeLessThanOrEqual(600);
});

test('of a process whose file had another trace_on, the switch is not taken', async () => {
  const next = await traffic();
  const [configured, changed] = [config.proto_msrp.trace_on === 1, config.proto_msrp.trace_on !== 1];
  await takeOn(next, config, { kind: 'trace', configured: changed, on: !next.trace, spots: [] });
  expect(next.trace).toBe(configured);
  await takeOn(next, config, { kind: 'trace', configured, on: !configured, spots: [] });
  expect(next.trace).toBe(!configured);
});
