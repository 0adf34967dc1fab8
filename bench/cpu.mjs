/** What Linux tells of processors and of the time that processes spend on them. */
import { readFileSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';

/** Ticks a second in /proc: 100 on every architecture that Node runs on, whatever the kernel's own tick is. */
const USER_HZ = 100;
const NANOSECONDS = 1e9;

/**
 * CPU time of a process since its start, all threads, user and system, in seconds. The step is a nanosecond where the kernel
 * keeps statistics of its scheduler, else 10 ms.
 * @param {number} pid
 */
export function cpuTime(pid) {
  try {
    const nanoseconds = readdirSync(`/proc/${pid}/task`).map((task) =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]),
    );
    return nanoseconds.reduce((sum, each) => sum + each, 0) / NANOSECONDS;
  } catch {
    // utime and stime are the 14th and 15th field.
    const fields = statOf(pid);
    return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
  }
}

/** What follows the name of a process in its stat: the third field and those behind it. @param {number} pid */
function statOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the name in brackets, which may hold blanks and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Processes that `pid` started, and they in turn, at this moment. @param {number} pid @returns {readonly number[]} without `pid` */
export function descendants(pid) {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => parentOf(other) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** @param {number} pid @returns {number | null} null: it is gone */
function parentOf(pid) {
  try {
    return Number(statOf(pid)[1]);
  } catch {
    return null;
  }
}

/** Octets of a process in memory. @param {number} pid */
export function residentMemory(pid) {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kib) * 1_024;
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
