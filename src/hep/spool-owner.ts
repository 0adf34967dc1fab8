import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MsrptapError } from '../lib/errors.js';

/** Write permission for others [chmod(2)]. */
const OTHERS_WRITE = 0o002;
const ROOT = 0;

/**
 * A folder in /tmp may have been made by anybody, before, under the name that is configured: who owns it can put packets in
 * place of those that wait there, and read them.
 * @throws MsrptapError spool_unsafe; what the disk fails with
 */
export async function refuseForeignFolder(path: string): Promise<void> {
  const [folder, around] = await Promise.all([stat(path), stat(dirname(path))]);
  if ((folder.mode & OTHERS_WRITE) !== 0) throw unsafe(path, 'every user of this machine can write to it: chmod 700');
  const owners = [process.geteuid?.() ?? ROOT, ROOT];
  if ((around.mode & OTHERS_WRITE) === 0 || owners.includes(folder.uid)) return;
  throw unsafe(path, `it belongs to another user (${folder.uid}), in a folder where every user can make one`);
}

function unsafe(path: string, why: string): MsrptapError {
  return new MsrptapError('spool_unsafe', `${path}: ${why}`);
}
