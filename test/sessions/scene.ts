/** Sessions without a socket: what is read on links, and what is seen of it. */
import { Room } from '#src/lib/room.js';
import { SessionCounts } from '#src/control/session-counts.js';
import { pageOf } from '#src/control/pages.js';
import type { Direction, LinkObserver } from '#src/events.js';
import { Parser } from '#src/msrp/parser.js';
import { writeRequest, writeResponse } from '#src/msrp/writer.js';
import type { SessionRow } from '#src/sessions/session-row.js';
import { Sessions } from '#src/sessions/sessions.js';
import { Transactions } from '#src/transactions/transactions.js';
import { onTestFinished } from 'vitest';
import { linkFacts } from '../helpers/facts.js';
import { configWith } from '../helpers/config.js';

const LIMITS = configWith('').limits;

/** A link, by what is read on it. */
export class ScriptedLink {
  readonly #observers: readonly LinkObserver[];
  readonly #parsers = { up: new Parser(), down: new Parser() };

  constructor(observers: readonly LinkObserver[]) {
    this.#observers = observers;
  }

  /** One read. */
  read(direction: Direction, octets: Buffer | string): void {
    const parser = this.#parsers[direction];
    const buffer = Buffer.from(octets);
    parser.parse(buffer);
    const { pieces, strayBytes, error } = parser;
    const read = { direction, buffer, time: 7, pieces, strayBytes, parseError: error };
    for (const observer of this.#observers) observer.read(read);
    parser.settle();
    // Whoever looks at it later than he may sees nonsense.
    buffer.fill(0xff);
  }

  /** The same, cut into reads of `size` octets. */
  readCut(direction: Direction, octets: Buffer, size: number): void {
    for (let at = 0; at < octets.length; at += size) this.read(direction, octets.subarray(at, at + size));
  }

  end(): void {
    for (const observer of this.#observers) observer.ended();
  }
}

const named = (what: string, counts: Iterable<[string, number]>): [string, number][] =>
  Array.from(counts, ([name, count]): [string, number] => [`${what} ${name}`, count]).filter(([, count]) => count > 0);

export class Scene {
  readonly counts = new SessionCounts();
  readonly sessions: Sessions;
  readonly transactions = new Transactions(
    30_000,
    new Room(() => LIMITS.transactions),
    { answered: () => {}, unwatched: () => {} },
    (link) => this.sessions.on(link),
  );
  #links = 0;

  /** @param limits where they are others than usual */
  constructor(limits: Partial<typeof LIMITS> = {}) {
    this.sessions = new Sessions(this.counts, () => ({ ...LIMITS, ...limits }));
    this.sessions.watch(this.transactions);
    onTestFinished(() => this.sessions.stop());
  }

  link(): ScriptedLink {
    this.#links += 1;
    const facts = linkFacts(`x-${this.#links}`);
    const own = this.sessions.link(facts);
    return new ScriptedLink([own, this.transactions.over(own, facts)]);
  }

  get rows(): readonly SessionRow[] {
    return pageOf([...this.sessions.entries()], { count: 1_000, after: null }, (entry) => entry.row()).rows;
  }

  /** What is counted one way, but for zeros. */
  counted(direction: Direction): Readonly<Record<string, number>> {
    const { bytes, messages, results } = this.sessions.totals()[direction];
    return Object.fromEntries([...named('bytes', bytes), ...named('messages', messages), ...named('results', results)]);
  }
}

export const CALLER = 'msrp://caller.example.com:7654/from;tcp';
export const CALLEE = 'msrp://callee.example.com:12763/to;tcp';

export interface Said {
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly flag?: '$' | '+' | '#';
  readonly range?: string;
  readonly id?: string;
  readonly to?: string;
  readonly from?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

let transactions = 0;

/** A SEND, of the caller unless `to` and `from` say otherwise. */
export function send({ body, type = 'text/plain', flag = '$', range, id = 'm1', ...said }: Said = {}): Buffer {
  transactions += 1;
  return writeRequest({
    transactionId: `tid${transactions}`,
    method: 'SEND',
    toPath: [said.to ?? CALLEE],
    fromPath: [said.from ?? CALLER],
    headers: [
      ['Message-ID', id],
      ...(said.headers ?? []),
      ...(range === undefined ? [] : [['Byte-Range', range] as const]),
    ],
    flag,
    ...(body === undefined ? {} : { contentType: type, body }),
  });
}

/** The response to the request that was written last. */
export function ok(to = CALLER, from = CALLEE): Buffer {
  return writeResponse({
    transactionId: `tid${transactions}`,
    status: 200,
    comment: 'OK',
    toPath: [to],
    fromPath: [from],
  });
}

/** A REPORT of the callee. */
export function report({ status, range, id = 'm1' }: { status: string; range?: string; id?: string }): Buffer {
  transactions += 1;
  return writeRequest({
    transactionId: `tid${transactions}`,
    method: 'REPORT',
    toPath: [CALLER],
    fromPath: [CALLEE],
    headers: [['Message-ID', id], ...(range === undefined ? [] : [['Byte-Range', range] as const]), ['Status', status]],
    flag: '$',
  });
}
