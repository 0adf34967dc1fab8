/** Links as they are told to the control process and by MI: plain data, a page at a time. */
import type { ConnectionFacts, LinkFacts } from '../events.js';
import { formatEndpoint, formatHostPort } from '../lib/address.js';

export interface ConnectionRow {
  readonly proto: ConnectionFacts['proto'];
  /** `ip:port`, `[v6]:port`. */
  readonly near: string;
  readonly far: string;
  /** Microseconds since 1970. */
  readonly openedAt: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

export interface LinkRow {
  readonly id: string;
  /** null: where the To-Path leads. */
  readonly nextHop: string | null;
  readonly downstream: ConnectionRow;
  /** null until the dial succeeded. */
  readonly upstream: ConnectionRow | null;
}

export interface PageRequest {
  /** At most so many links. */
  readonly count: number;
  /** Those that come after this mark of the page before; null: from the oldest one on. */
  readonly after: string | null;
}

export interface LinkPage {
  /** The oldest first. */
  readonly rows: readonly LinkRow[];
  /** Links there are, on this page and on others. */
  readonly total: number;
  /** Whether more come after the last row. */
  readonly hasMore: boolean;
}

/** @param links in any order */
export function linkPage(links: Iterable<LinkFacts>, { count, after }: PageRequest): LinkPage {
  const all = [...links];
  const mark = after === null ? null : readMark(after);
  const rest = all
    .map((link) => ({ link, key: { openedAt: link.downstream.openedAt, id: link.id } }))
    .filter(({ key }) => mark === null || compare(key, mark) > 0)
    .toSorted((a, b) => compare(a.key, b.key));
  return {
    rows: rest.slice(0, count).map(({ link }) => rowOf(link)),
    total: all.length,
    hasMore: rest.length > count,
  };
}

/** The pages of several workers as one. */
export function joinPages(pages: readonly LinkPage[], { count }: PageRequest): LinkPage {
  const rows = pages.flatMap((page) => page.rows).toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  return {
    rows: rows.slice(0, count),
    total: pages.reduce((sum, { total }) => sum + total, 0),
    hasMore: rows.length > count || pages.some(({ hasMore }) => hasMore),
  };
}

const MARK = /^(?<openedAt>\d{1,16})-(?<id>[\w-]{1,64})$/;

/** Where the page after this row begins: links that come and go meanwhile do not shift it. */
export function markOf(row: LinkRow): string {
  return `${row.downstream.openedAt}-${row.id}`;
}

export function isMark(text: string): boolean {
  return MARK.test(text);
}

interface Key {
  readonly openedAt: number;
  readonly id: string;
}

function readMark(text: string): Key | null {
  const { openedAt, id } = MARK.exec(text)?.groups ?? {};
  return openedAt === undefined || id === undefined ? null : { openedAt: Number(openedAt), id };
}

function keyOf({ id, downstream }: LinkRow): Key {
  return { openedAt: downstream.openedAt, id };
}

function compare(a: Key, b: Key): number {
  if (a.openedAt !== b.openedAt) return a.openedAt - b.openedAt;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

function rowOf({ id, nextHop, downstream, upstream }: LinkFacts): LinkRow {
  return {
    id,
    nextHop: nextHop === null ? null : `${nextHop.proto}:${formatHostPort(nextHop)}`,
    downstream: connectionOf(downstream),
    upstream: upstream === null ? null : connectionOf(upstream),
  };
}

function connectionOf(connection: ConnectionFacts): ConnectionRow {
  const { proto, near, far, openedAt, bytesIn, bytesOut, messagesIn, messagesOut } = connection;
  const addresses = { near: formatEndpoint(near), far: formatEndpoint(far) };
  return { proto, ...addresses, openedAt, bytesIn, bytesOut, messagesIn, messagesOut };
}
