/** This project's own: MSRP sessions with what went in them, and what is missing. */
import type { SessionRow, TransferRow, WayRow } from '../../sessions/session-row.js';
import type { Command } from '../mi-command.js';
import type { Control } from './control.js';
import { pagedRecipes } from './paged.js';

export function sessionCommands(control: Control): readonly Command[] {
  const recipes = pagedRecipes(
    (page) => control.sessions(page),
    (row) => row,
    (rows) => {
      const now = (control.now?.() ?? new Date()).getTime() * 1_000;
      return { Sessions: rows.map((row) => sessionOf(row, now)) };
    },
  );
  return [{ names: ['msrptap:sessions'], recipes }];
}

function sessionOf(row: SessionRow, now: number): Readonly<Record<string, unknown>> {
  return {
    ID: row.id,
    Link: row.link,
    To: row.to,
    From: row.from,
    State: row.state,
    Seconds: Math.max(0, Math.floor((now - row.openedAt) / 1_000_000)),
    Idle: row.idle,
    Up: wayOf(row.up),
    Down: wayOf(row.down),
  };
}

function wayOf(way: WayRow): Readonly<Record<string, unknown>> {
  const { complete = 0, overlapping = 0, incomplete = 0, aborted = 0 } = way.results;
  return {
    Bytes: way.bytes,
    Requests: way.requests,
    Responses: way.responses,
    Waiting: way.waiting,
    Content: Object.fromEntries(
      Object.entries(way.content).map(([content, { messages, octets }]) => [
        content,
        { Messages: messages, Octets: octets },
      ]),
    ),
    Complete: complete,
    Overlapping: overlapping,
    Incomplete: incomplete,
    Aborted: aborted,
    FailedReports: way.failedReports,
    Transfers: way.transfers.map(transferOf),
  };
}

function transferOf({ messageId, content, octets, total, ranges }: TransferRow): Readonly<Record<string, unknown>> {
  return { 'Message-ID': messageId, Content: content, Octets: octets, Total: total, Ranges: ranges };
}
