/** How long an operator waits after a restart. */
import { format } from '../figures.mjs';
import { Load } from '../measure.mjs';
import { traced } from '../peers/msrptap.mjs';
import { BATCHED } from '../work.mjs';

/** @import { Row } from './row.mjs' */

const ROUNDS = 7;

/** @type {Row} */
export const startToReady = {
  name: 'start',
  needs: [],
  figures: ['start'],
  async measure(bench) {
    const load = await Load.start(bench.processes, { ...BATCHED, links: 0 });
    /** @type {number[]} */
    const values = [];
    for (let round = 1; round <= (bench.quick ? 1 : ROUNDS); round += 1) {
      const proxy = await traced.start({ ...bench, work: load.work, upstreamPort: load.port });
      values.push(proxy.readyAfter);
      await proxy.end(0);
      bench.tell(`round ${round}: ${format('seconds', proxy.readyAfter)}`);
    }
    await load.program.end();
    return {
      figures: [
        {
          name: 'start',
          work: 'start to ready',
          unit: 'seconds',
          values,
          goal: { line: 0.5, beyond: 0.3, best: 'lowest' },
          detail: 'from the start of the process to the line that says ready',
        },
      ],
      raw: { values },
    };
  },
};
