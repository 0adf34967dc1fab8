/** Rows that compare the CPU seconds of proxies on the same work. */
import { format, median, ratios } from '../figures.mjs';
import { costs, measure } from '../measure.mjs';
import { haproxy } from '../peers/haproxy.mjs';
import { kamailio } from '../peers/kamailio.mjs';
import { traced, tracedBothLegs, tracedOverUdp, untraced } from '../peers/msrptap.mjs';
import { nodePipe } from '../peers/node-pipe.mjs';
import { BATCHED, describe, ONE_AT_A_TIME, UNBATCHED } from '../work.mjs';

/** @import { Figure, Goal } from '../figures.mjs' */
/** @import { Measured } from '../measure.mjs' */
/** @import { Peer } from '../peers/peer.mjs' */
/** @import { Work } from '../programs/messages.mjs' */
/** @import { ProgramName, Programs } from '../peers/programs.mjs' */
/** @import { Bench, Row } from './row.mjs' */

const QUICK_EXCHANGES = 2_000;
const QUICK_WARM_UP = 500;

/** Another proxy and the work that it does; the work of the row if none is given. @typedef {{ readonly peer: (programs: Programs) => Peer, readonly work?: Work }} Side */

/** @typedef {{ readonly name: string, readonly what: string, readonly subject: Side, readonly against: Side, readonly goal: Goal | null }} Comparison */

/**
 * @param {object} row
 * @param {string} row.name
 * @param {readonly ProgramName[]} row.needs
 * @param {Work | ((bench: Bench) => Work)} row.work
 * @param {number} row.exchanges of a round
 * @param {readonly Comparison[]} row.comparisons
 * @returns {Row}
 */
function cpuRow({ name, needs, work, exchanges, comparisons }) {
  return {
    name,
    needs,
    figures: comparisons.map((comparison) => comparison.name),
    async measure(bench) {
      const ownWork = typeof work === 'function' ? work(bench) : work;
      const asked = comparisons.filter((comparison) => bench.wanted.has(comparison.name));
      const sides = asked.flatMap(({ subject, against }) => [against, subject]);
      const contenders = [...new Set(sides)].map((side) => ({
        side,
        peer: side.peer(bench.programs),
        work: side.work ?? ownWork,
      }));
      const plan = {
        exchanges: bench.quick ? QUICK_EXCHANGES : exchanges,
        warmUp: bench.quick ? QUICK_WARM_UP : Math.ceil(exchanges / 4),
        rounds: bench.rounds,
      };
      const measured = await measure(contenders, plan, bench);
      const bySide = new Map(contenders.map(({ side }, index) => [side, measured[index]]));
      const figures = asked.map((comparison) =>
        compare(comparison, bySide.get(comparison.subject), bySide.get(comparison.against), ownWork),
      );
      return { figures, raw: { plan, measured } };
    },
  };
}

/**
 * @param {Comparison} comparison
 * @param {Measured | undefined} subject
 * @param {Measured | undefined} against
 * @param {Work} work
 * @returns {Figure}
 */
function compare({ name, what, goal }, subject, against, work) {
  if (subject === undefined || against === undefined) throw new Error(`${name} was not measured`);
  const [own, others] = [costs(subject), costs(against)];
  // A goal where the highest is best says how many times cheaper the subject has to be.
  const values = goal?.best === 'highest' ? ratios(others, own) : ratios(own, others);
  const detail = `${format('cpu', median(own))} against ${format('cpu', median(others))} of ${against.name}`;
  return { name, work: `${what}: ${describe(work)}`, unit: 'ratio', values, goal, detail };
}

/** @param {number} line @param {number | null} beyond @returns {Goal} */
const atMost = (line, beyond) => ({ line, beyond, best: 'lowest' });

/** @type {Side} */
const HAPROXY = { peer: ({ haproxy: found }) => haproxy(found?.file ?? 'haproxy') };
/** @type {Side} */
const KAMAILIO = {
  peer: ({ kamailio: found }) => kamailio(found?.file ?? 'kamailio'),
  work: { ...BATCHED, relayed: true },
};
/** @type {Side} */
const NODE_PIPE = { peer: () => nodePipe };
/** @type {Side} */
const UNTRACED = { peer: () => untraced };
/** @type {Side} */
const TRACED = { peer: () => traced };
/** @type {Side} */
const BOTH_LEGS = { peer: () => tracedBothLegs };
/** @type {Side} */
const OVER_UDP = { peer: () => tracedOverUdp };

export const batched = cpuRow({
  name: 'batched',
  needs: ['haproxy'],
  work: BATCHED,
  exchanges: 200_000,
  comparisons: [
    { name: 'node-pipe', what: 'a plain Node pipe', subject: NODE_PIPE, against: HAPROXY, goal: null },
    { name: 'untraced', what: 'untraced', subject: UNTRACED, against: HAPROXY, goal: atMost(1.6, 1.4) },
    {
      name: 'traced',
      what: 'traced over TCP, each message once',
      subject: TRACED,
      against: HAPROXY,
      goal: atMost(2.5, 2),
    },
    {
      name: 'both-legs',
      what: 'traced over TCP, both legs',
      subject: BOTH_LEGS,
      against: HAPROXY,
      goal: atMost(3, 2.5),
    },
    { name: 'udp', what: 'traced over UDP', subject: OVER_UDP, against: HAPROXY, goal: atMost(7, 5) },
  ],
});

export const unbatched = cpuRow({
  name: 'unbatched',
  needs: ['haproxy'],
  work: UNBATCHED,
  exchanges: 50_000,
  comparisons: [
    { name: 'unbatched-untraced', what: 'untraced', subject: UNTRACED, against: HAPROXY, goal: null },
    { name: 'unbatched-traced', what: 'traced over TCP', subject: TRACED, against: HAPROXY, goal: null },
  ],
});

export const oneAtATime = cpuRow({
  name: 'window1',
  needs: ['haproxy'],
  work: ONE_AT_A_TIME,
  exchanges: 50_000,
  comparisons: [
    { name: 'window1-pipe', what: 'a plain Node pipe', subject: NODE_PIPE, against: HAPROXY, goal: null },
    { name: 'window1-untraced', what: 'untraced', subject: UNTRACED, against: HAPROXY, goal: atMost(1.7, 1.5) },
    { name: 'window1-traced', what: 'traced over TCP', subject: TRACED, against: HAPROXY, goal: atMost(2, 1.7) },
  ],
});

export const tls = cpuRow({
  name: 'tls',
  needs: ['haproxy', 'openssl'],
  work: (bench) => ({ ...BATCHED, tls: bench.certificates() }),
  exchanges: 100_000,
  comparisons: [
    { name: 'tls-haproxy', what: 'msrps to msrps, traced over TCP', subject: TRACED, against: HAPROXY, goal: null },
    {
      name: 'tls-pipe',
      what: 'msrps to msrps, traced over TCP, against a Node pipe',
      subject: TRACED,
      against: NODE_PIPE,
      goal: atMost(1.3, null),
    },
  ],
});

export const relay = cpuRow({
  name: 'kamailio',
  needs: ['kamailio'],
  work: BATCHED,
  exchanges: 50_000,
  comparisons: [
    {
      name: 'kamailio',
      what: "times cheaper than Kamailio's msrp module, traced over TCP",
      subject: TRACED,
      against: KAMAILIO,
      goal: { line: 2, beyond: null, best: 'highest' },
    },
  ],
});
