/**
 * The programs of others that these tests run, from PATH, or from where a variable says, as HEPLIFY_SERVER. One that is
 * missing fails them: a skipped test proves nothing.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** How each is installed: most are Debian packages. */
const INSTALLED_BY = {
  haproxy: 'apt-get install haproxy',
  kamailio: 'apt-get install kamailio',
  tshark: 'apt-get install tshark',
  openssl: 'apt-get install openssl',
  prometheus: 'apt-get install prometheus',
  promtool: 'apt-get install prometheus',
  sngrep: 'apt-get install sngrep',
  initdb: 'apt-get install postgresql',
  postgres: 'apt-get install postgresql',
  psql: 'apt-get install postgresql',
  'heplify-server': 'go install github.com/sipcapture/heplify-server/cmd/heplify-server@v1.60.3',
  'opensips-cli': 'python3 -m venv .cache/opensips-cli && .cache/opensips-cli/bin/pip install opensipscli',
} as const;

/** Where .ci/run installs what is no Debian package. */
const CACHED = ['opensips-cli/bin', 'go/bin'].map((name) => resolve(import.meta.dirname, '../../.cache', name));

/** Where servers are installed; not on everybody's PATH. */
const SBIN = '/usr/sbin';

/** Debian has a folder for each version of PostgreSQL, and on PATH only what suits all of them. */
const POSTGRESQL = '/usr/lib/postgresql';

/** @throws Error that says what to install */
export function program(name: keyof typeof INSTALLED_BY): string {
  const given = process.env[name.toUpperCase().replaceAll('-', '_')];
  if (given !== undefined && isExecutable(given)) return given;
  for (const directory of [...(process.env['PATH'] ?? '').split(delimiter), SBIN, ...CACHED, ...postgresqlFolders()]) {
    const file = join(directory, name);
    if (isExecutable(file)) return file;
  }
  throw new Error(`${name} is not installed, as with: ${INSTALLED_BY[name]}`);
}

function postgresqlFolders(): readonly string[] {
  try {
    return readdirSync(POSTGRESQL).map((version) => join(POSTGRESQL, version, 'bin'));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
