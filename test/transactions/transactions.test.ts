import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Direction, LinkObserver, TimedOutTransaction } from '#src/events.js';
import { Room } from '#src/lib/room.js';
import { Parser } from '#src/msrp/parser.js';
import { MAX_OPEN_ON_LINK } from '#src/transactions/link-transactions.js';
import { Transactions } from '#src/transactions/transactions.js';
import { linkFacts } from '../helpers/facts.js';
import { SILENT } from '../helpers/proxy.js';
import { configWith } from '../helpers/config.js';

const MAX_OPEN = configWith('').limits.transactions;

const TIMEOUT = 30_000;
/** By which a timeout may be late, in milliseconds. */
const LATE = 200;

const PATHS = 'To-Path: msrp://b.example:1/b;tcp\r\nFrom-Path: msrp://a.example:1/a;tcp\r\n';

function request(id: string, { method = 'SEND', headers = '', body = 'hi' } = {}): string {
  return `MSRP ${id} ${method}\r\n${PATHS}${headers}Content-Type: text/plain\r\n\r\n${body}\r\n-------${id}$\r\n`;
}

function ok(id: string, status = '200 OK'): string {
  return `MSRP ${id} ${status}\r\n${PATHS}-------${id}$\r\n`;
}

/** What one process has: its layer, and what that told. */
class Scene {
  readonly answered: [method: string, seconds: number][] = [];
  readonly timedOut: TimedOutTransaction[] = [];
  unwatched = 0;
  readonly transactions = new Transactions(TIMEOUT, new Room(() => MAX_OPEN), {
    answered: (method, seconds) => void this.answered.push([method, seconds]),
    unwatched: () => (this.unwatched += 1),
  });

  link(): Link {
    return new Link(this);
  }
}

class Link {
  readonly #observer: LinkObserver;
  readonly #parsers: Record<Direction, Parser> = { up: new Parser(), down: new Parser() };

  constructor({ transactions, timedOut }: Scene) {
    const everybody: LinkObserver = {
      ...SILENT,
      transactionTimedOut: (transaction) => void timedOut.push(transaction),
    };
    this.#observer = transactions.over(everybody, linkFacts());
  }

  /** One read, whose buffer is used again afterwards. */
  say(direction: Direction, ...texts: string[]): void {
    const buffer = Buffer.from(texts.join(''));
    const parser = this.#parsers[direction];
    parser.parse(buffer);
    const { pieces, strayBytes, error } = parser;
    this.#observer.read({ direction, buffer, time: 0, pieces, strayBytes, parseError: error });
    parser.settle();
    buffer.fill(0xff);
  }

  end(): void {
    this.#observer.ended();
  }
}

