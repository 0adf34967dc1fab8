import { statSync } from 'node:fs';
import type { Config } from '../config.js';
import { isLoopback } from '../lib/address.js';

/** Write permission for others [chmod(2)]. */
const OTHERS_WRITE = 0o002;

/** Read permission for others. */
const OTHERS_READ = 0o004;

/** MI that more people reach than should. */
export function miRisks(config: Pick<Config, 'mi_fifo' | 'httpd' | 'prometheus'>): string[] {
  const { httpd, prometheus } = config;
  return [
    ...tokenRisks('httpd', httpd),
    ...tokenRisks('prometheus', prometheus),
    ...plainTokenRisks('httpd', httpd),
    ...plainTokenRisks('prometheus', prometheus),
    ...fifoRisks(config),
  ];
}

type Port = Pick<Config['httpd'], 'ip' | 'token' | 'token_file' | 'tls_domain'>;

function tokenRisks(section: string, { token_file }: Port): string[] {
  if (token_file === null || !isReadByOthers(token_file)) return [];
  return [`${section}.token_file: every user of this machine can read ${token_file}; set chmod 600 (or 640)`];
}

/** Whoever sees one request has the token. */
function plainTokenRisks(section: string, { ip, token, tls_domain }: Port): string[] {
  if (token === undefined || tls_domain !== null || isLoopback(ip)) return [];
  return [
    `${section}.tls_domain: without TLS the token crosses the network in clear, for whoever listens; name a tls_mgm.server_domain, or set ${section}.ip to a loopback address`,
  ];
}

function isReadByOthers(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & OTHERS_READ) !== 0;
}

function fifoRisks({ mi_fifo }: Pick<Config, 'mi_fifo'>): string[] {
  if (mi_fifo === null || (Number.parseInt(mi_fifo.fifo_mode, 8) & OTHERS_WRITE) === 0) return [];
  return [
    `mi_fifo.fifo_mode: ${mi_fifo.fifo_mode} lets every user of this machine switch tracing and close links; set "0600", or "0660" with fifo_group`,
  ];
}
