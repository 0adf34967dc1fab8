import type { Figures } from '#src/control/figures.js';
import { Counting } from '#src/control/counting.js';
import type { ControlSources, TrafficSources } from '#src/control/metric-families.js';
import { Metrics as Scraped, type Scrape } from '#src/control/metrics.js';
import type {
  ConnectionFacts,
  Direction,
  Ending,
  FailedAttempt,
  Leg,
  LinkFacts,
  Observer,
  Proto,
  Read,
} from '#src/events.js';
import { UNSPECIFIED } from '#src/lib/address.js';
import { REASONS, type Reason } from '#src/lib/reasons.js';
import { Parser } from '#src/msrp/parser.js';
import * as fc from 'fast-check';
import { Sessions } from '#src/sessions/sessions.js';
import { Totals } from '#src/sessions/totals.js';
import type { SessionWitness } from '#src/sessions/witness.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { configWith } from '../helpers/config.js';
import { eventually } from '../helpers/eventually.js';
import { readExposition, seriesOf, type Exposed } from './exposition-text.js';

const HEP = {
  name: 'hep_dest',
  sent: 10,
  dropped: 20,
  failed: 2,
  maybe: 1,
  thinned: 14,
  queueBytes: 512,
  connected: 1,
  spool: null,
};

type Sources = TrafficSources & ControlSources;

const SOURCES: Sources = {
  version: '1.2.3',
  workers: () => ({ alive: 2, restarts: 1 }),
  usage: () => ({ worker: '1', cpuSeconds: 0.5, residentBytes: 4096 }),
  filterDecisions: () => ({ drop: 4, exit: 5 }),
  hep: () => [HEP],
  messageFilterDecisions: () => ({ drop: 12, change: 13 }),
  tlsCertificates: () => [{ side: 'server', domain: 'public', expiresAt: 3_786_912_000 }],
  upstreams: () => [{ name: 'msrp:10.0.0.5:2855', up: false, succeeded: 8, failed: 9 }],
  sessions: () => ({ flowing: 11, stalled: 12, one_sided: 13 }),
  sessionTotals: () => ({ up: new Totals(), down: new Totals() }),
  traceOn: () => true,
  maxConnections: () => 4000,
  correlations: () => ({ size: 21, learnt: { mi: 22, sip: 23 }, refused: 24, forgotten: 25 }),
  hepInput: () => ({ learnt: 26, passed: 27, refused: 28, malformed: 29, dropped: 30 }),
  transactionsOpen: () => 11,
  httpRefused: () => ({ certificate: 9, host: 10, origin: 11, rate: 12, token: 13 }),
  buffers: () => ({ octets: 31, stops: 32 }),
  correlationsForgotten: () => 33,
  failuresLeftOut: () => 34,
  reloads: () => ({ success: 14, failure: 15, isLastSuccessful: false, lastSuccess: 1_800_000_000 }),
  observerErrors: () => 6,
  logLinesDropped: () => 7,
};

/** What a single process has: the counting observer, and what is scraped of it. */
interface Metrics extends Observer {
  answered(method: string, seconds: number): void;
  unwatched(): void;
  lag(seconds: number): void;
  readonly sessions: SessionWitness;
  scrape(): Promise<Scrape>;
}

function newMetrics({ sources = SOURCES, prefix }: { sources?: Sources; prefix?: string } = {}): Metrics {
  const counting = new Counting(['start_line', 'end_line'], sources);
  const exposition = new Scraped({ prefix, sources, figures: () => counting.figures() });
  return {
    link: (facts) => counting.link(facts),
    acceptFailed: (failed) => counting.acceptFailed(failed),
    answered: (method, seconds) => counting.answered(method, seconds),
    unwatched: () => counting.unwatched(),
    lag: (seconds) => counting.lag(seconds),
    sessions: counting.sessions,
    scrape: () => exposition.scrape(),
  };
}

async function exposed(metrics: Metrics): Promise<Exposed> {
  return readExposition((await metrics.scrape()).body);
}

