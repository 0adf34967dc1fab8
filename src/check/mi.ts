import { statSync } from 'node:fs';
import type { Config } from '../config.js';

/** Write permission for others [chmod(2)]. */
const OTHERS_WRITE = 0o002;

/** Read permission for others. */
const OTHERS_READ = 0o004;

/** MI that more people reach than should. */
export function miRisks(config: Pick<Config, 'mi_fifo' | 'httpd'>): string[] {
  return [...tokenRisks(config.httpd), ...fifoRisks(config)];
}

function tokenRisks({ token_file }: Config['httpd']): string[] {
  if (token_file === null || !isReadByOthers(token_file)) return [];
  return [`httpd.token_file: every user of this machine can read ${token_file}; set chmod 600 (or 640)`];
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
