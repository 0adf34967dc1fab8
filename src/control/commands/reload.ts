/** This project's own: the configuration anew, as SIGHUP does it. */
import { fault, ok, type Command, type MiResponse } from '../mi-command.js';
import type { ChangedKey, Control } from './control.js';

export function reloadCommands(control: Control): readonly Command[] {
  const run = async (): Promise<MiResponse> => {
    const { refused, changed } = await control.reload();
    const Changed = changed.map(rowOf);
    if (refused === null) return ok({ Changed });
    return fault(400, 'Not reloaded', { Code: refused.code, Why: refused.why, Changed });
  };
  return [{ names: ['msrptap:reload'], recipes: [{ params: [], run }] }];
}

function rowOf({ key, old, new: now, needsRestart }: ChangedKey): Readonly<Record<string, unknown>> {
  return { Key: key, Old: old, New: now, ...(needsRestart ? { 'Needs restart': true } : {}) };
}