/** Time passes, with a turn of the event loop behind it. */
function wait(ms: number): void {
  vi.advanceTimersByTime(ms);
  vi.advanceTimersByTime(0);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance', 'Date'] });
  // The clock begins at 0, which no running process sees.
  vi.advanceTimersByTime(1_000);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a response', () => {
  test.each<[Direction, Direction]>([
    ['up', 'down'],
    ['down', 'up'],
  ])('to a request that went %s comes %s, and tells how long it took', (there, back) => {
    const scene = new Scene();
    const link = scene.link();
    link.say(there, request('abcd1'));
    wait(250);
    link.say(there, ok('abcd1'));
    expect(scene.answered).toEqual([]);
    link.say(back, ok('abcd1'));
    expect(scene.answered).toEqual([['SEND', 0.25]]);
    expect(scene.transactions.room.used).toBe(0);
  });

  test('of any code ends it, and so does one whose end comes later', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('abcd1'), request('abcd2', { method: 'NICKNAME' }));
    link.say('down', ok('abcd1', '413'), ok('abcd2', '425').slice(0, 20));
    wait(1_000);
    expect(scene.transactions.room.used).toBe(1);
    link.say('down', ok('abcd2', '425').slice(20));
    expect(scene.answered).toEqual([
      ['SEND', 0],
      ['NICKNAME', 1],
    ]);
  });

  test('may come in any order', () => {
    const scene = new Scene();
    const link = scene.link();
    const ids = Array.from({ length: 20 }, (_, i) => `abcd${i}`);
    for (const id of ids) {
      link.say('up', request(id));
      wait(10);
    }
    for (const id of ids.toReversed()) link.say('down', ok(id));
    expect(scene.answered.map(([, seconds]) => seconds)).toEqual(ids.map((_, i) => (i + 1) / 100));
    expect(scene.transactions.room.used).toBe(0);
  });

  test('answers the oldest of those that have the same transaction-id', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('empty'));
    wait(100);
    link.say('up', request('empty'));
    wait(100);
    link.say('down', ok('empty'));
    wait(100);
    link.say('down', ok('empty'), ok('empty'));
    expect(scene.answered.map(([, seconds]) => seconds)).toEqual([0.2, 0.2]);
  });

  test('with an id that only begins or ends alike answers nothing', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('abcd1'));
    for (const id of ['abcd', 'abcd11', 'abcd2', 'bbcd1']) link.say('down', ok(id));
    expect(scene.answered).toEqual([]);
    expect(scene.transactions.room.used).toBe(1);
  });

  test('on another link answers nothing', () => {
    const scene = new Scene();
    scene.link().say('up', request('abcd1'));
    scene.link().say('down', ok('abcd1'));
    expect(scene.answered).toEqual([]);
  });

  test('may come before the end of its request', () => {
    const scene = new Scene();
    const link = scene.link();
    const long = request('abcd1', { body: 'x'.repeat(3_000) });
    link.say('up', long.slice(0, 1_000));
    wait(5_000);
    link.say('down', ok('abcd1', '413'));
    expect(scene.answered).toEqual([['SEND', 0]]);
    link.say('up', long.slice(1_000));
    expect(scene.transactions.room.used).toBe(0);
    wait(TIMEOUT + LATE);
    expect(scene.timedOut).toEqual([]);
  });
});

describe('no response is due', () => {
  test.each([
    ['a REPORT', request('abcd1', { method: 'REPORT', headers: 'Status: 000 200 OK\r\n' })],
    ['a request with Failure-Report: no', request('abcd1', { headers: 'Failure-Report: no\r\n' })],
    ['one with Failure-Report: partial', request('abcd1', { headers: 'failure-report:PARTIAL\r\n' })],
  ])('to %s', (_, message) => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', message, message.replaceAll('abcd1', 'abcd2'));
    expect(scene.transactions.room.used).toBe(0);
    link.say('down', ok('abcd1'));
    wait(TIMEOUT + LATE);
    expect([scene.answered, scene.timedOut]).toEqual([[], []]);
  });

  test('to a request that does not come to its end', () => {
    const scene = new Scene();
    scene.link().say('up', request('abcd1').slice(0, -5));
    wait(3 * TIMEOUT);
    expect(scene.timedOut).toEqual([]);
    expect(scene.transactions.room.used).toBe(1);
  });
});

