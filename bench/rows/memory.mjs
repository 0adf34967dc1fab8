/** What a link costs that is silent, as most are most of the time. */
import { setTimeout } from 'node:timers/promises';
import { residentMemory } from '../cpu.mjs';
import { format, median } from '../figures.mjs';
import { Load, Measurement } from '../measure.mjs';
import { traced } from '../peers/msrptap.mjs';
import { nodePipe } from '../peers/node-pipe.mjs';
import { ONE_AT_A_TIME } from '../work.mjs';

/** @import { Peer } from '../peers/peer.mjs' */
/** @import { Bench, Row } from './row.mjs' */

const LINKS = 4_000;
const LINKS_IN_A_QUICK_RUN = 400;

/** Milliseconds without traffic, so that what was needed for a moment only is given back. */
const REST = 3_000;
const QUICK_REST = 200;

/** Three rounds, each with a process of its own, say as much as five: memory does not depend on what else runs. */
const ROUNDS = 3;

/** @typedef {{ readonly empty: number, readonly connected: number, readonly idle: number }} Sizes octets of the process */

/** @type {Row} */
export const memory = {
  name: 'memory',
  needs: [],
  figures: ['memory', 'memory-unused', 'memory-pipe'],
  async measure(bench) {
    const links = bench.quick ? LINKS_IN_A_QUICK_RUN : LINKS;
    /** @type {Sizes[]} */
    const sizes = [];
    /** @type {Sizes[]} */
    const ofPipe = [];
    for (let round = 1; round <= Math.min(ROUNDS, bench.rounds); round += 1) {
      const size = await measureOnce(traced, links, bench);
      const pipe = await measureOnce(nodePipe, links, bench);
      sizes.push(size);
      ofPipe.push(pipe);
      const [own, floor] = [size, pipe].map(({ idle, empty }) => format('bytes', (idle - empty) / links));
      bench.tell(`round ${round}: ${own} a link, of a Node pipe ${floor}`);
    }
    const detail = beforeTheFirst(sizes);
    const what = `${links.toLocaleString('en')} idle traced links: resident memory a link, over the empty process`;
    return {
      figures: [
        {
          name: 'memory',
          work: `${what}, after an exchange on each`,
          unit: 'bytes',
          values: sizes.map(({ empty, idle }) => (idle - empty) / links),
          goal: { line: 16_000, beyond: 12_000, best: 'lowest' },
          detail,
        },
        {
          name: 'memory-unused',
          work: `${what}, before any message`,
          unit: 'bytes',
          values: sizes.map(({ empty, connected }) => (connected - empty) / links),
          goal: null,
          detail,
        },
        {
          name: 'memory-pipe',
          work: `the same of a plain Node pipe, after an exchange on each`,
          unit: 'bytes',
          values: ofPipe.map(({ empty, idle }) => (idle - empty) / links),
          goal: null,
          detail: beforeTheFirst(ofPipe),
        },
      ],
      raw: { links, sizes, ofPipe },
    };
  },
};

/** @param {readonly Sizes[]} sizes */
function beforeTheFirst(sizes) {
  return `${format('bytes', median(sizes.map(({ empty }) => empty)))} before the first link`;
}

/** @param {Peer} peer @param {number} links @param {Bench} bench @returns {Promise<Sizes>} */
async function measureOnce(peer, links, bench) {
  const rest = bench.quick ? QUICK_REST : REST;
  const load = await Load.start(bench.processes, { ...ONE_AT_A_TIME, links });
  const proxy = await load.startProxy(peer, bench);
  const measurement = new Measurement(peer.name, proxy, load);
  const [pid = 0] = proxy.pids;
  const size = async () => {
    await setTimeout(rest);
    return residentMemory(pid);
  };
  const empty = await size();
  await measurement.connect();
  const connected = await size();
  // With a window of one, this is one for each link.
  await measurement.run(links);
  const idle = await size();
  await measurement.end();
  await load.program.end();
  return { empty, connected, idle };
}
