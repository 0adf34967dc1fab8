import { describe, expect, it } from 'vitest';
import { joinLinkPages, linkKey, linkPage, type LinkPage } from '#src/control/link-rows.js';
import { isMark, markOf } from '#src/control/pages.js';
import type { ConnectionFacts, LinkFacts } from '#src/events.js';

function connection(openedAt: number): ConnectionFacts {
  const addresses = { near: { ip: '::1', port: 1 }, far: { ip: '192.0.2.1', port: 2 } };
  const figures = { bytesIn: 1, bytesOut: 2, messagesIn: 3, messagesOut: 4 };
  return { leg: 'downstream', proto: 'msrp', tls: null, openedAt, ...addresses, ...figures };
}

function link(id: string, openedAt: number): LinkFacts {
  return { id, downstream: connection(openedAt), upstream: null, nextHop: { proto: 'msrps', host: 'hop', port: 2855 } };
}

const idsOf = ({ rows }: LinkPage): string[] => rows.map(({ id }) => id);

it('a row has what is told of a link', () => {
  expect(linkPage([link('a-1', 7)], { count: 5, after: null })).toEqual({
    rows: [
      {
        id: 'a-1',
        nextHop: 'msrps:hop:2855',
        downstream: {
          proto: 'msrp',
          near: '[::1]:1',
          far: '192.0.2.1:2',
          openedAt: 7,
          bytesIn: 1,
          bytesOut: 2,
          messagesIn: 3,
          messagesOut: 4,
        },
        upstream: null,
      },
    ],
    total: 1,
    hasMore: false,
  });
});

describe('pages', () => {
  const links = [link('b-2', 5), link('a-9', 5), link('a-1', 9), link('a-3', 1)];

  it('are in the order in which the links came, each link once', () => {
    const pages: string[][] = [];
    for (let after: string | null = null; ;) {
      const page: LinkPage = linkPage(links, { count: 3, after });
      pages.push(idsOf(page));
      const last = page.rows.at(-1);
      if (!page.hasMore || last === undefined) break;
      after = markOf(linkKey(last));
    }
    expect(pages).toEqual([['a-3', 'a-9', 'b-2'], ['a-1']]);
  });

  it('go on where the one before ended, though that link has ended', () => {
    expect(idsOf(linkPage([link('a-1', 9)], { count: 3, after: '5-b-2' }))).toEqual(['a-1']);
  });

  it('of several workers are one', () => {
    const request = { count: 3, after: null };
    const [one, other] = [linkPage(links.slice(0, 2), request), linkPage(links.slice(2), request)];
    const joined = joinLinkPages([one, other], request);
    expect(idsOf(joined)).toEqual(['a-3', 'a-9', 'b-2']);
    expect(joined).toMatchObject({ total: 4, hasMore: true });
    expect(joinLinkPages([], request)).toEqual({ rows: [], total: 0, hasMore: false });
  });

  it.each(['', 'x', '5', '5-', '-a', '5-a b', '99999999999999999-a', '__proto__'])('%j is no mark', (text) => {
    expect(isMark(text)).toBe(false);
  });
});
