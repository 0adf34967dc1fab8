/** `npm run bench`: what msrptap costs, beside others. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '#src/lib/errors.js';
import { makeCertificates } from './certificates.mjs';
import { cpuModel } from './cpu.mjs';
import { readOptions, USAGE } from './options.mjs';
import { Processes } from './processes.mjs';
import { findPrograms, PROGRAM_NAMES } from './peers/programs.mjs';
import { report, table } from './report.mjs';
import { ROWS } from './rows/all.mjs';

/** @import { Figure, Skipped } from './figures.mjs' */
/** @import { Programs } from './peers/programs.mjs' */
/** @import { Bench, Outcome, Row } from './rows/row.mjs' */

const ROUNDS = 5;
const GIB = 2 ** 30;

/** @param {string} line */
const tell = (line) => process.stderr.write(`${line}\n`);

/** @typedef {{ readonly name: string } & (Outcome | { readonly error: string })} Done */

/**
 * @param {Row} row
 * @param {Omit<Bench, 'processes' | 'tell'>} bench
 * @param {string} label
 * @returns {Promise<Done>}
 */
async function measureRow(row, bench, label) {
  const missing = row.needs.filter((name) => bench.programs[name] === null);
  if (missing.length > 0) {
    const why = `needs ${missing.join(' and ')}`;
    return { name: row.name, figures: row.figures.map((name) => ({ name, work: row.name, why })), raw: null };
  }
  const processes = new Processes();
  const kill = () => processes.kill();
  const begin = performance.now();
  // Whichever way this process ends.
  process.on('exit', kill);
  try {
    const outcome = await row.measure({ ...bench, processes, tell: (what) => tell(`${label} ${row.name}: ${what}`) });
    tell(`${label} ${row.name}: done in ${((performance.now() - begin) / 1_000).toFixed(1)} s`);
    return { name: row.name, ...outcome };
  } catch (error) {
    tell(`${label} ${row.name}: FAILED: ${messageOf(error)}`);
    return { name: row.name, error: messageOf(error) };
  } finally {
    kill();
    process.off('exit', kill);
  }
}

/** @param {Programs} programs @param {readonly string[]} without @param {readonly Row[]} rows @throws {Error} one is missing */
function requirePrograms(programs, without, rows) {
  const needed = new Set(rows.flatMap(({ needs }) => needs));
  const missing = PROGRAM_NAMES.filter(
    (name) => needed.has(name) && programs[name] === null && !without.includes(name),
  );
  if (missing.length === 0) return;
  const options = missing.map((name) => `--without ${name}`).join(' ');
  throw new Error(`missing programs: apt-get install ${missing.join(' ')} (or leave them out: ${options})`);
}

/** @param {Programs} programs */
function versionsOf(programs) {
  /** @type {Record<string, string>} */
  const versions = { 'Node.js': process.versions.node };
  for (const name of PROGRAM_NAMES) versions[name] = programs[name]?.version ?? 'left out';
  return versions;
}

async function main() {
  const { help, quick, wanted, without, json, markdown } = readOptions(process.argv.slice(2));
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  if (!existsSync('/proc/self/stat')) throw new Error('CPU times are read from /proc, which only Linux has');
  const rows = ROWS.filter(({ figures }) => figures.some((name) => wanted.has(name)));
  const programs = findPrograms(without);
  requirePrograms(programs, without, rows);

  const folder = mkdtempSync(join(tmpdir(), 'msrptap-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  /** @type {string | null} */
  let tlsFolder = null;
  const certificates = () => (tlsFolder ??= makeCertificates(programs.openssl?.file ?? 'openssl', folder));
  const bench = { folder, programs, wanted, quick, rounds: quick ? 1 : ROUNDS, certificates };

  const begin = performance.now();
  /** @type {Done[]} */
  const done = [];
  for (const [index, row] of rows.entries()) done.push(await measureRow(row, bench, `[${index + 1}/${rows.length}]`));
  tell(`${Math.round((performance.now() - begin) / 1_000)} s in all`);

  /** @type {(Figure | Skipped)[]} */
  const figures = done.flatMap((row) =>
    'error' in row ? [{ name: row.name, work: row.name, why: `failed: ${row.error}` }] : row.figures,
  );
  const results = figures.filter(({ name }) => wanted.has(name) || ROWS.some((row) => row.name === name));
  const conditions = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpuModel()}, ${availableParallelism()} processors, ${Math.round(totalmem() / GIB)} GiB, Linux ${release().split('-', 1)[0]}`,
    versions: versionsOf(programs),
    quick,
    pinned: new Processes().places !== null,
    rounds: bench.rounds,
  };
  if (json !== null) writeFileSync(json, `${JSON.stringify({ conditions, results, rows: done }, null, 2)}\n`);
  if (markdown !== null) writeFileSync(markdown, report(results, conditions));
  process.stdout.write(`${table(results, !quick)}\n`);
  if (done.some((row) => 'error' in row)) throw new Error('some rows failed');
  if (quick) tell('everything ran and added up; the figures of a quick run mean nothing');
}

// The exit listeners end what was started; without this a signal would end this process alone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
try {
  await main();
} catch (error) {
  tell(`bench: ${messageOf(error)}`);
  process.exit(1);
}
