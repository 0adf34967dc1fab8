// @ts-check
/** `npm run soak`: mixed traffic for a long time, while everything around it changes; it fails on a slope. */
import { randomInt } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as rest } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '#src/lib/errors.js';
import { writeFigures } from '../reliability/figures.mjs';
import { HepReceiver, startEcho } from './peers.mjs';
import { slope } from './slope.mjs';
import { Tap } from './tap.mjs';
import { Traffic } from './traffic.mjs';

const USAGE = `npm run soak -- [--minutes N] [--workers N] [--quick] [--record]

  --minutes N   60 by default
  --workers N   1 by default
  --quick       shows that everything runs and nothing goes wrong; slopes are not judged
  --record      write the figures to docs/reliability.md
`;

const SAMPLE = 5_000;
const MINUTE = 60_000;
/** The time at the beginning, in parts of the whole, in which heaps find their size. */
const WARM_UP = 1 / 3;
/** MiB a minute: 60 in an hour. Below that, the noise of a short run cannot be told from a leak. */
const MEMORY_LIMIT = 1;
/** Descriptors a minute. */
const DESCRIPTOR_LIMIT = 1;
/** Between two changes around the traffic. */
const CHANGE = 4_000;

const FILTER = fileURLToPath(new URL('../../filters/one_in_ten.js', import.meta.url));

/** @param {string} line */
const tell = (line) => process.stdout.write(`${line}\n`);

/** @param {string} folder @param {number} upstream @param {number} homer @param {number} workers */
function configuration(folder, upstream, homer, workers) {
  return {
    listeners: [{ socket: 'msrp:127.0.0.1:0', upstream: `msrp:127.0.0.1:${upstream}` }],
    proto_msrp: {
      send_timeout: 10_000,
      tls_handshake_timeout: 5_000,
      max_msg_chunks: 64,
      trace_on: 1,
      trace_destination: 'homer',
      trace_filter_route: 'one_in_ten',
    },
    proto_hep: {
      hep_id: [`[homer]127.0.0.1:${homer}`],
      hep_spool: { dir: join(folder, 'spool'), max_bytes: 64 * 1_024 * 1_024 },
    },
    httpd: { port: 0 },
    // All clients are one address here: so its connections are counted.
    limits: { connections_per_source: 4_000 },
    filters: join(folder, 'filters'),
    workers,
  };
}

/**
 * Filters and the file are reloaded, tracing is switched, the destination comes and goes, sessions are asked for, in turn.
 * @param {Tap} tap @param {HepReceiver} homer @param {string} filters @param {AbortSignal} over
 */
async function disturb(tap, homer, filters, over) {
  const changes = [
    async () => copyFileSync(FILTER, join(filters, 'one_in_ten.js')),
    () => tap.mi('msrptap:reload_filters'),
    () => tap.mi('msrp_trace', 'off'),
    () => tap.mi('msrp_trace', 'on'),
    async () => homer.close(),
    () => homer.open(),
    async () => tap.reload(),
    () => tap.mi('msrptap:correlate', `s${randomInt(1_000_000)}`, 'call@example.com'),
    () => tap.mi('msrptap:sessions', '1000'),
  ];
  for (let turn = 0; !over.aborted; turn += 1) {
    await changes[turn % changes.length]?.();
    await rest(CHANGE, null, { signal: over }).catch(() => {});
  }
}

/** @param {{ readonly minutes: number, readonly workers: number }} options @param {string} folder */
async function soak({ minutes, workers }, folder) {
  const filters = join(folder, 'filters');
  mkdirSync(filters);
  copyFileSync(FILTER, join(filters, 'one_in_ten.js'));
  const echo = await startEcho();
  const homer = new HepReceiver();
  await homer.open();
  const tap = await Tap.start(folder, configuration(folder, echo.port, homer.port, workers));
  const traffic = new Traffic(tap.port);
  const over = new AbortController();
  const running = traffic.run();
  const disturbing = disturb(tap, homer, filters, over.signal);
  const startedAt = performance.now();
  /** @type {{ readonly minute: number, readonly memory: number, readonly descriptors: number }[]} */
  const samples = [];
  let lag = 0;
  let told = 0;
  while (performance.now() - startedAt < minutes * MINUTE) {
    await rest(SAMPLE);
    if (!tap.isRunning) throw new Error(`msrptap ended:\n${tap.lines.join('\n')}`);
    const minute = (performance.now() - startedAt) / MINUTE;
    const { memory, descriptors } = tap.usage();
    samples.push({ minute, memory, descriptors });
    lag = Math.max(lag, await tap.lag());
    if (Math.floor(minute) === told) continue;
    told = Math.floor(minute);
    tell(
      `${String(told).padStart(4)} min  ${memory.toFixed(1)} MiB  ${descriptors} descriptors  lag ${lag.toFixed(0)} ms  ${traffic.links} links  ${traffic.exchanges} exchanges  ${traffic.wrong.length} wrong`,
    );
  }
  over.abort();
  traffic.stop();
  await disturbing;
  await running;
  await tap.stop();
  homer.close();
  echo.close();
  for (const what of new Set(traffic.wrong)) tell(`wrong: ${what}`);
  const settled = samples.filter(({ minute }) => minute >= minutes * WARM_UP);
  return {
    date: new Date().toISOString().slice(0, 10),
    minutes,
    workers,
    links: traffic.links,
    exchanges: traffic.exchanges,
    wrong: traffic.wrong.length,
    memorySlope: slope(settled.map(({ minute, memory }) => ({ minute, value: memory }))),
    descriptorSlope: slope(settled.map(({ minute, descriptors }) => ({ minute, value: descriptors }))),
    lag,
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      workers: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const [minutes, workers] = [Number(values.minutes), Number(values.workers)];
  if (!(minutes > 0) || !Number.isInteger(workers) || workers < 1) throw new Error(USAGE);
  const folder = mkdtempSync(join(tmpdir(), 'msrptap-soak-'));
  try {
    const run = await soak({ minutes, workers }, folder);
    tell(JSON.stringify(run));
    if (values.record) writeFigures('soak', { [`workers ${workers}`]: run });
    if (run.wrong > 0) throw new Error(`${run.wrong} exchanges went wrong`);
    // Heaps find their size in the first minutes.
    if (values.quick) return;
    if (run.memorySlope > MEMORY_LIMIT) throw new Error(`memory rises by ${run.memorySlope.toFixed(2)} MiB a minute`);
    if (run.descriptorSlope > DESCRIPTOR_LIMIT)
      throw new Error(`descriptors rise by ${run.descriptorSlope.toFixed(2)} a minute`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`soak: ${messageOf(error)}\n`);
  process.exit(1);
}
