import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { silentLog } from '#src/lib/log.js';
import type { RouteInput } from '#src/trace/filter-route.js';
import { FilterThread } from '#src/trace/filter-thread.js';
import { INPUT, decided } from './filter-helpers.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

async function decisions(routeName: string, inputs: readonly Partial<RouteInput>[]): Promise<boolean[]> {
  const file = join(ROOT, 'filters', `${routeName}.js`);
  const thread = await FilterThread.start({ file, routeName, log: silentLog });
  const answers = await Promise.all(inputs.map((input) => decided(thread, { ...INPUT, ...input })));
  await thread.stop();
  return answers;
}

/** The originated connection of the flow that `si`:`sp` opened. */
function connectedFor(si: string, sp: number): Partial<RouteInput> {
  return { si: '10.0.0.5', sp: 2855, direction: 'connected', peer: { si, sp } };
}

test('msrp_filter traces the one socket on the one listener', async () => {
  const traced = { si: '1.1.1.1', sp: 8000, socket_in: { ip: '1.1.1.10', port: 5060 } };
  const inputs = [
    traced,
    { ...traced, si: '1.1.1.2' },
    { ...traced, sp: 8001 },
    { ...traced, socket_in: { ip: '1.1.1.11', port: 5060 } },
    { ...traced, socket_in: { ip: '1.1.1.10', port: 5061 } },
  ];
  expect(await decisions('msrp_filter', inputs)).toEqual([true, false, false, false, false]);
});

describe('only_subnets', () => {
  const clients: [si: string, traced: boolean][] = [
    ['10.20.0.1', true],
    ['10.20.255.255', true],
    ['10.21.0.0', false],
    ['192.0.2.128', true],
    ['192.0.2.127', false],
    ['2001:db8:20::7', true],
    ['2001:db8:21::7', false],
  ];
  test('decides by the client, on both connections of its flow', async () => {
    const accepted = await decisions(
      'only_subnets',
      clients.map(([si]) => ({ si })),
    );
    const connected = await decisions(
      'only_subnets',
      clients.map(([si]) => connectedFor(si, 1)),
    );
    expect(accepted).toEqual(clients.map(([, traced]) => traced));
    expect(connected).toEqual(accepted);
  });
});

test('one_in_ten traces about a tenth, and both connections of a flow alike', async () => {
  const ports = Array.from({ length: 2_000 }, (_, index) => 30_000 + index);
  const accepted = await decisions(
    'one_in_ten',
    ports.map((sp) => ({ sp })),
  );
  const connected = await decisions(
    'one_in_ten',
    ports.map((sp) => connectedFor(INPUT.si, sp)),
  );
  expect(connected).toEqual(accepted);
  const traced = accepted.filter(Boolean).length;
  // 2000 draws at 1/10: mean 200, standard deviation 13.4; five of them either way.
  expect(traced).toBeGreaterThan(133);
  expect(traced).toBeLessThan(267);
});

const CHECK_JS = '--ignoreConfig --noEmit --allowJs --checkJs --strict --skipLibCheck --module nodenext --types node';

function tsc(...files: string[]): Promise<{ stdout: string }> {
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  return promisify(execFile)(process.execPath, [compiler, ...CHECK_JS.split(' '), ...files], { cwd: ROOT });
}

test('the published types fit the examples, and refuse a mistake in JavaScript', async () => {
  await expect(tsc('filters/only_subnets.js', 'filters/one_in_ten.js', 'filters/hide_chat.js')).resolves.toMatchObject({
    stdout: '',
  });
  await expect(tsc('test/trace/filter-wrong.js')).rejects.toMatchObject({
    stdout: expect.stringMatching(/filter-wrong\.js\(3,.*'source_ip' does not exist on type 'RouteInput'/),
  });
});
