import type { ExitStatus, Terminal } from './command.js';

export async function demo(_terminal: Terminal): Promise<ExitStatus> {
  return 0;
}
