/** Two processes that carry traffic: what they cost together, and how evenly they share. */
import { format, median, ratios } from '../figures.mjs';
import { costs, measure } from '../measure.mjs';
import { hasWorkers, traced, tracedByTwo } from '../peers/msrptap.mjs';
import { BATCHED, describe } from '../work.mjs';

/** @import { Measured } from '../measure.mjs' */
/** @import { Row } from './row.mjs' */

/** @type {Row} */
export const workers = {
  name: 'workers',
  needs: [],
  figures: ['workers', 'workers-evenness'],
  async measure(bench) {
    const what = `two workers, traced over TCP: ${describe(BATCHED)}`;
    if (!(await hasWorkers(bench.folder))) {
      const why = 'this version runs as one process only';
      return { figures: [{ name: 'workers', work: what, why }], raw: null };
    }
    const plan = { exchanges: bench.quick ? 2_000 : 200_000, warmUp: bench.quick ? 500 : 50_000, rounds: bench.rounds };
    const contenders = [traced, tracedByTwo].map((peer) => ({ peer, work: BATCHED }));
    const measured = await measure(contenders, plan, bench);
    const [one, two] = measured;
    if (one === undefined || two === undefined) throw new Error('a peer was not measured');
    const [single, both] = [costs(one), costs(two)];
    return {
      figures: [
        {
          name: 'workers',
          work: `${what}: CPU of all processes, against one process`,
          unit: 'ratio',
          values: ratios(both, single),
          goal: { line: 1.1, beyond: null, best: 'lowest' },
          detail: `${format('cpu', median(both))} against ${format('cpu', median(single))}`,
        },
        {
          name: 'workers-evenness',
          work: `${what}: the share of the less busy one, of the CPU of both`,
          unit: 'share',
          values: lowerShares(two),
          goal: { line: 0.4, beyond: null, best: 'highest' },
          detail: 'the first process carries no traffic, and is not counted',
        },
      ],
      raw: { plan, measured },
    };
  },
};

/** @param {Measured} measured */
function lowerShares({ rounds }) {
  return rounds.map(({ byProcess: [, ...carriers] }) => {
    if (carriers.length !== 2) throw new Error(`there are ${carriers.length} workers, not 2`);
    const sum = carriers.reduce((all, seconds) => all + seconds, 0);
    return Math.min(...carriers) / sum;
  });
}
