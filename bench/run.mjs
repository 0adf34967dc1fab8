/** `npm run bench`: CPU seconds per 100,000 SEND/200 exchanges of each row's process, side by side. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cpuModel } from './cpu.mjs';
import { Measurement } from './measure.mjs';
import { Processes } from './processes.mjs';
import { BODY_OCTETS, LINKS, WINDOW } from './programs/messages.mjs';
import { cost, table } from './report.mjs';
import { findHaproxy, haproxy } from './rows/haproxy.mjs';
import { traced, untraced } from './rows/msrptap.mjs';
import { nodePipe } from './rows/node-pipe.mjs';

const USAGE = `npm run bench -- [--quick] [--without-haproxy] [--json FILE]

  --quick             few exchanges: shows that everything runs and adds up; the figures mean nothing
  --without-haproxy   leave out its row
  --json FILE         also write every round to FILE
`;

const FULL = { exchanges: 400_000, rounds: 5, warmUp: 30_000 };
const QUICK = { exchanges: 5_000, rounds: 1, warmUp: 1_000 };

/** @param {string} line */
const tell = (line) => process.stderr.write(`${line}\n`);

/** @param {string} message @returns {never} */
function fail(message) {
  tell(`bench: ${message}`);
  process.exit(1);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        'without-haproxy': { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** @param {boolean} withHaproxy */
function rows(withHaproxy) {
  const own = [nodePipe, untraced, traced];
  if (!withHaproxy) return { rows: own, haproxyVersion: null };
  const found = findHaproxy();
  if (found === null) fail('HAProxy is missing: apt-get install haproxy (or run with --without-haproxy)');
  return { rows: [haproxy(found.file), ...own], haproxyVersion: found.version };
}

const { quick, json, help, 'without-haproxy': withoutHaproxy } = options();
if (help) {
  process.stdout.write(USAGE);
  process.exit();
}
if (!existsSync('/proc/self/stat')) fail('it reads CPU times from /proc, which only Linux has');
const { rows: chosen, haproxyVersion } = rows(!withoutHaproxy);
const plan = quick ? QUICK : FULL;

const processes = new Processes();
const folder = mkdtempSync(join(tmpdir(), 'msrptap-bench-'));
// Whichever way this process ends.
process.on('exit', () => {
  processes.kill();
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

try {
  const load = processes.startNode('the load generator', 'load', 'load.mjs');
  const { endpointPort: upstreamPort } = await load.answer();

  /** @type {Measurement[]} */
  const measurements = [];
  for (const row of chosen) {
    const measurement = await Measurement.start(row, { processes, upstreamPort, folder }, load);
    measurements.push(measurement);
    await measurement.warmUp(plan.warmUp);
    tell(`warm: ${row.name}`);
  }
  // Rounds of all rows in turn: a machine that others use too changes its pace.
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const measurement of measurements) {
      const seconds = cost(await measurement.round(plan.exchanges)).toFixed(2);
      tell(`round ${round} of ${plan.rounds}: ${measurement.name}: ${seconds} CPU s per 100,000 exchanges`);
    }
  }
  for (const measurement of measurements) await measurement.end();
  await load.end();

  const machine = {
    cpu: cpuModel(),
    node: process.versions.node,
    haproxy: haproxyVersion,
    pinned: processes.places !== null,
  };
  const traffic = { links: LINKS, window: WINDOW, bodyOctets: BODY_OCTETS, ...plan };
  const results = measurements.map(({ name, rounds }) => ({ name, rounds }));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine, traffic, rows: results }, null, 2)}\n`);
  process.stdout.write(`${caption(machine)}\n\n${table(results, ['HAProxy', 'Node pipe'])}\n`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

/** @param {{ cpu: string, node: string, haproxy: string | null, pinned: boolean }} machine */
function caption({ cpu, node, haproxy: version, pinned }) {
  return [
    ...(quick ? ['**A quick run: everything ran and added up, the figures mean nothing.**', ''] : []),
    `CPU seconds (user and system, all threads) of the proxy's process per 100,000 SEND/200 exchanges: ${LINKS} links, window ${WINDOW}, ${BODY_OCTETS} octets a body, loopback.`,
    `Median of ${plan.rounds} rounds of ${plan.exchanges.toLocaleString('en')} (lowest to highest), rounds of all rows in turn; ratios are medians of the rounds' ratios.`,
    `${cpu}; Node ${node}${version === null ? '' : `; HAProxy ${version}, TCP mode, one thread`}; ${pinned ? 'proxy and load on processors of their own' : 'not pinned'}.`,
  ].join('\n');
}
