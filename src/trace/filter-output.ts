import type { Readable } from 'node:stream';

/** Characters of a line that are kept. */
const MAX_LINE = 1_000;

/** Calls `write` with each non-empty line that `stream` brings, cut to 1000 characters. */
export function eachLine(stream: Readable, write: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) if (line !== '') write(line.slice(0, MAX_LINE));
  });
  stream.on('end', () => {
    if (rest !== '') write(rest);
  });
}
