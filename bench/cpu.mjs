/** What Linux tells of processors and of the time that processes spend on them. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Ticks a second in /proc: 100 on every architecture that Node runs on, whatever the kernel's own tick is. */
const USER_HZ = 100;

/**
 * CPU time of a process since its start, all threads, in seconds; the step is 10 ms.
 * @param {number} pid
 * @returns {{ readonly user: number, readonly system: number }}
 */
export function cpuTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the name in brackets, which may hold blanks and brackets; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]) / USER_HZ, system: Number(fields[12]) / USER_HZ };
}

/** The processors that this process may use. @returns {readonly number[]} */
export function allowedCpus() {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return list.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

export function cpuModel() {
  return cpus()[0]?.model.trim() ?? 'unknown processor';
}
