import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ConnectionFacts, Direction, Ending, FailedAttempt, LinkFacts, LinkObserver } from '#src/events.js';
import type { PacketFlow } from '#src/hep/packet.js';
import { PacketTemplates } from '#src/hep/packet.js';
import { type Endpoint, formatEndpoint } from '#src/lib/address.js';
import { Parser } from '#src/msrp/parser.js';
import { Correlations } from '#src/trace/correlations.js';
import type { MessageQuestion } from '#src/trace/filter-message.js';
import type { MessageVerdict } from '#src/trace/filter-queue.js';
import type { RouteInput } from '#src/trace/filter-route.js';
import type { TracerOptions } from '#src/trace/core.js';
import { Tracer } from '#src/trace/tracer.js';

const CLIENT: Endpoint = { ip: '192.0.2.1', port: 40_000 };
const LISTENER: Endpoint = { ip: '192.0.2.9', port: 2855 };
const OUTGOING: Endpoint = { ip: '192.0.2.9', port: 50_000 };
const SERVER: Endpoint = { ip: '192.0.2.2', port: 2855 };

interface Packet {
  readonly type: number;
  readonly from: string;
  readonly to: string;
  readonly time: number;
  readonly correlation: string;
  readonly text: string;
}

/** Keeps what it is sent, decoded by nobody: the fields as the tracer gave them. */
class FakeExporter {
  readonly packets: Packet[] = [];
  readonly #ends = new Map<PacketFlow, { type: number; from: string; to: string }>();
  readonly #templates = new PacketTemplates({ captureId: 1 });
  dropped = 0;
  discarded = 0;
  isHeld = false;

  readonly flows = this;

  flow(type: number, source: Endpoint, destination: Endpoint): PacketFlow {
    const flow = this.#templates.flow(type, source, destination);
    this.#ends.set(flow, { type, from: formatEndpoint(source), to: formatEndpoint(destination) });
    return flow;
  }

  send(flow: PacketFlow, time: number, correlation: string, payload: Buffer): void {
    const ends = this.#ends.get(flow);
    if (ends === undefined) throw new Error('a flow that is not mine');
    this.packets.push({ ...ends, time, correlation, text: payload.toString() });
  }

  sendMessage(flow: PacketFlow, time: number, correlation: string, payload: Buffer): void {
    this.send(flow, time, correlation, payload);
  }

  countDropped(packets: number): void {
    this.dropped += packets;
  }

  discard(): void {
    this.discarded += 1;
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }

  get events(): Record<string, unknown>[] {
    return this.packets
      .filter(({ type }) => type === 89)
      .map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  }

  get messages(): Packet[] {
    return this.packets.filter(({ type }) => type === 110);
  }
}

const OPTIONS: TracerOptions = {
  trace_on: 1,
  trace_legs: 'through',
  trace_body: 'text',
  trace_max_payload: 12_288,
  correlation_wait: 5_000,
  hep_payload_type: { events: 89, messages: 110 },
  homer5_on: 0,
  homer5_delim: ':',
  waiting_bytes: 100_000,
  failure_events: () => 100,
};

function connection(leg: 'downstream' | 'upstream'): ConnectionFacts {
  const [near, far] = leg === 'downstream' ? [LISTENER, CLIENT] : [OUTGOING, SERVER];
  const counts = { bytesIn: 10, bytesOut: 20, messagesIn: 1, messagesOut: 2 };
  return { leg, proto: 'msrp', near, far, tls: null, openedAt: 1_000_000, ...counts };
}

const UPSTREAM_REFUSED: FailedAttempt = {
  link: 'start-1',
  leg: 'upstream',
  proto: 'msrp',
  near: { ip: '0.0.0.0', port: 0 },
  far: SERVER,
  name: 'sbc.example.com:2855',
  reason: 'connect_refused',
  detail: 'connect ECONNREFUSED 192.0.2.2:2855',
  at: 1_500_000,
};

function ending(status: Ending['status'] = 'SUCCESS', by: Ending['by'] = 'far'): Ending {
  return {
    reason: status === 'SUCCESS' ? 'peer_closed' : 'reset',
    status,
    by,
    detail: 'closed by the peer',
    at: 3_000_000,
  };
}

