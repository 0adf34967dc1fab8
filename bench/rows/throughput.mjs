/** Large messages: how much of HAProxy's throughput is left. */
import { format, median, ratios } from '../figures.mjs';
import { measure } from '../measure.mjs';
import { haproxy } from '../peers/haproxy.mjs';
import { traced } from '../peers/msrptap.mjs';

/** @import { Measured, Round } from '../measure.mjs' */
/** @import { Work } from '../programs/messages.mjs' */
/** @import { Row } from './row.mjs' */

const MEGABYTE = 1_000_000;

/** @type {Work} */
const WORK = { links: 4, window: 1, bodyOctets: 10 * MEGABYTE, perWrite: 1, tls: null, relayed: false };

/** @type {Row} */
export const throughput = {
  name: 'throughput',
  needs: ['haproxy'],
  figures: ['throughput', 'throughput-cpu'],
  async measure(bench) {
    const { quick, rounds, programs } = bench;
    const plan = { exchanges: quick ? 8 : 200, warmUp: quick ? 4 : 60, rounds };
    const peers = [haproxy(programs.haproxy?.file ?? 'haproxy'), traced];
    const measured = await measure(
      peers.map((peer) => ({ peer, work: WORK })),
      plan,
      bench,
    );
    const [yardstick, subject] = measured;
    if (yardstick === undefined || subject === undefined) throw new Error('a peer was not measured');
    const [speed, otherSpeed] = [speeds(subject), speeds(yardstick)];
    const [cpu, otherCpu] = [cpuPerGigabyte(subject), cpuPerGigabyte(yardstick)];
    return {
      figures: [
        {
          name: 'throughput',
          work: `chunks of 10 MB, traced over TCP, ${WORK.links} links: throughput as a share of HAProxy's`,
          unit: 'ratio',
          values: ratios(speed, otherSpeed),
          goal: { line: 0.7, beyond: 0.9, best: 'highest' },
          detail: `${format('bytesPerSecond', median(speed))} against ${format('bytesPerSecond', median(otherSpeed))}`,
        },
        {
          name: 'throughput-cpu',
          work: 'the same, CPU',
          unit: 'ratio',
          values: ratios(cpu, otherCpu),
          goal: null,
          detail: `${format('cpu', median(cpu))} for a GB against ${format('cpu', median(otherCpu))}; the load needs ${format('cpu', median(loadPerGigabyte(yardstick)))}`,
        },
      ],
      raw: { plan, measured },
    };
  },
};

/** @param {Round} round */
const octets = ({ exchanges }) => exchanges * WORK.bodyOctets;

/** @param {Measured} measured */
const speeds = ({ rounds }) => rounds.map((round) => octets(round) / round.wall);

/** @param {Measured} measured */
const cpuPerGigabyte = ({ rounds }) => rounds.map((round) => (round.cpu / octets(round)) * 1e9);

/** @param {Measured} measured */
const loadPerGigabyte = ({ rounds }) => rounds.map((round) => (round.loadCpu / octets(round)) * 1e9);
