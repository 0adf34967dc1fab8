import { Metrics, type MetricsOptions } from '#src/control/metrics.js';
import type { ConnectionFacts, Direction, Ending, FailedAttempt, Leg, LinkFacts, Proto, Read } from '#src/events.js';
import { UNSPECIFIED } from '#src/lib/address.js';
import { REASONS, type Reason } from '#src/lib/reasons.js';
import { Parser } from '#src/msrp/parser.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExposition, seriesOf, type Exposed } from './exposition-text.js';

const HEP = { name: 'hep_dest', sent: 10, dropped: 3, failed: 2, maybe: 1, queueBytes: 512, connected: 1 };

const SOURCES: MetricsOptions['sources'] = {
  filterDecisions: () => ({ drop: 4, exit: 5 }),
  hep: () => [HEP],
  traceOn: () => true,
  maxConnections: () => 4000,
  observerErrors: () => 6,
  logLinesDropped: () => 7,
};

function newMetrics(options: Partial<MetricsOptions> = {}): Metrics {
  return new Metrics({ version: '1.2.3', parseErrorKinds: ['start_line', 'end_line'], sources: SOURCES, ...options });
}

async function exposed(metrics: Metrics): Promise<Exposed> {
  return readExposition((await metrics.scrape()).body);
}

/** The value of one series, undefined when it is not there. */
async function valueOf(metrics: Metrics, name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const { samples } = await exposed(metrics);
  const wanted = seriesOf({ name: `msrptap_${name}`, labels, value: 0 });
  return samples.find((sample) => seriesOf(sample) === wanted)?.value;
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
  return { leg, proto: 'msrps', near: UNSPECIFIED, far: UNSPECIFIED, reason, detail: '', at: 0 };
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
    const open = async (leg: Leg, proto: Proto) => valueOf(metrics, 'connections', { leg, proto });
    expect([await open('downstream', 'msrps'), await open('upstream', 'msrp'), await open('downstream', 'msrp')]).toEqual([2, 1, 0]);

    observer.closed(facts.downstream, ending('peer_closed'));
    observer.closed(connection('upstream'), ending('link_closed'));
    observer.ended();
    expect([await open('downstream', 'msrps'), await open('upstream', 'msrp')]).toEqual([1, 0]);
    const total = { leg: 'downstream', proto: 'msrps', result: 'success' };
    expect(await valueOf(metrics, 'connections_total', total)).toBe(2);
    expect(await valueOf(metrics, 'connection_closes_total', { leg: 'downstream', reason: 'peer_closed' })).toBe(1);
    expect(await valueOf(metrics, 'connection_closes_total', { leg: 'upstream', reason: 'link_closed' })).toBe(1);
  });

  it('that never came to life are failures, with the reason, and open none', async () => {
    const metrics = newMetrics();
    metrics.acceptFailed(attempt('downstream', 'tls_handshake_timeout'));
    metrics.link(link()).connectFailed(attempt('upstream', 'connect_refused'));
    for (const [leg, reason] of [['downstream', 'tls_handshake_timeout'], ['upstream', 'connect_refused']] as const) {
      expect(await valueOf(metrics, 'connections_total', { leg, proto: 'msrps', result: 'failure' })).toBe(1);
      expect(await valueOf(metrics, 'connection_failures_total', { leg, reason })).toBe(1);
      expect(await valueOf(metrics, 'connections', { leg, proto: 'msrps' })).toBe(0);
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
    const figures = async (name: string, labels: Record<string, string>) => valueOf(metrics, name, labels);
    expect(await figures('bytes_total', { direction: 'up' })).toBe(up.length);
    expect(await figures('stray_bytes_total', { direction: 'up' })).toBe(2);
    expect(await figures('stray_bytes_total', { direction: 'down' })).toBe(0);
    expect(await figures('requests_total', { direction: 'up', method: 'SEND' })).toBe(2);
    expect(await figures('requests_total', { direction: 'up', method: 'REPORT' })).toBe(1);
    expect(await figures('requests_total', { direction: 'down', method: 'SEND' })).toBe(0);
    expect(await figures('responses_total', { direction: 'down', code: '200' })).toBe(1);
    expect(await figures('responses_total', { direction: 'down', code: '481' })).toBe(1);
    expect(await figures('responses_total', { direction: 'down', code: 'other' })).toBe(0);
  });

  it('count a message once, when its end has come', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const parser = new Parser();
    const sends = async () => valueOf(metrics, 'requests_total', { direction: 'up', method: 'SEND' });
    const bytes = message('SEND');
    for (const part of [bytes.slice(0, 20), bytes.slice(20, 60), bytes.slice(60, -1)]) {
      observer.read(readOf(part, 'up', parser));
      parser.settle();
      expect(await sends()).toBe(0);
    }
    observer.read(readOf('\n', 'up', parser));
    expect(await sends()).toBe(1);
  });

  it('count parse errors by kind, one that is not known as other', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const read = readOf('');
    for (const parseError of ['end_line', 'end_line', 'something new', '__proto__']) observer.read({ ...read, parseError });
    expect(await valueOf(metrics, 'parse_errors_total', { reason: 'end_line' })).toBe(2);
    expect(await valueOf(metrics, 'parse_errors_total', { reason: 'start_line' })).toBe(0);
    expect(await valueOf(metrics, 'parse_errors_total', { reason: 'other' })).toBe(2);
  });
});

