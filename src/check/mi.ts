import type { Config } from '../config.js';

/** Write permission for others [chmod(2)]. */
const OTHERS_WRITE = 0o002;

/** MI that more people reach than should. */
export function miRisks({ mi_fifo }: Pick<Config, 'mi_fifo'>): string[] {
  if (mi_fifo === null || (Number.parseInt(mi_fifo.fifo_mode, 8) & OTHERS_WRITE) === 0) return [];
  return [
    `mi_fifo.fifo_mode: ${mi_fifo.fifo_mode} lets every user of this machine switch tracing and close links; set "0600", or "0660" with fifo_group`,
  ];
}