/** One link of a tracer, with a parser for each direction as the proxy has. */
class Harness {
  readonly exporter = new FakeExporter();
  readonly asked: { input: RouteInput; answer: (traced: boolean) => void }[] = [];
  /** Messages that the filter module is asked about. */
  readonly judged: { text: string; answer: (verdict: MessageVerdict) => void }[] = [];
  judgesMessages = false;
  readonly tracer: Tracer;
  readonly downstream = connection('downstream');
  readonly upstream = connection('upstream');
  readonly #parsers: Record<Direction, Parser> = { up: new Parser(), down: new Parser() };
  #link: LinkObserver | null = null;
  #upstream: ConnectionFacts | null = null;

  constructor(options: Partial<TracerOptions> = {}, filtered = false) {
    const filter = {
      decide: (input: RouteInput, answer: (traced: boolean) => void) => void this.asked.push({ input, answer }),
      judge: ({ held }: MessageQuestion, answer: (verdict: MessageVerdict) => void) =>
        void this.judged.push({ text: held.octets.toString(), answer }),
    };
    Object.defineProperty(filter, 'judgesMessages', { get: () => this.judgesMessages });
    this.tracer = new Tracer(
      { ...OPTIONS, ...options },
      this.exporter,
      filtered ? (filter as typeof filter & { readonly judgesMessages: boolean }) : null,
      new Correlations({ limit: 100, lifetime: 3_600_000 }),
    );
  }

  accept(): this {
    const upstream = (): ConnectionFacts | null => this.#upstream;
    const facts: LinkFacts = {
      id: 'start-1',
      downstream: this.downstream,
      get upstream() {
        return upstream();
      },
      nextHop: { proto: 'msrp', host: '192.0.2.2', port: 2855 },
    };
    this.#link = this.tracer.link(facts);
    return this;
  }

