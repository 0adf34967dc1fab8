/** Changes that are asked for at the same moment: each comes in force, whichever is ready first. */
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '#src/lib/log.js';
import { Traffic } from '#src/traffic.js';
import { configWith } from '../helpers/config.js';

const HOMER = 'proto_hep: { hep_id: ["[homer]127.0.0.1:9"] }\n';
const BEFORE = configWith('');
const AFTER = configWith(`${HOMER}proto_msrp: { trace_destination: homer }\n`);

/** More than either change has steps. */
const STEPS = 60;

test('none is lost to another, however their steps fall together', async () => {
  const log = createLog('silent', { write() {} });
  for (let steps = 0; steps < STEPS; steps += 1) {
    const traffic = await Traffic.prepare({ config: BEFORE, log });
    onTestFinished(async () => void (await traffic.drain(0, AbortSignal.abort())));
    const reload = traffic.apply({ kind: 'config', config: AFTER });
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    await Promise.all([reload, traffic.apply({ kind: 'trace', on: false })]);
    const { told } = await traffic.destinations();
    expect({ steps, destinations: told.map(({ name }) => name), on: traffic.trace }).toEqual({
      steps,
      destinations: ['homer'],
      on: false,
    });
  }
});