type Lookup = (name: string, labels?: Record<string, string>) => number | undefined;

/** What one scrape tells of each series: undefined when it is not there. */
async function scraped(metrics: Metrics): Promise<Lookup> {
  const { samples } = await exposed(metrics);
  const values = new Map(samples.map((sample) => [seriesOf(sample), sample.value]));
  return (name, labels = {}) => values.get(seriesOf({ name: `msrptap_${name}`, labels, value: 0 }));
}

function ownSeries({ samples }: Exposed): string[] {
  return samples.filter(({ name }) => name.startsWith('msrptap_')).map(seriesOf);
}

function connection(leg: Leg, proto: Proto = 'msrp'): ConnectionFacts {
  const figures = { openedAt: 0, bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0 };
  return { leg, proto, near: UNSPECIFIED, far: UNSPECIFIED, tls: null, ...figures };
}

function link(proto: Proto = 'msrp'): LinkFacts {
  const nextHop = { host: '127.0.0.1', port: 2855, proto: 'msrp' as const };
  return { id: 'x-1', downstream: connection('downstream', proto), upstream: null, nextHop };
}

function attempt(leg: Leg, reason: Reason): FailedAttempt {
  return { link: 'x-1', leg, proto: 'msrps', near: UNSPECIFIED, far: UNSPECIFIED, reason, detail: '', at: 0 };
}

const ending = (reason: Reason): Ending => ({ reason, status: 'SUCCESS', by: 'far', detail: '', at: 0 });

/** What one read of these bytes is told as. */
function readOf(bytes: string | Buffer, direction: Direction = 'up', parser = new Parser()): Read {
  const buffer = Buffer.from(bytes);
  parser.parse(buffer);
  const { pieces, strayBytes, error } = parser;
  return { direction, buffer, time: 0, pieces, strayBytes, parseError: error };
}

const PATHS = 'To-Path: msrp://b.example:2855/s;tcp\r\nFrom-Path: msrp://a.example:2855/s;tcp\r\n';
const message = (what: string) => `MSRP abcd ${what}\r\n${PATHS}-------abcd$\r\n`;

describe('connections', () => {
  it('are counted when they open and when they close, by leg, protocol and reason', async () => {
    const metrics = newMetrics();
    const facts = link('msrps');
    const observer = metrics.link(facts);
    observer.connected(connection('upstream'));
    metrics.link(link('msrps'));
    const before = await scraped(metrics);
    expect(before('connections', { leg: 'downstream', proto: 'msrps' })).toBe(2);
    expect(before('connections', { leg: 'upstream', proto: 'msrp' })).toBe(1);
    expect(before('connections', { leg: 'downstream', proto: 'msrp' })).toBe(0);

    observer.closed(facts.downstream, ending('peer_closed'));
    observer.closed(connection('upstream'), ending('link_closed'));
    observer.ended();
    const after = await scraped(metrics);
    expect(after('connections', { leg: 'downstream', proto: 'msrps' })).toBe(1);
    expect(after('connections', { leg: 'upstream', proto: 'msrp' })).toBe(0);
    expect(after('connections_total', { leg: 'downstream', proto: 'msrps', result: 'success' })).toBe(2);
    expect(after('connection_closes_total', { leg: 'downstream', reason: 'peer_closed' })).toBe(1);
    expect(after('connection_closes_total', { leg: 'upstream', reason: 'link_closed' })).toBe(1);
  });

  it('that never came to life are failures, with the reason, and open none', async () => {
    const metrics = newMetrics();
    metrics.acceptFailed(attempt('downstream', 'tls_handshake_timeout'));
    metrics.link(link()).connectFailed(attempt('upstream', 'connect_refused'));
    const value = await scraped(metrics);
    expect(value('connection_failures_total', { leg: 'downstream', reason: 'tls_handshake_timeout' })).toBe(1);
    expect(value('connection_failures_total', { leg: 'upstream', reason: 'connect_refused' })).toBe(1);
    for (const leg of ['downstream', 'upstream']) {
      expect(value('connections_total', { leg, proto: 'msrps', result: 'failure' })).toBe(1);
      expect(value('connections', { leg, proto: 'msrps' })).toBe(0);
    }
  });
});

