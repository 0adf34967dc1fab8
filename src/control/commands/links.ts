/** This project's own: links with their live figures, and a way to end one. */
import { linkKey, type ConnectionRow, type LinkRow } from '../link-rows.js';
import { fault, invalidParams, ok, textOf, type Command, type MiResponse } from '../mi-command.js';
import { missingWorkers, type Control } from './control.js';
import { pagedRecipes } from './paged.js';

export function linkCommands(control: Control): readonly Command[] {
  return [links(control), close(control)];
}

function links(control: Control): Command {
  const recipes = pagedRecipes(
    (page) => control.links(page),
    linkKey,
    (rows) => {
      const now = (control.now?.() ?? new Date()).getTime() * 1_000;
      return { Links: rows.map((row) => linkOf(row, now)) };
    },
  );
  return { names: ['msrptap:links'], recipes };
}

function close(control: Control): Command {
  const run = async (value: unknown): Promise<MiResponse> => {
    // As list_tcp_conns has it, with the connection; the two of a link end together.
    const id = textOf(value)?.replace(/\/(?:down|up)stream$/, '');
    if (id === undefined) return invalidParams();
    const { told, missing } = await control.closeLink(id);
    if (told) return ok();
    return missing.length === 0
      ? fault(404, 'No such link')
      : fault(-32000, 'Server error', `${missingWorkers(missing).Missing?.join(', ') ?? ''} did not answer`);
  };
  return { names: ['msrptap:close'], recipes: [{ params: ['id'], run }] };
}

function linkOf({ id, nextHop, downstream, upstream }: LinkRow, now: number): Readonly<Record<string, unknown>> {
  return {
    ID: id,
    State: upstream === null ? 'connecting' : 'connected',
    Seconds: Math.max(0, Math.floor((now - downstream.openedAt) / 1_000_000)),
    'Next hop': nextHop,
    Downstream: connectionOf(downstream),
    Upstream: upstream === null ? null : connectionOf(upstream),
  };
}

function connectionOf(row: ConnectionRow): Readonly<Record<string, unknown>> {
  return {
    Type: row.proto,
    Remote: row.far,
    Local: row.near,
    BytesIn: row.bytesIn,
    BytesOut: row.bytesOut,
    MessagesIn: row.messagesIn,
    MessagesOut: row.messagesOut,
  };
}
