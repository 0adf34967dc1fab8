/** Links as they are told to the control process and by MI: plain data, a page at a time. */
import type { ConnectionFacts, LinkFacts } from '../events.js';
import { formatEndpoint, formatHostPort } from '../lib/address.js';
import { joinPages, pageOf, type Key, type Page, type PageRequest } from './pages.js';

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

export type LinkPage = Page<LinkRow>;

/** @param links in any order */
export function linkPage(links: Iterable<LinkFacts>, request: PageRequest): LinkPage {
  const all = Array.from(links, (link) => ({ link, openedAt: link.downstream.openedAt, id: link.id }));
  return pageOf(all, request, ({ link }) => rowOf(link));
}

/** The pages of several workers as one. */
export function joinLinkPages(pages: readonly LinkPage[], request: PageRequest): LinkPage {
  return joinPages(pages, request, linkKey);
}

export function linkKey({ id, downstream }: LinkRow): Key {
  return { openedAt: downstream.openedAt, id };
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
