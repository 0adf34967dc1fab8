import type { ExitStatus, Terminal } from './command.js';

export interface HepListenArguments {
  readonly where: readonly string[];
  readonly json: boolean;
}

export async function hepListen(_options: HepListenArguments, _terminal: Terminal): Promise<ExitStatus> {
  return 0;
}
