/** Programs of others, from Debian's packages. */
import { spawnSync } from 'node:child_process';

/** @typedef {{ readonly file: string, readonly version: string }} Found */
/** @typedef {'haproxy' | 'kamailio' | 'openssl'} ProgramName */
/** Null: it is not there, or not wanted. @typedef {Readonly<Record<ProgramName, Found | null>>} Programs */

/** @type {Readonly<Record<ProgramName, { readonly versionArgs: readonly string[], readonly version: RegExp }>>} */
const KNOWN = {
  haproxy: { versionArgs: ['-v'], version: /version (\S+)/ },
  kamailio: { versionArgs: ['-v'], version: /kamailio (\S+)/ },
  openssl: { versionArgs: ['version'], version: /OpenSSL (\S+)/ },
};

export const PROGRAM_NAMES = Object.freeze(/** @type {ProgramName[]} */ (Object.keys(KNOWN)));

/** @param {string} name @returns {name is ProgramName} */
export function isProgramName(name) {
  return Object.hasOwn(KNOWN, name);
}

/** @param {readonly ProgramName[]} without @returns {Programs} */
export function findPrograms(without) {
  /** @param {ProgramName} name */
  const look = (name) => (without.includes(name) ? null : find(name));
  return { haproxy: look('haproxy'), kamailio: look('kamailio'), openssl: look('openssl') };
}

/** @param {ProgramName} name @returns {Found | null} */
function find(name) {
  const { versionArgs, version } = KNOWN[name];
  // Debian has servers in sbin, which is on root's PATH only.
  for (const file of [name, `/usr/sbin/${name}`]) {
    const { status, stdout } = spawnSync(file, versionArgs, { encoding: 'utf8' });
    if (status === 0) return { file, version: version.exec(stdout)?.[1] ?? 'unknown' };
  }
  return null;
}
