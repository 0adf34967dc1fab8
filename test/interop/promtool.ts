/** promtool, and what it finds fault with in a metrics page. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { program } from './programs.js';

const run = promisify(execFile);

/** Its exit status where a page can be read, but breaks rules of style. */
const LINTED = 3;

/** Lines of `promtool check metrics`. @throws what it says of a page that Prometheus could not read */
export async function lintMetrics(page: string): Promise<readonly string[]> {
  const checking = run(program('promtool'), ['check', 'metrics']);
  checking.child.stdin?.end(page);
  try {
    const { stdout, stderr } = await checking;
    return linesOf(stdout + stderr);
  } catch (error) {
    if (!isFailure(error) || error.code !== LINTED) throw error;
    return linesOf(error.stdout + error.stderr);
  }
}

interface Failure {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function isFailure(error: unknown): error is Failure {
  return error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error;
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