describe('figures that others keep', () => {
  it('are fetched at each scrape', async () => {
    let connected = false;
    const metrics = newMetrics({
      sources: { ...SOURCES, traceOn: () => connected, hep: () => [{ ...HEP, connected }, { ...HEP, name: 'b"\\\n', sent: 0 }] },
    });
    const at = { destination: 'hep_dest' };
    expect(await valueOf(metrics, 'hep_connected', at)).toBe(0);
    expect(await valueOf(metrics, 'trace_on')).toBe(0);
    connected = true;
    expect(await valueOf(metrics, 'hep_connected', at)).toBe(1);
    expect(await valueOf(metrics, 'trace_on')).toBe(1);
    for (const result of ['sent', 'dropped', 'failed', 'maybe'] as const) {
      expect(await valueOf(metrics, 'hep_packets_total', { ...at, result })).toBe(HEP[result]);
    }
    expect(await valueOf(metrics, 'hep_queue_bytes', at)).toBe(512);
    expect(await valueOf(metrics, 'hep_packets_total', { destination: 'b"\\\n', result: 'sent' })).toBe(0);
    expect(await valueOf(metrics, 'filter_decisions_total', { decision: 'drop' })).toBe(4);
    expect(await valueOf(metrics, 'max_connections')).toBe(4000);
    expect(await valueOf(metrics, 'observer_errors_total')).toBe(6);
    expect(await valueOf(metrics, 'log_lines_dropped_total')).toBe(7);
    expect(await valueOf(metrics, 'build_info', { version: '1.2.3', node: process.versions.node })).toBe(1);
  });

  it('of a destination that is gone are gone', async () => {
    let hep = [HEP];
    const metrics = newMetrics({ sources: { ...SOURCES, hep: () => hep } });
    expect(await valueOf(metrics, 'hep_connected', { destination: 'hep_dest' })).toBe(1);
    hep = [];
    expect(await valueOf(metrics, 'hep_connected', { destination: 'hep_dest' })).toBeUndefined();
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
    expect(await valueOf(metrics, 'hep_connected', { destination: 'hep_dest' })).toBe(1);
  });
});

