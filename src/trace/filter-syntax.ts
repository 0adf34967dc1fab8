import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Milliseconds; the check takes about 40. */
const CHECK_TIMEOUT = 2_000;

/**
 * The line of the first syntax error of an ES module. import() knows it and does not tell (the stack of its error has no
 * line of the module), so Node is asked to check the text; nothing of it runs. Blocks its thread.
 * @returns null when the text is sound (the error is in a module that it imports) or cannot be checked
 */
export function syntaxErrorLine(file: string): number | null {
  const { stderr } = spawnSync(process.execPath, ['--check', '--input-type=module', '-'], {
    input: readFileSync(file),
    encoding: 'utf8',
    timeout: CHECK_TIMEOUT,
  });
  const line = /^\[stdin\]:(\d+)$/m.exec(stderr ?? '')?.[1];
  return line === undefined ? null : Number(line);
}
