/** All MI commands, each in the file of what it is about. */
import { connectionCommands } from './commands/connections.js';
import type { Control } from './commands/control.js';
import { correlationCommands } from './commands/correlations.js';
import { coreCommands } from './commands/core.js';
import { linkCommands } from './commands/links.js';
import { reloadCommands } from './commands/reload.js';
import { sessionCommands } from './commands/sessions.js';
import { statisticCommands } from './commands/statistics.js';
import { tlsCommands } from './commands/tls.js';
import { traceCommands } from './commands/trace.js';
import { upstreamCommands } from './commands/upstreams.js';
import { commandTable, type CommandTable } from './mi-command.js';

export type { ChangedKey, Control, Correlations, Heard, ReloadOutcome, TlsDomainFacts } from './commands/control.js';

export function miCommands(control: Control): CommandTable {
  const table = commandTable([
    ...traceCommands(control),
    ...coreCommands(control, () => table),
    ...statisticCommands(control),
    ...connectionCommands(control),
    ...reloadCommands(control),
    ...tlsCommands(control),
    ...linkCommands(control),
    ...sessionCommands(control),
    ...upstreamCommands(control),
    ...correlationCommands(control),
  ]);
  return table;
}
