/** Parts of msrptap alone, without a socket. */
import { format, median } from '../figures.mjs';

/** @import { Bench, Row } from './row.mjs' */

const KIB = 1_024;

/** @type {readonly { readonly name: string, readonly size: string, readonly octets: number }[]} */
const BODIES = [
  { name: 'parser-200', size: '200 octets', octets: 200 },
  { name: 'parser-1k', size: '1 KiB', octets: KIB },
  { name: 'parser-64k', size: '64 KiB', octets: 64 * KIB },
  { name: 'parser-10m', size: '10 MB', octets: 10_000_000 },
];

/** Seconds of one measurement. */
const SECONDS = 0.5;
const QUICK_SECONDS = 0.05;

/** @param {Bench} bench */
const secondsOf = ({ quick }) => (quick ? QUICK_SECONDS : SECONDS);

/** @type {Row} */
export const parser = {
  name: 'parser',
  needs: [],
  figures: BODIES.map(({ name }) => name),
  async measure(bench) {
    const { processes, rounds, wanted, tell } = bench;
    const program = processes.startNode('the parser', 'proxy', 'parser.mjs');
    await program.answer();
    const figures = [];
    for (const { name, size, octets } of BODIES.filter((body) => wanted.has(body.name))) {
      const values = await repeat(rounds, () => program.ask('parse', octets, secondsOf(bench)));
      tell(`bodies of ${size}: ${format('bytesPerSecond', median(values))}`);
      const work = `the parser alone, bodies of ${size}, reads of 64 KiB`;
      figures.push({ name, work, unit: /** @type {const} */ ('bytesPerSecond'), values, goal: null, detail: '' });
    }
    await program.end();
    return { figures, raw: null };
  },
};

/** @type {Row} */
export const hepPacket = {
  name: 'hep-packet',
  needs: [],
  figures: ['hep-packet', 'hep-js'],
  async measure(bench) {
    const { processes, rounds, tell } = bench;
    const program = processes.startNode('the HEP packets', 'proxy', 'hep-packets.mjs');
    await program.answer();
    const own = await repeat(rounds, () => program.ask('msrptap', secondsOf(bench)));
    const library = await repeat(rounds, () => program.ask('hepJs', secondsOf(bench)));
    await program.end();
    tell(`${format('perSecond', median(own))} against ${format('perSecond', median(library))} of hep-js`);
    const what = 'HEP packets of a SEND of 1 KiB';
    return {
      figures: [
        { name: 'hep-packet', work: `${what}: msrptap`, unit: 'perSecond', values: own, goal: null, detail: '' },
        { name: 'hep-js', work: `${what}: hep-js alone`, unit: 'perSecond', values: library, goal: null, detail: '' },
      ],
      raw: null,
    };
  },
};

/** @param {number} times @param {() => Promise<readonly number[]>} ask after it was asked once to warm up */
async function repeat(times, ask) {
  await ask();
  /** @type {number[]} */
  const values = [];
  while (values.length < times) values.push(...(await ask()));
  return values;
}
