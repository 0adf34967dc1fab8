import { readFileSync } from 'node:fs';
import { readlink, rm, symlink } from 'node:fs/promises';
import { MsrptapError } from '../lib/errors.js';

/**
 * A folder belongs to one process: by a symbolic link to its id and start time (ids are used again, in containers at
 * once). It is made in one step, and needs no room on a full disk.
 * @throws MsrptapError spool_in_use; what the disk fails with
 */
export async function lockFolder(path: string): Promise<void> {
  const own = `${process.pid} ${startOf(process.pid)}`;
  if (await made(path, own)) return;
  const owner = await readlink(path);
  if (isAlive(owner)) throw new MsrptapError('spool_in_use', `process ${Number.parseInt(owner, 10)} uses ${path}`);
  await rm(path, { force: true });
  if (!(await made(path, own))) throw new MsrptapError('spool_in_use', `another process was faster at ${path}`);
}

async function made(path: string, owner: string): Promise<boolean> {
  try {
    await symlink(owner, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(owner: string): boolean {
  const [pid = '', start = ''] = owner.split(' ');
  return /^\d+$/.test(pid) && startOf(Number(pid)) === start;
}

/** In clock ticks since the machine was started [proc_pid_stat(5), field 22]; null when there is no such process. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the name, may have blanks and parentheses.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Z: it has ended, and its parent does not know yet.
    return state === 'Z' ? null : (fields[18] ?? null);
  } catch {
    // Without /proc, only itself.
    return pid === process.pid ? 'unknown' : null;
  }
}
