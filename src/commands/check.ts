import { checkConfig } from '../check.js';
import type { ExitStatus, Terminal } from './command.js';

/** `msrptap check`: problems end with 2, risks alone with 0. */
export async function check(file: string, terminal: Terminal): Promise<ExitStatus> {
  const { problems, risks } = await checkConfig(file, new Date(), { token: terminal.token });
  for (const problem of problems) terminal.complain(`error: ${problem}`);
  for (const risk of risks) terminal.print(`risk: ${risk}`);
  if (problems.length > 0) return 2;
  if (risks.length === 0) terminal.print('ok');
  return 0;
}