  get link(): LinkObserver {
    if (this.#link === null) throw new Error('not accepted');
    return this.#link;
  }

  connect(): this {
    this.#upstream = this.upstream;
    this.link.connected(this.upstream);
    return this;
  }

  read(direction: Direction, text: string | Buffer, time = 2_000_000): this {
    const buffer = Buffer.from(text);
    const parser = this.#parsers[direction];
    parser.parse(buffer);
    const { pieces, strayBytes, error } = parser;
    this.link.read({ direction, buffer, time, pieces, strayBytes, parseError: error });
    parser.settle();
    buffer.fill(0xff);
    return this;
  }

  timeOut(direction: Direction): this {
    this.link.transactionTimedOut({ direction, method: 'SEND', transactionId: 'abcd', age: 30_012.6, at: 2_500_000 });
    return this;
  }

  close(how = ending()): this {
    this.link.closed(this.downstream, how);
    this.link.closed(this.upstream, { ...how, by: 'near', reason: 'link_closed' });
    this.link.ended();
    return this;
  }
}

function send(tid: string, to = 'b0b', from = 'a11ce', body = 'hi'): string {
  return (
    `MSRP ${tid} SEND\r\nTo-Path: msrp://b.example:1/${to};tcp\r\nFrom-Path: msrp://a.example:1/${from};tcp\r\n` +
    `Content-Type: text/plain\r\n\r\n${body}\r\n-------${tid}$\r\n`
  );
}

function ok(tid: string, to = 'a11ce', from = 'b0b'): string {
  return `MSRP ${tid} 200 OK\r\nTo-Path: msrp://a.example:1/${to};tcp\r\nFrom-Path: msrp://b.example:1/${from};tcp\r\n-------${tid}$\r\n`;
}

describe('a plain link', () => {
  test('events and messages with addresses, correlation and rising times', () => {
    const { exporter } = new Harness().accept().connect().read('up', send('aaaa')).read('down', ok('aaaa')).close();
    const brief = exporter.packets.map(({ type, from, to, correlation, text }) => [
      type,
      from,
      to,
      correlation,
      type === 89 ? `${String(JSON.parse(text).Event)} ${String(JSON.parse(text).Leg)}` : text.split('\r\n', 1)[0],
    ]);
    expect(brief).toEqual([
      [89, '192.0.2.1:40000', '192.0.2.9:2855', 'b0b', 'ACCEPTED downstream'],
      [89, '192.0.2.9:50000', '192.0.2.2:2855', 'b0b', 'CONNECTED upstream'],
      [110, '192.0.2.1:40000', '192.0.2.2:2855', 'b0b', 'MSRP aaaa SEND'],
      [110, '192.0.2.2:2855', '192.0.2.1:40000', 'b0b', 'MSRP aaaa 200 OK'],
      [89, '192.0.2.1:40000', '192.0.2.9:2855', 'b0b', 'CLOSED downstream'],
      [89, '192.0.2.9:50000', '192.0.2.2:2855', 'b0b', 'CLOSED upstream'],
    ]);
    const times = exporter.packets.map(({ time }) => time);
    expect(times).toEqual([1_000_000, 1_000_001, 2_000_000, 2_000_001, 3_000_000, 3_000_001]);
  });

  test('the payload of each event', () => {
    const { exporter } = new Harness().accept().connect().read('up', send('aaaa')).close();
    const [accepted, connected, , closedDownstream] = [
      ...exporter.events.slice(0, 2),
      null,
      ...exporter.events.slice(2),
    ];
    expect(accepted).toEqual({
      Protocol: 'MSRP',
      Event: 'ACCEPTED',
      Status: 'SUCCESS',
      Message: 'Connection accepted...',
      Leg: 'downstream',
      Link: 'start-1',
      Source: '192.0.2.1:40000',
      Destination: '192.0.2.9:2855',
      Session: 'b0b',
    });
    expect(connected).toMatchObject({ Event: 'CONNECTED', Message: 'Successfully connected...', Leg: 'upstream' });
    expect(closedDownstream).toEqual({
      Protocol: 'MSRP',
      Event: 'CLOSED',
      Status: 'SUCCESS',
      Message: 'closed by the peer',
      Leg: 'downstream',
      Link: 'start-1',
      Source: '192.0.2.1:40000',
      Destination: '192.0.2.9:2855',
      Session: 'b0b',
      Reason: 'peer_closed',
      BytesIn: 10,
      BytesOut: 20,
      MessagesIn: 1,
      MessagesOut: 2,
      Duration: 2,
    });
  });

  test('a request without a response is told on the connection that it came in on', () => {
    const harness = new Harness().accept().connect().read('up', send('aaaa'));
    harness.timeOut('up').timeOut('down');
    const [up, down] = harness.exporter.packets.slice(-2);
    expect(up).toMatchObject({
      type: 89,
      from: '192.0.2.1:40000',
      to: '192.0.2.9:2855',
      time: 2_500_000,
      correlation: 'b0b',
    });
    expect(down).toMatchObject({ from: '192.0.2.2:2855', to: '192.0.2.9:50000', time: 2_500_001, correlation: 'b0b' });
    expect(harness.exporter.events.slice(-2)).toEqual([
      {
        Protocol: 'MSRP',
        Event: 'TRANSACTION',
        Status: 'FAILURE',
        Message: 'no response within transaction_timeout',
        Leg: 'downstream',
        Link: 'start-1',
        Source: '192.0.2.1:40000',
        Destination: '192.0.2.9:2855',
        Session: 'b0b',
        Reason: 'transaction_timeout',
        Method: 'SEND',
        TransactionId: 'abcd',
        Age: 30.013,
      },
      expect.objectContaining({ Event: 'TRANSACTION', Leg: 'upstream', Source: '192.0.2.2:2855', Session: 'b0b' }),
    ]);
  });

  test('homer5_on: text, OpenSIPS` four parts first', () => {
    const harness = new Harness({ homer5_on: 1, homer5_delim: '|' }).accept().connect().read('up', send('aaaa'));
    expect(harness.exporter.packets[0]?.text).toBe(
      'MSRP|ACCEPTED|SUCCESS|Connection accepted...|Leg=downstream|Link=start-1|Source=192.0.2.1:40000|Destination=192.0.2.9:2855|Session=b0b',
    );
  });

  test('several messages of one read have times of their own', () => {
    const { exporter } = new Harness()
      .accept()
      .connect()
      .read('up', send('aaaa') + send('bbbb') + send('cccc'));
    expect(exporter.messages.map(({ time }) => time)).toEqual([2_000_000, 2_000_001, 2_000_002]);
  });

  test('a message in pieces is mirrored whole, whatever became of the reads', () => {
    const harness = new Harness().accept().connect();
    const text = send('aaaa', 'b0b', 'a11ce', 'x'.repeat(5_000));
    for (const octet of text) harness.read('up', octet);
    expect(harness.exporter.messages.map((packet) => packet.text)).toEqual([text]);
  });

  test('trace_legs both: once for each connection, under that connection`s addresses', () => {
    const { exporter } = new Harness({ trace_legs: 'both' })
      .accept()
      .connect()
      .read('up', send('aaaa'))
      .read('down', ok('aaaa'));
    expect(exporter.messages.map(({ from, to, time }) => [from, to, time])).toEqual([
      ['192.0.2.1:40000', '192.0.2.9:2855', 2_000_000],
      ['192.0.2.9:50000', '192.0.2.2:2855', 2_000_001],
      ['192.0.2.2:2855', '192.0.2.9:50000', 2_000_002],
      ['192.0.2.9:2855', '192.0.2.1:40000', 2_000_003],
    ]);
  });
});

describe('correlation', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('events wait for the first message, correlation_wait at most, and keep their own time', () => {
    const { exporter } = new Harness().accept().connect();
    vi.advanceTimersByTime(4_999);
    expect(exporter.packets).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(exporter.packets.map(({ correlation, time }) => [correlation, time])).toEqual([
      ['conn-start-1', 1_000_000],
      ['conn-start-1', 1_000_001],
    ]);
    expect(exporter.events[0]).not.toHaveProperty('Session');
  });

  test('they are sent at once when the link ends', () => {
    const { exporter } = new Harness().accept().connect().close();
    expect(exporter.packets.map(({ correlation }) => correlation)).toEqual(Array(4).fill('conn-start-1'));
    expect(vi.getTimerCount()).toBe(0);
  });

  test('or when it fails', () => {
    const harness = new Harness().accept();
    harness.link.connectFailed(UPSTREAM_REFUSED);
    harness.link.ended();
    expect(harness.exporter.events.map(({ Event, Status, Reason }) => [Event, Status, Reason])).toEqual([
      ['ACCEPTED', 'SUCCESS', undefined],
      ['CONNECTED', 'FAILURE', 'connect_refused'],
    ]);
  });

  test('the headers of the first request are enough, in either direction', () => {
    const harness = new Harness().accept().connect();
    harness.read('down', send('aaaa', 'a11ce', 'b0b').slice(0, -18));
    expect(harness.exporter.packets.map(({ correlation }) => correlation)).toEqual(['a11ce', 'a11ce']);
  });

  test('CLOSED comes once for each session, up to 8, alike but for session, correlation id and time', () => {
    const harness = new Harness().accept().connect();
    for (let count = 1; count <= 10; count += 1) harness.read('up', send(`aaa${count}`, `s${count}`));
    harness.close();
    const closed = harness.exporter.packets.filter(
      ({ text }) => text.includes('"CLOSED"') && text.includes('downstream'),
    );
    expect(closed.map(({ correlation }) => correlation)).toEqual(['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8']);
    const bodies = closed.map(({ text }) => ({ ...(JSON.parse(text) as object), Session: '' }));
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
    expect(new Set(closed.map(({ time }) => time)).size).toBe(8);
  });
});

