/** The programs of others that these tests run. One that is missing fails them: a skipped test proves nothing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** How each is installed: most are Debian packages. */
const INSTALLED_BY = {
  haproxy: 'apt-get install haproxy',
  kamailio: 'apt-get install kamailio',
  tshark: 'apt-get install tshark',
  openssl: 'apt-get install openssl',
  prometheus: 'apt-get install prometheus',
  'opensips-cli': 'python3 -m venv .cache/opensips-cli && .cache/opensips-cli/bin/pip install opensipscli',
} as const;

/** Where .ci/run installs what is no Debian package. */
const CACHED = resolve(import.meta.dirname, '../../.cache/opensips-cli/bin');

/** Where servers are installed; not on everybody's PATH. */
const SBIN = '/usr/sbin';

/** @throws Error that says what to install */
export function program(name: keyof typeof INSTALLED_BY): string {
  for (const directory of [...(process.env['PATH'] ?? '').split(delimiter), SBIN, CACHED]) {
    const file = join(directory, name);
    if (isExecutable(file)) return file;
  }
  throw new Error(`${name} is not installed, as with: ${INSTALLED_BY[name]}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
