import type { LinkFacts } from '../events.js';
import { UNKNOWN } from './byte-range.js';
import { CONTENTS, RESULTS, type Content, type Result } from './kinds.js';
import type { Session } from './session.js';
import type { Waiting } from './waiting.js';
import type { Way } from './way.js';

/** flowing: nothing is missing; stalled: a request waits for its response; one_sided: and nothing ever came back. */
export type State = 'flowing' | 'stalled' | 'one_sided';

/** A message under way. */
export interface TransferRow {
  readonly messageId: string;
  readonly content: Content;
  readonly octets: number;
  /** null: not told yet. */
  readonly total: number | null;
  /** As `1-2048,4097-6144`. */
  readonly ranges: string;
}

export interface WayRow {
  readonly bytes: number;
  readonly requests: number;
  readonly responses: number;
  /** Requests that wait for their responses. */
  readonly waiting: number;
  readonly failedReports: number;
  /** Of what there was. */
  readonly content: { readonly [content in Content]?: { readonly messages: number; readonly octets: number } };
  readonly results: { readonly [result in Result]?: number };
  readonly transfers: readonly TransferRow[];
}

/** A session as plain data. */
export interface SessionRow {
  readonly id: string;
  readonly link: string;
  /** Microseconds since 1970. */
  readonly openedAt: number;
  readonly to: string;
  readonly from: string;
  /** Seconds since its last message. */
  readonly idle: number;
  readonly state: State;
  readonly up: WayRow;
  readonly down: WayRow;
}

export function sessionId(link: LinkFacts, session: Session): string {
  return `${link.id}-${session.number}`;
}

export function stateOf(session: Session, waiting: Waiting | undefined): State {
  if (waiting?.isStalled !== true) return 'flowing';
  return session.up.bytes === 0 || session.down.bytes === 0 ? 'one_sided' : 'stalled';
}

/** @param now of the clock of all sessions */
export function sessionRow(link: LinkFacts, session: Session, waiting: Waiting | undefined, now: number): SessionRow {
  const { openedAt, to, from, up, down, activeAt } = session;
  return {
    id: sessionId(link, session),
    link: link.id,
    openedAt,
    to,
    from,
    idle: now - activeAt,
    state: stateOf(session, waiting),
    up: wayRow(up, waiting?.up ?? 0),
    down: wayRow(down, waiting?.down ?? 0),
  };
}

function wayRow(way: Way, waiting: number): WayRow {
  const { bytes, requests, responses, failedReports, transfers } = way;
  return {
    bytes,
    requests,
    responses,
    waiting,
    failedReports,
    content: Object.fromEntries(
      CONTENTS.map((content, index) => [content, way.contentOf(index)] as const).filter(
        ([, { messages, octets }]) => messages + octets > 0,
      ),
    ),
    results: Object.fromEntries(
      RESULTS.map((result, index) => [result, way.resultsOf(index)] as const).filter(([, count]) => count > 0),
    ),
    transfers: transfers.map(({ messageId, content, octets, total, ranges }) => ({
      messageId,
      content: CONTENTS[content] ?? 'other',
      octets,
      total: total === UNKNOWN ? null : total,
      ranges,
    })),
  };
}
