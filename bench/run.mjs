/** `npm run bench`: what the exchanges of MSRP cost the process of each proxy, side by side. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '#src/lib/errors.js';
import { cpuModel } from './cpu.mjs';
import { measure } from './measure.mjs';
import { USAGE, readOptions } from './options.mjs';
import { Processes } from './processes.mjs';
import { caption, cost, table } from './report.mjs';
import { findHaproxy, haproxy } from './rows/haproxy.mjs';
import { traced, untraced } from './rows/msrptap.mjs';
import { nodePipe } from './rows/node-pipe.mjs';

/** @import { Round } from './measure.mjs' */

/** @param {string} line */
const tell = (line) => process.stderr.write(`${line}\n`);

/** @param {string} name @param {Round} round @param {number} number */
function progress(name, round, number) {
  tell(`round ${number}: ${name}: ${cost(round).toFixed(2)} CPU s per 100,000 exchanges`);
}

async function main() {
  const { help, quick, plan, withHaproxy, perWrite, json } = readOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  if (!existsSync('/proc/self/stat')) throw new Error('CPU times are read from /proc, which only Linux has');
  const yardstick = withHaproxy ? findHaproxy() : null;
  if (withHaproxy && yardstick === null) {
    throw new Error('HAProxy is missing: apt-get install haproxy (or leave it out: --without-haproxy)');
  }

  const processes = new Processes();
  const folder = mkdtempSync(join(tmpdir(), 'msrptap-bench-'));
  // Whichever way this process ends.
  process.on('exit', () => {
    processes.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const load = processes.startNode('the load generator', 'load', 'load.mjs', [String(perWrite)]);
  const setting = { processes, upstreamPort: await load.answer(), folder };
  const rows = [...(yardstick === null ? [] : [haproxy(yardstick.file)]), nodePipe, untraced, traced];
  const measured = await measure(rows, plan, setting, load, progress);
  await load.end();

  const conditions = {
    plan,
    perWrite,
    cpu: cpuModel(),
    node: process.versions.node,
    haproxy: yardstick?.version ?? null,
    pinned: processes.places !== null,
  };
  if (json !== null) writeFileSync(json, `${JSON.stringify({ conditions, rows: measured }, null, 2)}\n`);
  if (quick) tell('everything ran and added up; the figures of a quick run mean nothing');
  process.stdout.write(`${caption(conditions)}\n\n${table(measured)}\n`);
}

// The exit listener ends what was started; without this a signal would end this process alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
try {
  await main();
} catch (error) {
  tell(`bench: ${messageOf(error)}`);
  process.exit(1);
}