describe('reads', () => {
  it('add their bytes, whole messages and CRLFs between them', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const up = `${message('SEND')}\r\n${message('REPORT')}${message('SEND')}`;
    observer.read(readOf(up, 'up'));
    observer.read(readOf(message('200 OK') + message('481'), 'down'));
    const value = await scraped(metrics);
    expect(value('bytes_total', { direction: 'up' })).toBe(up.length);
    expect(value('stray_bytes_total', { direction: 'up' })).toBe(2);
    expect(value('stray_bytes_total', { direction: 'down' })).toBe(0);
    expect(value('requests_total', { direction: 'up', method: 'SEND' })).toBe(2);
    expect(value('requests_total', { direction: 'up', method: 'REPORT' })).toBe(1);
    expect(value('requests_total', { direction: 'down', method: 'SEND' })).toBe(0);
    expect(value('responses_total', { direction: 'down', code: '200' })).toBe(1);
    expect(value('responses_total', { direction: 'down', code: '481' })).toBe(1);
    expect(value('responses_total', { direction: 'down', code: 'other' })).toBe(0);
  });

  it('count a message once, when its end has come', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const parser = new Parser();
    const bytes = message('SEND');
    for (const part of [bytes.slice(0, 20), bytes.slice(20, 60), bytes.slice(60, -1)]) {
      observer.read(readOf(part, 'up', parser));
      parser.settle();
    }
    const sends = { direction: 'up', method: 'SEND' };
    expect((await scraped(metrics))('requests_total', sends)).toBe(0);
    observer.read(readOf('\n', 'up', parser));
    expect((await scraped(metrics))('requests_total', sends)).toBe(1);
  });

  it('count parse errors by kind, one that is not known as other', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const read = readOf('');
    for (const parseError of ['end_line', 'end_line', 'new', '__proto__']) observer.read({ ...read, parseError });
    const value = await scraped(metrics);
    expect(value('parse_errors_total', { reason: 'end_line' })).toBe(2);
    expect(value('parse_errors_total', { reason: 'start_line' })).toBe(0);
    expect(value('parse_errors_total', { reason: 'other' })).toBe(2);
  });
});

describe('transactions', () => {
  it('that are answered make a histogram, by method', async () => {
    const metrics = newMetrics();
    // A bound is part of its bucket; one more is over all of them.
    for (const seconds of [0, 0.0001, 0.00011, 0.5, 29, 31]) metrics.answered('SEND', seconds);
    for (const method of ['NICKNAME', 'MAGIC', '__proto__']) metrics.answered(method, 1);
    const value = await scraped(metrics);
    const below = (le: string, method = 'SEND'): number | undefined =>
      value('transaction_duration_seconds_bucket', { method, le });
    expect(['0.0001', '0.00025', '0.25', '0.5', '10', '30', '+Inf'].map((le) => below(le))).toEqual([
      2, 3, 3, 4, 4, 5, 6,
    ]);
    expect(value('transaction_duration_seconds_count', { method: 'SEND' })).toBe(6);
    expect(value('transaction_duration_seconds_sum', { method: 'SEND' })).toBeCloseTo(60.50021, 9);
    expect([below('0.5', 'NICKNAME'), below('1', 'NICKNAME'), below('+Inf', 'other')]).toEqual([0, 1, 2]);
    expect(below('+Inf', 'REPORT')).toBeUndefined();
  });

  it('that are not are counted, and those that were not watched', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const common = { transactionId: 'abcd', age: 30_000, at: 0 };
    observer.transactionTimedOut({ ...common, direction: 'up', method: 'SEND' });
    observer.transactionTimedOut({ ...common, direction: 'down', method: 'MAGIC' });
    metrics.unwatched();
    const value = await scraped(metrics);
    expect(value('transactions_timed_out_total', { direction: 'up', method: 'SEND' })).toBe(1);
    expect(value('transactions_timed_out_total', { direction: 'down', method: 'SEND' })).toBe(0);
    expect(value('transactions_timed_out_total', { direction: 'down', method: 'other' })).toBe(1);
    expect(value('transactions_unwatched_total')).toBe(1);
    expect(value('transactions_open')).toBe(11);
  });
});

