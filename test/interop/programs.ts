/** The programs of others that these tests run. One that is missing fails them: a skipped test proves nothing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's packages of them. */
const PACKAGES = {
  haproxy: 'haproxy',
  kamailio: 'kamailio',
  tshark: 'tshark',
  openssl: 'openssl',
  prometheus: 'prometheus',
} as const;

/** Where servers are installed; not on everybody's PATH. */
const SBIN = '/usr/sbin';

/** @throws Error that says what to install */
export function program(name: keyof typeof PACKAGES): string {
  for (const directory of [...(process.env['PATH'] ?? '').split(delimiter), SBIN]) {
    const file = join(directory, name);
    if (isExecutable(file)) return file;
  }
  throw new Error(`${name} is not installed, as with: apt-get install ${PACKAGES[name]}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
