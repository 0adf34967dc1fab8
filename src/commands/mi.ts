import type { ExitStatus, Terminal } from './command.js';

export interface MiArguments {
  readonly file: string | undefined;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly words: readonly string[];
}

export async function mi(_options: MiArguments, _terminal: Terminal): Promise<ExitStatus> {
  return 0;
}