describe('what a scrape gives', () => {
  it('is there from the start, at 0, so that the first event of a kind is an increase', async () => {
    const metrics = newMetrics();
    const zero: [string, Record<string, string>][] = [
      ['bytes_total', { direction: 'down' }],
      ['parse_errors_total', { reason: 'start_line' }],
      ['requests_total', { direction: 'up', method: 'NICKNAME' }],
      ['requests_total', { direction: 'down', method: 'other' }],
      ...['200', '400', '401', '403', '404', '408', '413', '415', '423', '424', '425', '428', '481', '501', '506', 'other'].map(
        (code): [string, Record<string, string>] => ['responses_total', { direction: 'down', code }],
      ),
      ...Object.keys(REASONS).flatMap((reason): [string, Record<string, string>][] => [
        ['connection_closes_total', { leg: 'upstream', reason }],
        ['connection_failures_total', { leg: 'downstream', reason }],
      ]),
      ...['success', 'failure'].map((result): [string, Record<string, string>] => [
        'connections_total',
        { leg: 'upstream', proto: 'msrps', result },
      ]),
    ];
    const { samples } = await exposed(metrics);
    const values = new Map(samples.map((sample) => [seriesOf(sample), sample.value]));
    for (const [name, labels] of zero) {
      const series = seriesOf({ name: `msrptap_${name}`, labels, value: 0 });
      expect([series, values.get(series)]).toEqual([series, 0]);
    }
  });

  it('is of the type its name says, and every metric has help and values', async () => {
    const { samples, types, help } = await exposed(newMetrics());
    const own = [...types].filter(([name]) => name.startsWith('msrptap_'));
    expect(own.map(([name]) => name.slice('msrptap_'.length)).toSorted()).toEqual(
      [
        ...['bytes_total', 'build_info', 'connection_closes_total', 'connection_failures_total', 'connections'],
        ...['connections_total', 'filter_decisions_total', 'hep_connected', 'hep_packets_total', 'hep_queue_bytes'],
        ...['log_lines_dropped_total', 'max_connections', 'observer_errors_total', 'parse_errors_total'],
        ...['requests_total', 'responses_total', 'stray_bytes_total', 'trace_on'],
      ].toSorted(),
    );
    for (const [name, type] of own) {
      expect([name, type]).toEqual([name, name.endsWith('_total') ? 'counter' : 'gauge']);
      expect(help.get(name)?.length).toBeGreaterThan(20);
      expect(samples.some((sample) => sample.name === name)).toBe(true);
    }
  });

  it("has node's own metrics, without the prefix, and the type that Prometheus wants", async () => {
    const metrics = newMetrics({ prefix: 'tap2' });
    const { types } = await exposed(metrics);
    expect([...types.keys()]).toEqual(expect.arrayContaining(['tap2_bytes_total', 'process_cpu_seconds_total', 'nodejs_version_info']));
    expect([...types.keys()].filter((name) => name.startsWith('msrptap_'))).toEqual([]);
    expect((await metrics.scrape()).contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  it('is the same for two who scrape at once', async () => {
    const metrics = newMetrics();
    metrics.link(link()).read(readOf(message('SEND')));
    const [one, two] = await Promise.all([exposed(metrics), exposed(metrics)]);
    const own = ({ samples }: Exposed) => samples.filter(({ name }) => name.startsWith('msrptap_'));
    expect(own(one)).toEqual(own(two));
  });

  it('has no more series after whatever peers sent', async () => {
    const metrics = newMetrics();
    const observer = metrics.link(link());
    const own = async () => (await exposed(metrics)).samples.filter(({ name }) => name.startsWith('msrptap_')).map(seriesOf);
    const before = await own();
    const method = fc.stringMatching(/^[A-Z]{1,20}$/);
    const status = fc.integer({ min: 0, max: 999 }).map((code) => String(code).padStart(3, '0'));
    fc.assert(
      fc.property(fc.oneof(method, status, fc.constant('200 OK\u00e9')), fc.constantFrom<Direction>('up', 'down'), (what, direction) => {
        observer.read(readOf(message(what), direction));
      }),
    );
    observer.read({ ...readOf('GET / HTTP/1.1\r\n'), parseError: 'x{a="b"}\n' });
    expect(await own()).toEqual(before);
    expect(await valueOf(metrics, 'requests_total', { direction: 'up', method: 'other' })).toBeGreaterThan(0);
    expect(await valueOf(metrics, 'responses_total', { direction: 'up', code: 'other' })).toBeGreaterThan(0);
  });
});
