import type { Writable } from 'node:stream';

/** Characters of a line that are kept. */
const MAX_LINE = 1_000;

/**
 * Calls `take` with each non-empty line written to `stream`, cut to 1000 characters, in place of writing it. (The main
 * thread could read worker.stdout instead; but that keeps the process for as long as the thread lives, and loses what a
 * dying thread has just said.)
 */
export function takeLines(stream: Writable, take: (line: string) => void): void {
  let rest = '';
  const writev: Writable['_writev'] = (chunks, written) => {
    const lines = (rest + chunks.map(({ chunk }) => String(chunk)).join('')).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) if (line !== '') take(line.slice(0, MAX_LINE));
    written();
  };
  Object.assign(stream, { _writev: writev });
}
