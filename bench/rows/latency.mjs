/** How long a message and its 200 take over the proxy, at a fixed rate. */
import { format, median, ratios } from '../figures.mjs';
import { Load } from '../measure.mjs';
import { traced } from '../peers/msrptap.mjs';
import { nodePipe } from '../peers/node-pipe.mjs';
import { UNBATCHED } from '../work.mjs';

/** @import { Peer } from '../peers/peer.mjs' */
/** @import { Bench, Row } from './row.mjs' */

const PER_SECOND = 5_000;

/** @typedef {{ readonly name: string, readonly p50: number[], readonly p99: number[] }} Latencies milliseconds, by round */

/** @type {Row} */
export const latency = {
  name: 'latency',
  needs: [],
  figures: ['latency-p50', 'latency-p99'],
  async measure(bench) {
    const { processes, quick, rounds, tell } = bench;
    const load = await Load.start(processes, UNBATCHED);
    const seconds = quick ? 0.5 : 3;
    const contenders = [await start(nodePipe, load, bench), await start(traced, load, bench)];
    for (const { pace } of contenders) await pace(quick ? 0.3 : 2);
    for (let round = 1; round <= rounds; round += 1) {
      for (const { latencies, pace } of contenders) {
        const [p50 = Number.NaN, p99 = Number.NaN] = await pace(seconds);
        latencies.p50.push(p50);
        latencies.p99.push(p99);
        tell(
          `round ${round}: ${latencies.name}: p50 ${format('milliseconds', p50)}, p99 ${format('milliseconds', p99)}`,
        );
      }
    }
    for (const { end } of contenders) await end();
    await load.program.end();

    const [yardstick, subject] = contenders.map(({ latencies }) => latencies);
    if (yardstick === undefined || subject === undefined) throw new Error('a peer was not measured');
    const figures = /** @type {const} */ (['p50', 'p99']).map((quantile) => ({
      name: `latency-${quantile}`,
      work: `${quantile} latency at ${PER_SECOND.toLocaleString('en')} messages/s over ${UNBATCHED.links} links, traced over TCP, as a ratio to a plain Node pipe`,
      unit: /** @type {const} */ ('ratio'),
      values: ratios(subject[quantile], yardstick[quantile]),
      goal: { line: 1.5, beyond: 1.2, best: /** @type {const} */ ('lowest') },
      detail: `${format('milliseconds', median(subject[quantile]))} against ${format('milliseconds', median(yardstick[quantile]))}`,
    }));
    return { figures, raw: { perSecond: PER_SECOND, seconds, measured: [yardstick, subject] } };
  },
};

/** @param {Peer} peer @param {Load} load @param {Bench} bench */
async function start(peer, load, bench) {
  const proxy = await load.startProxy(peer, bench);
  await load.program.ask('connectPaced', peer.name, proxy.port);
  let exchanges = 0;
  /** @type {Latencies} */
  const latencies = { name: peer.name, p50: [], p99: [] };
  return {
    latencies,
    /** @param {number} seconds @returns {Promise<readonly number[]>} p50 and p99 */
    pace: async (seconds) => {
      const quantiles = await load.program.ask('pace', peer.name, PER_SECOND, seconds);
      exchanges += Math.round(PER_SECOND * seconds);
      await proxy.settle(exchanges);
      return quantiles;
    },
    end: async () => {
      await load.program.ask('close', peer.name);
      await proxy.end(exchanges);
    },
  };
}