describe('decisions', () => {
  test('packets wait for the route; dropped: nothing; traced: all, in order', () => {
    for (const traced of [true, false]) {
      const harness = new Harness({}, true).accept().connect().read('up', send('aaaa')).read('down', ok('aaaa'));
      expect(harness.exporter.packets).toEqual([]);
      harness.asked[0]?.answer(traced);
      harness.asked[1]?.answer(traced);
      expect(harness.exporter.packets).toHaveLength(traced ? 4 : 0);
      harness.close();
      expect(harness.exporter.packets).toHaveLength(traced ? 6 : 0);
    }
  });

  test('the route is told what the document promises', () => {
    const harness = new Harness({}, true).accept().connect();
    expect(harness.asked.map(({ input }) => input)).toEqual([
      {
        si: CLIENT.ip,
        sp: CLIENT.port,
        socket_in: LISTENER,
        direction: 'accepted',
        proto: 'msrp',
        tls: null,
        next_hop: SERVER,
        peer: null,
      },
      {
        si: SERVER.ip,
        sp: SERVER.port,
        socket_in: OUTGOING,
        direction: 'connected',
        proto: 'msrp',
        tls: null,
        next_hop: SERVER,
        peer: { si: CLIENT.ip, sp: CLIENT.port },
      },
    ]);
  });

  test('through: the downstream connection`s decision counts for the messages of both directions', () => {
    const harness = new Harness({}, true).accept().connect();
    harness.asked[0]?.answer(false);
    harness.asked[1]?.answer(true);
    harness.read('up', send('aaaa')).read('down', ok('aaaa')).close();
    expect(harness.exporter.messages).toEqual([]);
    expect(harness.exporter.events.map(({ Event, Leg }) => `${String(Event)} ${String(Leg)}`)).toEqual([
      'CONNECTED upstream',
      'CLOSED upstream',
    ]);
  });

  test('both: each connection`s own', () => {
    const harness = new Harness({ trace_legs: 'both' }, true).accept().connect();
    harness.asked[0]?.answer(false);
    harness.asked[1]?.answer(true);
    harness.read('up', send('aaaa'));
    expect(harness.exporter.messages.map(({ from, to }) => [from, to])).toEqual([
      ['192.0.2.9:50000', '192.0.2.2:2855'],
    ]);
  });

  test('a failed dial asks no route and follows the downstream decision', () => {
    const harness = new Harness({}, true).accept();
    harness.asked[0]?.answer(false);
    harness.link.connectFailed(UPSTREAM_REFUSED);
    expect(harness.asked).toHaveLength(1);
    expect(harness.exporter.packets).toEqual([]);
  });

  test('both: what was read before the next hop stands goes out when it does, with its CONNECTED', () => {
    const { exporter } = new Harness({ trace_legs: 'both' }).accept().read('up', send('aaaa')).connect();
    expect(exporter.messages.map(({ from, to }) => [from, to])).toEqual([
      ['192.0.2.1:40000', '192.0.2.9:2855'],
      ['192.0.2.9:50000', '192.0.2.2:2855'],
    ]);
    expect(exporter.events).toMatchObject([{ Event: 'ACCEPTED' }, { Event: 'CONNECTED' }]);
  });

  test('messages read before the next hop stands wait for its address; after a failed dial they show where they were to go', () => {
    const connected = new Harness().accept().read('up', send('aaaa'));
    expect(connected.exporter.messages).toEqual([]);
    connected.connect();
    expect(connected.exporter.messages.map(({ to }) => to)).toEqual(['192.0.2.2:2855']);
    const failed = new Harness().accept().read('up', send('aaaa'));
    failed.link.connectFailed({ ...UPSTREAM_REFUSED, far: { ip: '0.0.0.0', port: 0 } });
    expect(failed.exporter.messages.map(({ to }) => to)).toEqual(['0.0.0.0:0']);
  });

  test('what waits is bounded; what is turned away is counted', () => {
    const harness = new Harness({ waiting_bytes: 3_000 }, true).accept();
    for (let count = 0; count < 100; count += 1) harness.read('up', send('aaaa'));
    harness.connect();
    harness.asked[0]?.answer(true);
    expect(harness.exporter.messages.length + harness.exporter.dropped).toBeGreaterThanOrEqual(100);
    expect(harness.exporter.messages.length).toBeLessThan(25);
  });
});

