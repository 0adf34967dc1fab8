/** Whether an exchange costs more when there are many links: it may, as much as at HAProxy. */
import { median, ratios } from '../figures.mjs';
import { costs, measure } from '../measure.mjs';
import { haproxy } from '../peers/haproxy.mjs';
import { traced, untraced } from '../peers/msrptap.mjs';
import { BATCHED } from '../work.mjs';

/** @import { Row } from './row.mjs' */

const FEW = BATCHED.links;
const MANY = 2_000;
const MANY_IN_A_QUICK_RUN = 100;

/** @type {Row} */
export const scale = {
  name: 'scale',
  needs: ['haproxy'],
  figures: ['scale', 'scale-untraced'],
  async measure(bench) {
    const { quick, rounds, programs, wanted } = bench;
    const many = quick ? MANY_IN_A_QUICK_RUN : MANY;
    const few = BATCHED;
    const crowd = { ...BATCHED, links: many };
    const yardstick = haproxy(programs.haproxy?.file ?? 'haproxy');
    const subjects = [
      { name: 'scale', what: 'traced over TCP', peer: traced },
      { name: 'scale-untraced', what: 'untraced', peer: untraced },
    ].filter(({ name }) => wanted.has(name));

    const contenders = [yardstick, ...subjects.map(({ peer }) => peer)].flatMap((peer) => [
      { peer, work: few },
      { peer, work: crowd },
    ]);
    const plan = { exchanges: quick ? 2_000 : 100_000, warmUp: quick ? 500 : 30_000, rounds };
    const measured = await measure(contenders, plan, bench);
    /** @param {number} index of the peer */
    const growth = (index) => {
      const [atFew, atMany] = measured.slice(2 * index, 2 * index + 2);
      if (atFew === undefined || atMany === undefined) throw new Error('a peer was not measured');
      return ratios(costs(atMany), costs(atFew));
    };
    const others = growth(0);
    const figures = subjects.map(({ name, what }, index) => {
      const own = growth(index + 1);
      return {
        name,
        work: `${what}: growth of the cost of an exchange from ${FEW} to ${many.toLocaleString('en')} links, as a ratio to HAProxy's growth`,
        unit: /** @type {const} */ ('ratio'),
        values: ratios(own, others),
        goal: { line: 1, beyond: null, best: /** @type {const} */ ('lowest') },
        detail: `${median(own).toFixed(2)} times against ${median(others).toFixed(2)} times of HAProxy`,
      };
    });
    return { figures, raw: { plan, measured } };
  },
};