describe('a request that gets no response', () => {
  test('is told once, with what it was', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('abcd1', { headers: 'Failure-Report: yes\r\n' }));
    link.say('down', request('abcd1', { method: 'NICKNAME' }));
    wait(TIMEOUT - 1);
    expect(scene.timedOut).toEqual([]);
    wait(LATE);
    const common = { transactionId: 'abcd1', age: expect.closeTo(TIMEOUT + LATE / 2, -2.5) };
    expect(scene.timedOut).toEqual([
      { ...common, direction: 'up', method: 'SEND', at: expect.any(Number) },
      { ...common, direction: 'down', method: 'NICKNAME', at: expect.any(Number) },
    ]);
    for (const { at } of scene.timedOut) expect(Math.abs(at / 1_000 - Date.now())).toBeLessThan(LATE);
    link.say('down', ok('abcd1'));
    wait(2 * TIMEOUT);
    expect(scene.timedOut).toHaveLength(2);
    expect(scene.answered).toEqual([]);
    expect(scene.transactions.room.used).toBe(0);
  });

  test('has its time from its last octet', () => {
    const scene = new Scene();
    const link = scene.link();
    const message = request('abcd1');
    link.say('up', message.slice(0, 30));
    wait(TIMEOUT);
    link.say('up', message.slice(30, -1));
    wait(TIMEOUT);
    link.say('up', message.slice(-1));
    wait(TIMEOUT - 1);
    expect(scene.timedOut).toEqual([]);
    wait(LATE);
    expect(scene.timedOut).toHaveLength(1);
  });

  test('is told of when it is due, whatever was answered and asked before and after it', () => {
    const scene = new Scene();
    const [link, other] = [scene.link(), scene.link()];
    link.say('up', request('lost1'));
    for (let i = 0; i < 100; i += 1) {
      link.say('up', request(`abcd${i}`));
      link.say('down', ok(`abcd${i}`));
      wait(100);
    }
    other.say('down', request('lost2'));
    wait(TIMEOUT - 10_000 + LATE);
    expect(scene.timedOut.map(({ transactionId }) => transactionId)).toEqual(['lost1']);
    wait(10_000);
    expect(scene.timedOut.map(({ transactionId }) => transactionId)).toEqual(['lost1', 'lost2']);
    expect(scene.answered).toHaveLength(100);
  });

  test('is not told of when its response has arrived, although it was not read yet', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('abcd1'));
    // The loop stands still until after the time; then timers come first, and what was received after them.
    vi.setSystemTime(Date.now() + 2 * TIMEOUT);
    vi.advanceTimersToNextTimer();
    link.say('down', ok('abcd1'));
    wait(LATE);
    expect(scene.timedOut).toEqual([]);
    expect(scene.answered).toHaveLength(1);
  });

  test('is nothing to tell when its link has ended', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('abcd1'));
    link.say('down', request('abcd1'));
    link.end();
    expect(scene.transactions.room.used).toBe(0);
    wait(TIMEOUT + LATE);
    expect(scene.timedOut).toEqual([]);
  });

  test('nor when its response could not have been understood', () => {
    const scene = new Scene();
    const link = scene.link();
    link.say('up', request('abcd1'));
    link.say('down', request('abcd2'));
    link.say('down', 'HTTP/1.1 200 OK\r\n');
    link.say('up', request('abcd3'));
    expect(scene.transactions.room.used).toBe(1);
    link.say('up', ok('abcd2'));
    wait(TIMEOUT + LATE);
    expect(scene.timedOut).toEqual([]);
    expect(scene.answered).toHaveLength(1);
  });

  test('keeps no more of a method than a name has', () => {
    const scene = new Scene();
    scene.link().say('up', request('abcd1', { method: 'X'.repeat(5_000) }));
    wait(TIMEOUT + LATE);
    expect(scene.timedOut[0]?.method).toBe('X'.repeat(32));
  });
});