describe('figures that others keep', () => {
  const at = { destination: 'hep_dest' };

  it('are told as they are', async () => {
    const odd = { ...HEP, name: 'b"\\\n', sent: 0 };
    const value = await scraped(newMetrics({ sources: { ...SOURCES, hep: () => [HEP, odd] } }));
    expect(value('hep_packets_total', { ...at, result: 'sent' })).toBe(10);
    expect(value('hep_packets_total', { ...at, result: 'dropped' })).toBe(20);
    expect(value('hep_packets_total', { ...at, result: 'failed' })).toBe(2);
    expect(value('hep_packets_total', { ...at, result: 'maybe' })).toBe(1);
    expect(value('hep_packets_total', { destination: odd.name, result: 'sent' })).toBe(0);
    expect(value('hep_queue_bytes', at)).toBe(512);
    expect(value('filter_decisions_total', { decision: 'drop' })).toBe(4);
    expect(value('message_filter_decisions_total', { decision: 'change' })).toBe(13);
    expect(value('hep_thinned_total', at)).toBe(14);
    expect(value('max_connections')).toBe(4000);
    expect(value('observer_errors_total')).toBe(6);
    expect(value('log_lines_dropped_total')).toBe(7);
    expect([value('workers'), value('worker_restarts_total')]).toEqual([2, 1]);
    expect(value('http_refused_total', { reason: 'token' })).toBe(13);
    expect(value('worker_cpu_seconds_total', { worker: '1' })).toBe(0.5);
    expect(value('correlations')).toBe(21);
    const told = ['mi', 'sip'].map((from) => value('correlations_learnt_total', { from }));
    expect([...told, value('correlations_refused_total'), value('correlations_forgotten_total')]).toEqual([
      22, 23, 24, 25,
    ]);
    const results = ['learnt', 'passed', 'refused', 'malformed', 'dropped'];
    expect(results.map((result) => value('hep_input_packets_total', { result }))).toEqual([26, 27, 28, 29, 30]);
    expect(value('build_info', { version: '1.2.3', node: process.versions.node })).toBe(1);
  });

  it('tell of the spool where there is one', async () => {
    const spool = { bytes: 900, packets: 8, dropped: 7, torn: 6, errors: 5 };
    const hep = () => [
      { ...HEP, spool },
      { ...HEP, name: 'without' },
    ];
    const metrics = newMetrics({ sources: { ...SOURCES, hep } });
    const value = await scraped(metrics);
    expect([value('hep_spool_bytes', at), value('hep_spool_packets', at)]).toEqual([900, 8]);
    expect(value('hep_spool_dropped_total', at)).toBe(7);
    expect(value('hep_spool_torn_total', at)).toBe(6);
    expect(value('hep_spool_errors_total', at)).toBe(5);
    expect((await metrics.scrape()).body).not.toMatch(/hep_spool_\w+\{destination="without"/);
  });

  it('are fetched at each scrape', async () => {
    let on = false;
    const hep = () => [{ ...HEP, connected: on }];
    const metrics = newMetrics({ sources: { ...SOURCES, traceOn: () => on, hep } });
    const before = await scraped(metrics);
    expect([before('hep_connected', at), before('trace_on')]).toEqual([0, 0]);
    on = true;
    const after = await scraped(metrics);
    expect([after('hep_connected', at), after('trace_on')]).toEqual([1, 1]);
  });

  it('of a destination that is gone are gone', async () => {
    let hep = [HEP];
    const metrics = newMetrics({ sources: { ...SOURCES, hep: () => hep } });
    expect((await scraped(metrics))('hep_connected', at)).toBe(1);
    hep = [];
    expect((await scraped(metrics))('hep_connected', at)).toBeUndefined();
  });

  it('that cannot be had fail the scrape, and only that one', async () => {
    let broken = true;
    const hep = () => {
      if (broken) throw new Error('broken');
      return [HEP];
    };
    const metrics = newMetrics({ sources: { ...SOURCES, hep } });
    await expect(metrics.scrape()).rejects.toThrow('broken');
    broken = false;
    expect((await scraped(metrics))('hep_connected', at)).toBe(1);
  });
});

describe('what a scrape gives', () => {
  /** [IANA, MSRP Response Codes] and what is none of them. */
  const CODES = '200 400 401 403 404 408 413 415 423 424 425 428 481 501 506 other'.split(' ');

  it('is there from the start, at 0, so that the first event of a kind is an increase', async () => {
    const value = await scraped(newMetrics());
    for (const direction of ['up', 'down']) {
      expect(value('bytes_total', { direction })).toBe(0);
      expect(value('stray_bytes_total', { direction })).toBe(0);
      for (const code of CODES) expect([code, value('responses_total', { direction, code })]).toEqual([code, 0]);
      for (const method of ['SEND', 'REPORT', 'AUTH', 'NICKNAME', 'other']) {
        expect([method, value('requests_total', { direction, method })]).toEqual([method, 0]);
      }
    }
    for (const leg of ['downstream', 'upstream']) {
      for (const reason of Object.keys(REASONS)) {
        expect([reason, value('connection_closes_total', { leg, reason })]).toEqual([reason, 0]);
        expect([reason, value('connection_failures_total', { leg, reason })]).toEqual([reason, 0]);
      }
      for (const proto of ['msrp', 'msrps']) {
        expect(value('connections', { leg, proto })).toBe(0);
        expect(value('connections_total', { leg, proto, result: 'success' })).toBe(0);
        expect(value('connections_total', { leg, proto, result: 'failure' })).toBe(0);
      }
    }
    expect(value('parse_errors_total', { reason: 'start_line' })).toBe(0);
  });

  it('is of the type its name says, and every metric has help and values', async () => {
    const spool = { bytes: 0, packets: 0, dropped: 0, torn: 0, errors: 0 };
    const sources = { ...SOURCES, hep: () => [{ ...HEP, spool }] };
    const { samples, types, help } = await exposed(newMetrics({ sources }));
    const own = [...types].filter(([name]) => name.startsWith('msrptap_'));
    expect(own.map(([name]) => name.slice('msrptap_'.length)).toSorted()).toEqual([
      'buffered_bytes',
      'build_info',
      'bytes_total',
      'config_last_reload_success_timestamp_seconds',
      'config_last_reload_successful',
      'config_reloads_total',
      'connection_closes_total',
      'connection_failures_total',
      'connections',
      'connections_total',
      'content_bytes_total',
      'content_messages_total',
      'correlations',
      'correlations_forgotten_total',
      'correlations_learnt_total',
      'correlations_refused_total',
      'delivery_duration_seconds',
      'event_loop_lag_seconds',
      'filter_decisions_total',
      'hep_connected',
      'hep_input_packets_total',
      'hep_packets_total',
      'hep_queue_bytes',
      'hep_spool_bytes',
      'hep_spool_dropped_total',
      'hep_spool_errors_total',
      'hep_spool_packets',
      'hep_spool_torn_total',
      'hep_thinned_total',
      'http_refused_total',
      'limits_reached_total',
      'log_lines_dropped_total',
      'max_connections',
      'message_filter_decisions_total',
      'observer_errors_total',
      'parse_errors_total',
      'reports_total',
      'requests_total',
      'responses_total',
      'sessions',
      'sessions_one_sided_total',
      'sessions_total',
      'sessions_unwatched_total',
      'stray_bytes_total',
      'tls_certificate_expiry_timestamp_seconds',
      'tls_handshake_duration_seconds',
      'trace_on',
      'transaction_duration_seconds',
      'transactions_open',
      'transactions_stalled_total',
      'transactions_timed_out_total',
      'transactions_unwatched_total',
      'transfers_total',
      'upstream_dials_total',
      'upstream_first_byte_seconds',
      'upstream_up',
      'worker_connections',
      'worker_cpu_seconds_total',
      'worker_resident_memory_bytes',
      'worker_restarts_total',
      'workers',
    ]);
    for (const [name, type] of own) {
      const histogram = /(?<!_timestamp)_seconds$/.test(name);
      expect([name, type]).toEqual([name, histogram ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge']);
      expect(help.get(name)?.length).toBeGreaterThan(20);
      expect(samples.some((sample) => sample.name === (histogram ? `${name}_bucket` : name))).toBe(true);
    }
  });

  it("has node's own metrics, without the prefix, and the type that Prometheus wants", async () => {
    const metrics = newMetrics({ prefix: 'tap2' });
    const names = [...(await exposed(metrics)).types.keys()];
    expect(names).toEqual(
      expect.arrayContaining(['tap2_bytes_total', 'process_cpu_seconds_total', 'nodejs_version_info']),
    );
    expect(names.filter((name) => name.startsWith('msrptap_'))).toEqual([]);
    expect((await metrics.scrape()).contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('is made 20 times in a second at most: who asks more often waits, and is told what is so then', async () => {
    let [asked, made] = [0, 0];
    const figures = (): Figures => {
      made += 1;
      return { transactions_open: [[{}, asked]] };
    };
    const metrics = new Scraped({ sources: SOURCES, figures });
    const start = performance.now();
    for (asked = 1; asked <= 30; asked += 1) {
      const { samples } = readExposition((await metrics.scrape()).body);
      expect(samples.find(({ name }) => name === 'msrptap_transactions_open')?.value).toBe(asked);
    }
    const seconds = (performance.now() - start) / 1_000;
    expect(made).toBe(30);
    expect(made).toBeLessThanOrEqual(20 * (1 + seconds));
  });

  it('is one for all who ask before it is made, and another for who asks meanwhile', async () => {
    let made = 0;
    const waiting: (() => void)[] = [];
    const figures = async (): Promise<Figures> => {
      made += 1;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return {};
    };
    const metrics = new Scraped({ sources: SOURCES, figures });
    const early = [metrics.scrape(), metrics.scrape()];
    await eventually(() => waiting.length).toBe(1);
    const late = [metrics.scrape(), metrics.scrape()];
    waiting.shift()?.();
    expect(new Set((await Promise.all(early)).map(({ body }) => body)).size).toBe(1);
    await eventually(() => waiting.length).toBe(1);
    waiting.shift()?.();
    await Promise.all(late);
    expect(made).toBe(2);
  });

  it('is the same for two who scrape at once', async () => {
    const metrics = newMetrics();
    metrics.link(link()).read(readOf(message('SEND')));
    const [one, two] = await Promise.all([scraped(metrics), scraped(metrics)]);
    for (const value of [one, two]) expect(value('requests_total', { direction: 'up', method: 'SEND' })).toBe(1);
  });

  it('has no more series after whatever peers sent', async () => {
    const counted: Sessions[] = [];
    const sessionTotals = (): ReturnType<Sources['sessionTotals']> => counted[0]?.totals() ?? SOURCES.sessionTotals();
    const metrics = newMetrics({ sources: { ...SOURCES, sessionTotals } });
    const sessions = new Sessions(metrics.sessions, () => configWith('').limits);
    counted.push(sessions);
    onTestFinished(() => sessions.stop());
    const facts = link();
    const observers = [metrics.link(facts), sessions.link(facts)];
    const read = (text: string, way: Direction, parseError?: string): void => {
      const one = readOf(text, way);
      for (const observer of observers) observer.read(parseError === undefined ? one : { ...one, parseError });
    };
    const before = ownSeries(await exposed(metrics));
    const method = fc.stringMatching(/^[A-Z]{1,20}$/);
    const status = fc.integer({ min: 0, max: 999 }).map((code) => String(code).padStart(3, '0'));
    const direction = fc.constantFrom<Direction>('up', 'down');
    fc.assert(fc.property(fc.oneof(method, status), direction, (what, way) => read(message(what), way)));
    const value = fc.stringMatching(/^[^\0\r\n]{0,40}$/);
    const type = fc.oneof(value, fc.constantFrom('text/{a="b"}', 'message/cpim', '__proto__', 'constructor'));
    const flag = fc.constantFrom('$', '+', '#');
    fc.assert(
      fc.property(type, value, value, flag, direction, (contentType, range, inner, end, way) => {
        const headers = `${PATHS}Message-ID: ${inner}\r\nByte-Range: ${range}\r\nContent-Type: ${contentType}`;
        const body = `\r\n\r\nContent-Type: ${inner}\r\n\r\nx`;
        read(`MSRP abcd SEND\r\n${headers}\r\n\r\n${body}\r\n-------abcd${end}\r\n`, way);
        read(`MSRP abcd REPORT\r\n${PATHS}Status: ${range}\r\n-------abcd$\r\n`, way);
      }),
    );
    fc.assert(
      fc.property(status, direction, (code, way) => {
        read(`MSRP abcd REPORT\r\n${PATHS}Status: 000 ${code}\r\n-------abcd$\r\n`, way);
      }),
    );
    read('GET / HTTP/1.1\r\n', 'up', 'x{a="b"}\n');
    for (const observer of observers) observer.ended();
    expect(ownSeries(await exposed(metrics))).toEqual(before);
    const told = await scraped(metrics);
    expect(told('requests_total', { direction: 'up', method: 'other' })).toBeGreaterThan(0);
    expect(told('responses_total', { direction: 'up', code: 'other' })).toBeGreaterThan(0);
    expect(told('content_messages_total', { direction: 'up', content: 'other' })).toBeGreaterThan(0);
    expect(told('reports_total', { direction: 'down', code: 'other' })).toBeGreaterThan(0);
  });

  it('has how long handshakes and first bytes took, and the loop was late', async () => {
    const metrics = newMetrics();
    const tls = { version: '', cipher: '', sni: '', peer: null, authorized: false, handshake: 3 };
    const upstream = { ...connection('upstream', 'msrps'), tls: { ...tls, handshake: 40 } };
    const facts = { ...link(), downstream: { ...connection('downstream', 'msrps'), tls }, upstream };
    const observer = metrics.link(facts);
    observer.connected(upstream);
    for (const way of ['up', 'up', 'down', 'up', 'down'] as const) observer.read(readOf(message('SEND'), way));
    // This one's next hop speaks first.
    const other = metrics.link(facts);
    for (const way of ['down', 'up', 'down'] as const) other.read(readOf(message('SEND'), way));
    metrics.lag(0.2);
    const value = await scraped(metrics);
    const handshakes = (leg: string, le: string) => value('tls_handshake_duration_seconds_bucket', { leg, le });
    expect([handshakes('downstream', '0.0025'), handshakes('downstream', '0.005')]).toEqual([0, 2]);
    expect([handshakes('upstream', '0.025'), handshakes('upstream', '0.05')]).toEqual([0, 1]);
    expect(value('upstream_first_byte_seconds_count', { proto: 'msrps' })).toBe(1);
    expect(value('upstream_first_byte_seconds_count', { proto: 'msrp' })).toBe(0);
    expect(value('event_loop_lag_seconds_bucket', { worker: '1', le: '0.1' })).toBe(0);
    expect(value('event_loop_lag_seconds_sum', { worker: '1' })).toBe(0.2);
  });
});