describe('msrp_trace', () => {
  test('off: nothing more, CLOSED included, and nothing that waited', () => {
    const harness = new Harness({}, true).accept().connect().read('up', send('aaaa'));
    harness.tracer.set(false);
    harness.asked[0]?.answer(true);
    harness.asked[1]?.answer(true);
    harness.read('up', send('bbbb')).close();
    expect(harness.exporter.packets).toEqual([]);
    expect(harness.exporter).toMatchObject({ discarded: 1, dropped: 3 });
  });

  test('a connection opened while it was off is never traced, nor is a route asked', () => {
    const harness = new Harness({ trace_on: 0 }, true).accept().connect();
    harness.tracer.set(true);
    harness.read('up', send('aaaa')).close();
    expect(harness.asked).toEqual([]);
    expect(harness.exporter.packets).toEqual([]);
  });

  test('on again: those that were opened while it was on are traced again', () => {
    const harness = new Harness().accept().connect().read('up', send('aaaa'));
    harness.tracer.set(false);
    harness.read('up', send('bbbb'));
    harness.tracer.set(true);
    harness.read('up', send('cccc')).close();
    expect(harness.exporter.messages.map(({ text }) => text.slice(5, 9))).toEqual(['aaaa', 'cccc']);
    expect(harness.exporter.events.map(({ Event }) => Event)).toEqual(['ACCEPTED', 'CONNECTED', 'CLOSED', 'CLOSED']);
  });

  test('a message that began while it was off is not shown from its middle', () => {
    const harness = new Harness().accept().connect();
    const text = send('aaaa');
    harness.tracer.set(false);
    harness.read('up', text.slice(0, 40));
    harness.tracer.set(true);
    harness.read('up', text.slice(40)).read('up', send('bbbb'));
    expect(harness.exporter.messages.map((packet) => packet.text)).toEqual([send('bbbb')]);
  });

  test('of a message that was lost sight of between two traces for a while nothing is shown', () => {
    const harness = new Harness({ trace_on: 0 }).accept().connect();
    const trace = (seconds: number): void => harness.tracer.spot({ target: '192.0.2.1', seconds });
    const text = send('aaaa');
    trace(100);
    harness.read('up', text.slice(0, 100));
    trace(0);
    harness.read('up', text.slice(100, 120));
    trace(100);
    harness.read('up', text.slice(120)).read('up', send('bbbb').slice(0, 100));
    trace(0);
    harness.read('up', send('bbbb').slice(100));
    trace(100);
    harness.close();
    trace(0);
    expect(harness.exporter.messages).toEqual([]);
  });

  test('a failed accept is traced whenever it is on, and asks no route', () => {
    const attempt: FailedAttempt = {
      ...UPSTREAM_REFUSED,
      leg: 'downstream',
      near: LISTENER,
      far: CLIENT,
      reason: 'tls_handshake_timeout',
      link: 'start-7',
    };
    const harness = new Harness({}, true);
    harness.tracer.acceptFailed(attempt);
    harness.tracer.set(false);
    harness.tracer.acceptFailed(attempt);
    expect(harness.asked).toEqual([]);
    expect(harness.exporter.packets).toHaveLength(1);
    expect(harness.exporter.packets[0]).toMatchObject({
      from: '192.0.2.1:40000',
      to: '192.0.2.9:2855',
      correlation: 'conn-start-7',
    });
    expect(harness.exporter.events[0]).toMatchObject({
      Event: 'ACCEPTED',
      Status: 'FAILURE',
      Reason: 'tls_handshake_timeout',
    });
  });
});

