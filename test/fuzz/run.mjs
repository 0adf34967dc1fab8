// @ts-check
/** `npm run fuzz`: octets of anybody to everything that reads them. */
import { parseArgs } from 'node:util';
import { messageOf } from '#src/lib/errors.js';
import { writeFigures } from '../reliability/figures.mjs';
import { Campaign } from './campaign.mjs';
import { readCases, writeCases } from './cases.mjs';
import { TARGETS } from './targets/all.mjs';

/** @import { Figures, Target } from './target.mjs' */

const USAGE = `npm run fuzz -- [--seconds N] [--cases N] [--target NAME]… [--seed N] [--keep] [--record]

  --seconds N     for each target; 60 unless --cases is given
  --cases N       ends a target after so many
  --target NAME   ${TARGETS.map(({ name }) => name).join(', ')}; all of them by default
  --seed N        another run of random numbers; by default, another each time
  --keep          keep the inputs that reach something of their own in test/fuzz/corpus
  --record        write the figures to docs/reliability.md

What goes wrong is written to test/fuzz/found, from where npm test runs it, and ends this with 1.
`;

const PROGRESS = 5_000;

/** @param {string} line */
const tell = (line) => process.stderr.write(`${line}\n`);

/** @param {Figures} figures */
function progressOf({ name, cases, seconds, reached, kept, findings }) {
  const rate = Math.round(cases / Math.max(seconds, 0.001));
  return `${name.padEnd(13)} ${String(cases).padStart(9)} cases  ${Math.round(seconds)} s  ${rate}/s  ${reached} octets of code reached  ${kept} inputs kept  ${findings} found`;
}

/** @param {string | undefined} text @param {number} otherwise */
function wholeNumber(text, otherwise) {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`a whole number, not ${text}\n\n${USAGE}`);
  return Number(text);
}

/** @param {Target} target @param {{ seconds: number, cases: number, seed: number, isKept: boolean }} options */
async function fuzz(target, { isKept, seed, ...limits }) {
  const campaign = new Campaign(target, readCases('corpus', target.name), seed);
  let next = performance.now() + PROGRESS;
  await campaign.run(limits, (figures) => {
    if (performance.now() < next) return;
    next = performance.now() + PROGRESS;
    tell(progressOf(figures));
  });
  await target.close?.();
  tell(`${progressOf(campaign.figures)}  (seed ${seed})`);
  if (isKept) writeCases('corpus', target.name, campaign.kept);
  if (campaign.findings.length > 0) {
    writeCases('found', target.name, [
      ...readCases('found', target.name),
      ...campaign.findings.map(({ input }) => input),
    ]);
    for (const { input, error } of campaign.findings) {
      tell(`\n${target.name}: ${JSON.stringify(input.toString('latin1'))}`);
      tell(error instanceof Error ? String(error.stack) : messageOf(error));
    }
  }
  return campaign.figures;
}

async function main() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      cases: { type: 'string' },
      target: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      keep: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const unknown = values.target.find((name) => TARGETS.every((target) => target.name !== name));
  if (unknown !== undefined) throw new Error(`no target is called ${unknown}\n\n${USAGE}`);
  const options = {
    cases: wholeNumber(values.cases, Infinity),
    seconds: wholeNumber(values.seconds, values.cases === undefined ? 60 : Infinity),
    seed: wholeNumber(values.seed, Date.now() % 1_000_000_000),
    isKept: values.keep,
  };
  const wanted = TARGETS.filter(({ name }) => values.target.length === 0 || values.target.includes(name));
  let found = 0;
  for (const target of wanted) {
    const figures = await fuzz(target, options);
    if (values.record) writeFigures('fuzz', { [target.name]: figures });
    found += figures.findings;
  }
  if (found > 0) throw new Error(`${found} found`);
}

try {
  await main();
} catch (error) {
  tell(`fuzz: ${messageOf(error)}`);
  process.exit(1);
}
