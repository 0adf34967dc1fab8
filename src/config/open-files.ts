/** How many connections fit: at the open-file limit Node.js closes accepted connections without a word. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Accepted connections by default, where the limit allows that many. */
export const DEFAULT_MAX_CONNECTIONS = 4_000;
/** The downstream and the upstream connection. */
const FILES_PER_LINK = 2;
/** For listeners, HEP destinations, httpd and its clients, worker threads, files that are read, and Node.js itself. */
const RESERVED_FILES = 200;
/** Assumed where the system does not tell. */
const ASSUMED_LIMIT = 4_096;

/** The open-file limit of this process (soft; Infinity for none). */
export function openFileLimit(): number {
  try {
    return softOpenFiles(readFileSync('/proc/self/limits', 'utf8')) ?? ASSUMED_LIMIT;
  } catch {
    return ASSUMED_LIMIT;
  }
}

/** Reads the text of /proc/self/limits [proc(5)]. */
export function softOpenFiles(limits: string): number | null {
  const soft = /^Max open files\s+(unlimited|\d+)/m.exec(limits)?.[1];
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

/** The most accepted connections that processes with this open-file limit each have room for, at least 1 a process. */
export function connectionsThatFit(openFiles: number, workers = 1): number {
  return workers * Math.max(1, Math.floor((openFiles - RESERVED_FILES) / FILES_PER_LINK));
}

export function defaultMaxConnections(openFiles: number, workers = 1): number {
  return Math.min(DEFAULT_MAX_CONNECTIONS, connectionsThatFit(openFiles, workers));
}

/** How many `workers` are. */
export function workerCount(workers: number | 'auto'): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