describe('ends', () => {
  test('a message under way is mirrored as far as it came, before the CLOSED of its connection', () => {
    const half = send('aaaa').slice(0, -8);
    const { exporter } = new Harness().accept().connect().read('up', half).close(ending('FAILURE'));
    expect(exporter.messages.map(({ text }) => text)).toEqual([`${half}[msrptap: cut after ${half.length} bytes]`]);
    expect(exporter.packets.findIndex(({ type }) => type === 110)).toBe(2);
    expect(exporter.events.at(-1)).toMatchObject({ Event: 'CLOSED', Status: 'FAILURE' });
  });

  test('the tracer lets go of links that are over', async () => {
    const harness = new Harness({}, true);
    harness.accept().connect().close();
    harness.asked[0]?.answer(true);
    harness.asked[1]?.answer(true);
    const before = harness.exporter.packets.length;
    harness.tracer.set(false);
    await sleep(1);
    expect(harness.exporter.packets).toHaveLength(before);
    expect(harness.exporter.dropped).toBe(0);
  });

  test('a name that does not resolve stands in the payload in place of the address', () => {
    const harness = new Harness().accept();
    const nowhere = { ip: '0.0.0.0', port: 0 };
    harness.link.connectFailed({ ...UPSTREAM_REFUSED, far: nowhere, reason: 'dns_not_found' });
    harness.link.ended();
    expect(harness.exporter.events[1]).toMatchObject({ Destination: 'sbc.example.com:2855', Reason: 'dns_not_found' });
  });
});

const idsOf = ({ exporter }: Harness): string[] => exporter.packets.map(({ correlation }) => correlation);

