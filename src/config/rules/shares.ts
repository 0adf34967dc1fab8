/** What the workers share, and what the machine has. */
import { connectionsThatFit, openFileLimit, workerCount } from '../open-files.js';
import type { Rule } from './rule.js';

/** Less would not hold some segments, out of which the oldest goes. */
const SPOOL_BYTES_EACH = 1_048_576;

export const spoolIsShared: Rule = {
  reads: ['proto_hep', 'workers'],
  check({ proto_hep: { hep_spool }, workers }, refuse) {
    const least = workerCount(workers) * SPOOL_BYTES_EACH;
    if (hep_spool === null || hep_spool.max_bytes >= least) return;
    refuse(
      ['proto_hep', 'hep_spool', 'max_bytes'],
      `${hep_spool.max_bytes} is too little for ${workerCount(workers)} workers, who share it; set ${least} at least`,
    );
  },
};

export const buffersFit: Rule = {
  reads: ['limits', 'workers'],
  check({ limits: { link_buffer, buffer }, workers }, refuse) {
    const least = link_buffer * workerCount(workers);
    if (buffer >= least) return;
    refuse(
      ['limits', 'buffer'],
      `${buffer} is less than link_buffer (${link_buffer}) for each of the workers, who share it; set ${least} at least`,
    );
  },
};

/** A rule of the machine: at the open-file limit Node.js closes accepted connections without a word. */
export const connectionsFit: Rule = {
  reads: ['limits', 'workers'],
  check({ limits: { max_connections = 1 }, workers }, refuse) {
    const [openFiles, processes] = [openFileLimit(), workerCount(workers)];
    const fit = connectionsThatFit(openFiles, processes);
    if (max_connections <= fit) return;
    const limit = processes === 1 ? `${openFiles}` : `${openFiles} of ${processes} workers each`;
    refuse(
      ['limits', 'max_connections'],
      `${max_connections} do not fit the open-file limit ${limit}; set ${fit} at most, or raise the limit (LimitNOFILE=, ulimit -n)`,
    );
  },
};
