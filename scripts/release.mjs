/**
 * `npm run release`: makes package, SBOM and checksums of this version in .cache/release. Publishes nothing: docs/release.md.
 * With `-- --dry-run` it tells what would stop it, leaves out lint and tests, and makes the files all the same.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withName } from './sbom.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TARGET = join(ROOT, '.cache/release');

/** Without them it cannot be used, or not as its licence says. */
const NEEDED = ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'dist/cli.js', 'docs/msrptap.yaml'];

/** @type {{ name: string, version: string }} */
const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const IS_DRY = process.argv.includes('--dry-run');

/** @param {string} what @param {boolean} holds */
function demand(what, holds) {
  if (holds) return;
  if (!IS_DRY) throw new Error(what);
  console.error(`would stop: ${what}`);
}

/** @param {string} command @param {readonly string[]} args @returns {boolean} whether it ended well */
function passes(command, ...args) {
  try {
    run(command, ...args);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} command @param {readonly string[]} args @returns {string} its stdout */
function run(command, ...args) {
  return execFileSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 2 ** 20,
  });
}

/** @param {string} file in the target folder @returns {string} a line as sha256sum writes it */
function checksum(file) {
  return `${createHash('sha256')
    .update(readFileSync(join(TARGET, file)))
    .digest('hex')}  ${file}\n`;
}

function check() {
  demand('there is something uncommitted', run('git', 'status', '--porcelain') === '');
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  demand(`CHANGELOG.md has no section "## ${version}"`, changelog.includes(`\n## ${version}`));
  demand('npm audit knows of an advisory, or the registry does not answer', passes('npm', 'audit'));
  if (IS_DRY) return;
  demand('npm run lint does not pass', passes('npm', 'run', 'lint'));
  demand('npm test does not pass', passes('npm', 'test'));
}

/** @returns {string[]} the files that it made */
function make() {
  rmSync(TARGET, { recursive: true, force: true });
  mkdirSync(TARGET, { recursive: true });
  /** @type {[{ filename: string, files: { path: string }[] }]} */
  const [{ filename, files }] = JSON.parse(run('npm', 'pack', '--json', '--pack-destination', TARGET));
  const paths = new Set(files.map(({ path }) => path));
  const missing = NEEDED.filter((path) => !paths.has(path));
  demand(`the package has no ${missing.join(', ')}`, missing.length === 0);
  const sbom = `${name}-${version}.cdx.json`;
  const bill = run('npm', 'sbom', '--omit=dev', '--sbom-format=cyclonedx', '--sbom-type=application');
  writeFileSync(join(TARGET, sbom), withName(bill, name));
  return [filename, sbom];
}

try {
  check();
  const made = make();
  writeFileSync(join(TARGET, 'SHA256SUMS'), made.map(checksum).join(''));
  console.log([...made, 'SHA256SUMS'].map((file) => join('.cache/release', file)).join('\n'));
} catch (error) {
  console.error(`not released: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