describe('a session whose SIP call is known', () => {
  const CALL = { session: 'b0b', call: 'call-1@host', from: 'mi', seconds: 60 } as const;
  test('carries the Call-ID in messages and events, which still name their session', () => {
    const harness = new Harness();
    harness.tracer.correlations.tell(CALL);
    harness.accept().connect().read('up', send('aaaa')).read('down', ok('aaaa')).close();
    expect(idsOf(harness)).toEqual(Array.from({ length: 6 }, () => 'call-1@host'));
    expect(new Set(harness.exporter.events.map(({ Session }) => Session))).toEqual(new Set(['b0b']));
  });

  test('is known by the session-id of either end', () => {
    const harness = new Harness();
    harness.tracer.correlations.tell({ ...CALL, session: 'a11ce' });
    harness.accept().connect().read('up', send('aaaa')).read('down', ok('aaaa'));
    expect(new Set(idsOf(harness))).toEqual(new Set(['call-1@host']));
  });

  test('carries it from when it is known, until it is taken back', () => {
    const harness = new Harness().accept().connect().read('up', send('aaaa'));
    harness.tracer.correlations.tell(CALL);
    harness.read('down', ok('aaaa'));
    harness.tracer.correlations.tell({ ...CALL, call: 'call-2' });
    harness.read('up', send('bbbb'));
    harness.tracer.correlations.tell({ ...CALL, seconds: 0 });
    harness.read('down', ok('bbbb'));
    expect(idsOf(harness)).toEqual(['b0b', 'b0b', 'b0b', 'call-1@host', 'call-2', 'b0b']);
  });

  test('keeps it for as long as its link is, also when nothing else knows it any more', () => {
    const harness = new Harness().accept().connect();
    const { correlations } = harness.tracer;
    correlations.tell(CALL);
    harness.read('up', send('aaaa'));
    for (let index = 0; index < 200; index += 1) correlations.learn(`other${index}`, 'another');
    expect(correlations.get('b0b')).toBeNull();
    harness.read('down', ok('aaaa')).close();
    expect(new Set(idsOf(harness))).toEqual(new Set(['call-1@host']));
    // Told anew, the link goes by that.
    const again = new Harness().accept().connect();
    again.tracer.correlations.tell(CALL);
    again.read('up', send('aaaa'));
    for (let index = 0; index < 200; index += 1) again.tracer.correlations.learn(`other${index}`, 'another');
    again.tracer.correlations.tell({ ...CALL, call: 'call-2' });
    again.read('down', ok('aaaa'));
    expect(idsOf(again).at(-1)).toBe('call-2');
  });

  test('and no other session of the link', () => {
    const harness = new Harness().accept().connect();
    harness.tracer.correlations.tell(CALL);
    harness.read('up', send('aaaa')).read('up', send('bbbb', 'c4r0l')).read('up', send('cccc'));
    expect(harness.exporter.messages.map(({ correlation }) => correlation)).toEqual([
      'call-1@host',
      'c4r0l',
      'call-1@host',
    ]);
  });

  test('packets that waited for a decision carry it, if it was learnt meanwhile', () => {
    const harness = new Harness({}, true).accept().connect().read('up', send('aaaa'));
    harness.tracer.correlations.tell(CALL);
    for (const { answer } of harness.asked) answer(true);
    expect(idsOf(harness)).toEqual(['call-1@host', 'call-1@host', 'call-1@host']);
  });
});

/** Traced, of which nothing waits. */
function judging(options: Partial<TracerOptions> = {}): Harness {
  const harness = new Harness(options, true).accept().connect();
  harness.judgesMessages = true;
  for (const { answer } of harness.asked) answer(true);
  return harness;
}