describe('whatever is not answered', () => {
  test('is watched up to a bound on each link, and counted beyond it', () => {
    const scene = new Scene();
    const link = scene.link();
    const half = MAX_OPEN_ON_LINK / 2;
    for (let i = 0; i < half + 3; i += 1) link.say('up', request(`abcd${i}`));
    for (let i = 0; i < half; i += 1) link.say('down', request(`abcd${i}`));
    expect([scene.transactions.room.used, scene.unwatched]).toEqual([MAX_OPEN_ON_LINK, 3]);
    link.say('down', ok('abcd0'));
    link.say('up', request('again'));
    expect([scene.transactions.room.used, scene.unwatched]).toEqual([MAX_OPEN_ON_LINK, 3]);
    wait(TIMEOUT + LATE);
    expect(scene.timedOut).toHaveLength(MAX_OPEN_ON_LINK);
    expect(scene.transactions.room.used).toBe(0);
  });

  test('and over all links; it is told in portions, and every one of it', () => {
    const scene = new Scene();
    const all = Array.from({ length: MAX_OPEN / MAX_OPEN_ON_LINK + 1 }, () => scene.link());
    const many = Array.from({ length: MAX_OPEN_ON_LINK }, (_, i) => request(`abcd${i}`)).join('');
    for (const link of all) link.say('up', many);
    expect([scene.transactions.room.used, scene.unwatched]).toEqual([MAX_OPEN, MAX_OPEN_ON_LINK]);
    vi.advanceTimersByTime(TIMEOUT);
    const first = scene.timedOut.length;
    expect(first).toBeLessThan(MAX_OPEN);
    wait(LATE);
    expect(scene.timedOut).toHaveLength(MAX_OPEN);
    expect(scene.transactions.room.used).toBe(0);
  });

  test('needs one timer, which ends with the last of it', () => {
    const scene = new Scene();
    const links = Array.from({ length: 10 }, () => scene.link());
    for (const link of links) link.say('up', request('abcd1'));
    expect(vi.getTimerCount()).toBe(1);
    for (const link of links) link.say('down', ok('abcd1'));
    wait(TIMEOUT + LATE);
    expect(vi.getTimerCount()).toBe(0);
    links[0]?.say('up', request('abcd2'));
    expect(vi.getTimerCount()).toBe(1);
  });
});

/** Requests and responses of one link with a clock: a list, searched. */
class Model {
  readonly answered: number[] = [];
  readonly #open: Record<Direction, { id: string; since: number }[]> = { up: [], down: [] };
  #now = 0;

  get open(): number {
    return this.#open.up.length + this.#open.down.length;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  request(direction: Direction, id: string): void {
    this.#open[direction].push({ id, since: this.#now });
  }

  response(direction: Direction, id: string): void {
    const requests = this.#open[direction === 'up' ? 'down' : 'up'];
    const at = requests.findIndex((each) => each.id === id);
    const [found] = at === -1 ? [] : requests.splice(at, 1);
    if (found !== undefined) this.answered.push((this.#now - found.since) / 1_000);
  }
}

const directions = fc.constantFrom<Direction>('up', 'down');
const ids = fc.constantFrom('empty', 'abcd1', 'abcd2', 'abcd-2', `z${'9'.repeat(31)}`);
const talk = fc.array(
  fc.record({ what: fc.constantFrom('request', 'response'), direction: directions, id: ids, ms: fc.nat(20) }),
  { maxLength: 80 },
);

test('whatever is said in whatever order, each response answers the oldest request that it can be to', () => {
  fc.assert(
    fc.property(talk, fc.array(fc.nat(400), { maxLength: 3 }), (steps, cuts) => {
      const [scene, model] = [new Scene(), new Model()];
      const link = scene.link();
      for (const { what, direction, id, ms } of steps) {
        const text = what === 'request' ? request(id) : ok(id);
        const edges = [0, ...cuts.filter((cut) => cut > 0 && cut < text.length).toSorted((a, b) => a - b), text.length];
        edges.slice(1).forEach((end, i) => link.say(direction, text.slice(edges[i], end)));
        if (what === 'request') model.request(direction, id);
        else model.response(direction, id);
        model.pass(ms);
        vi.advanceTimersByTime(ms);
      }
      expect(scene.answered.map(([, seconds]) => seconds.toFixed(6))).toEqual(
        model.answered.map((seconds) => seconds.toFixed(6)),
      );
      expect(scene.transactions.room.used).toBe(model.open);
      link.end();
      expect(scene.transactions.room.used).toBe(0);
    }),
    { numRuns: 300 },
  );
});