describe('while the filter module judges messages', () => {
  const FIRST_LINES = /^MSRP .*/;
  const shown = ({ exporter }: Harness): string[] =>
    exporter.messages.map(({ text }) => FIRST_LINES.exec(text)?.[0] ?? text);

  test('packets leave in the order of their times, whichever is answered first', () => {
    const harness = judging().read('up', send('aaaa') + send('bbbb'));
    harness.read('down', ok('aaaa')).read('up', send('cccc')).close();
    expect(harness.judged.map(({ text }) => FIRST_LINES.exec(text)?.[0])).toEqual([
      'MSRP aaaa SEND',
      'MSRP bbbb SEND',
      'MSRP aaaa 200 OK',
      'MSRP cccc SEND',
    ]);
    harness.judged[2]?.answer({ outcome: 'return' });
    harness.judged[1]?.answer({ outcome: 'change', correlation: 'call' });
    expect(shown(harness)).toEqual([]);
    harness.judged[0]?.answer({ outcome: 'drop' });
    expect(shown(harness)).toEqual(['MSRP bbbb SEND', 'MSRP aaaa 200 OK']);
    expect(harness.exporter.events.map(({ Event }) => Event)).toEqual(['ACCEPTED', 'CONNECTED']);
    harness.judged[3]?.answer({ outcome: 'throw', headersOnly: true });
    const { packets } = harness.exporter;
    expect(packets.map(({ time }) => time)).toEqual(packets.map(({ time }) => time).toSorted((a, b) => a - b));
    expect(packets.map(({ correlation }) => correlation)).toEqual(['b0b', 'b0b', 'call', 'b0b', 'b0b', 'b0b', 'b0b']);
    expect(packets[4]?.text).toContain('[msrptap: 2 bytes of text/plain not mirrored]');
  });

  test('it is asked when the connection is decided on, not before, and never about what is dropped', () => {
    const harness = new Harness({}, true).accept().connect();
    harness.judgesMessages = true;
    harness.read('up', send('aaaa') + send('bbbb'));
    expect(harness.judged).toEqual([]);
    harness.asked[0]?.answer(true);
    // The events before them wait for the other connection's route.
    harness.asked[1]?.answer(true);
    harness.judged[0]?.answer({ outcome: 'return' });
    harness.judged[1]?.answer({ outcome: 'return' });
    expect(shown(harness)).toEqual(['MSRP aaaa SEND', 'MSRP bbbb SEND']);

    const dropped = new Harness({}, true).accept().connect();
    dropped.judgesMessages = true;
    dropped.read('up', send('aaaa'));
    for (const { answer } of dropped.asked) answer(false);
    expect([dropped.judged, dropped.exporter.packets]).toEqual([[], []]);
  });

  test('a message whose next hop is being dialled is judged meanwhile', () => {
    const harness = new Harness({}, true).accept();
    harness.judgesMessages = true;
    harness.asked[0]?.answer(true);
    harness.read('up', send('aaaa'));
    harness.judged[0]?.answer({ outcome: 'return' });
    expect(shown(harness)).toEqual([]);
    harness.connect();
    expect(shown(harness)).toEqual(['MSRP aaaa SEND']);
  });

  test('one whose SIP call is learnt meanwhile carries its Call-ID, unless the module says otherwise', () => {
    const harness = judging().read('up', send('aaaa') + send('bbbb'));
    harness.tracer.correlations.tell({ session: 'b0b', call: 'call-1@host', from: 'mi', seconds: 60 });
    harness.judged[0]?.answer({ outcome: 'return' });
    harness.judged[1]?.answer({ outcome: 'change', correlation: 'mine' });
    expect(harness.exporter.messages.map(({ correlation }) => correlation)).toEqual(['call-1@host', 'mine']);
  });

  test('what finds no room is not asked about, and what was given up gives its room back', () => {
    const harness = judging({ waiting_bytes: 3_000 });
    harness.read('up', send('aaaa') + send('bbbb') + send('cccc'));
    expect([harness.judged.length, harness.exporter.dropped]).toEqual([2, 1]);
    harness.tracer.set(false);
    expect(harness.exporter.dropped).toBe(3);
    harness.tracer.set(true);
    for (const { answer } of harness.judged.splice(0)) answer({ outcome: 'return' });
    expect(shown(harness)).toEqual([]);
    harness.read('up', send('dddd') + send('eeee'));
    for (const { answer } of harness.judged) answer({ outcome: 'return' });
    expect(shown(harness)).toEqual(['MSRP dddd SEND', 'MSRP eeee SEND']);
  });
});

describe('other options', () => {
  const silent = { decide() {}, judge() {}, judgesMessages: false };

  test('are those of links to come; of those that stand it is said when none is left', () => {
    const here = new Harness({ trace_body: 'headers' }).accept().connect();
    let unused = 0;
    here.tracer.use({ ...OPTIONS, trace_body: 'full' }, null, () => (unused += 1));
    here.read('up', send('aaaa'));
    expect(here.exporter.packets.at(-1)?.text).toContain('not mirrored');
    expect(unused).toBe(0);
    here.close();
    expect(unused).toBe(1);
    here.accept().connect().read('up', send('bbbb'));
    expect(here.exporter.packets.at(-1)?.text).toBe(send('bbbb'));
  });

  test('that no link has are unused at once', () => {
    const here = new Harness();
    let unused = 0;
    here.tracer.use(OPTIONS, silent, () => (unused += 1));
    here.tracer.use(OPTIONS, null, () => (unused += 1));
    expect(unused).toBe(2);
  });

  test('leave the switch as it is, and it still ends all of them', () => {
    const here = new Harness({ trace_on: 1 }, true).accept();
    here.tracer.use({ ...OPTIONS, trace_on: 0 }, null);
    expect(here.tracer.on).toBe(true);
    here.tracer.set(false);
    expect(here.exporter.dropped).toBe(1);
  });
});
