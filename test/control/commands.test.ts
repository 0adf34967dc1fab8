import { miCommands } from '#src/control/commands.js';
import { handleMi } from '#src/control/mi.js';
import type { ConnectionRow, LinkRow } from '#src/control/link-rows.js';
import { VERSION } from '#src/control/version.js';
import { MsrptapError } from '#src/lib/errors.js';
import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { describe, expect, it } from 'vitest';
import { fakeControl, type FakeControl } from './control.js';

async function call(method: string, params: unknown[] = [], control: FakeControl = fakeControl()): Promise<unknown> {
  const outcome = await handleMi(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), miCommands(control));
  return outcome.kind === 'silence' ? null : JSON.parse(outcome.text);
}

describe('msrp_trace', () => {
  it('switches, and tells what it is switched to', async () => {
    const control = fakeControl();
    await call('msrp_trace', ['Off'], control);
    expect(control.trace.on).toBe(false);
    expect(await call('msrp_trace', [], control)).toMatchObject({ result: { 'MSRP tracing': 'off' } });
    await call('msrp:trace', ['ON'], control);
    expect(control.trace.on).toBe(true);
    expect(await call('msrp:trace', [], control)).toMatchObject({ result: { 'MSRP tracing': 'on' } });
  });

  it('changes nothing when the mode is wrong', async () => {
    const control = fakeControl();
    await call('msrp_trace', ['offf'], control);
    expect(control.trace.on).toBe(true);
  });
});

describe('which', () => {
  it('lists every name that can be called', async () => {
    const { result } = (await call('which')) as { readonly result: readonly string[] };
    expect(result).toEqual(expect.arrayContaining(['msrp_trace', 'msrp:trace', 'which', 'ps', 'list_tcp_conns']));
    for (const name of result) expect(await call('which', [name])).toHaveProperty('result');
  });

  it('tells the parameters of a command, each way to call it', async () => {
    expect(await call('which', ['msrp_trace'])).toMatchObject({ result: [[], ['trace_mode']] });
    expect(await call('which', ['uptime'])).toMatchObject({ result: [[]] });
  });

  it('lists the commands of a module', async () => {
    expect(await call('which', ['msrp:'])).toMatchObject({ result: ['msrp:trace'] });
    expect(await call('which', ['tls_mgm:'])).toMatchObject({ result: ['tls_mgm:list', 'tls_mgm:reload'] });
  });

  it.each(['nothing', 'nothing:', '__proto__', ''])('does not know %j', async (name) => {
    expect(await call('which', [name])).toEqual({
      jsonrpc: '2.0',
      error: { code: 404, message: 'unknown MI command' },
      id: 1,
    });
  });

  it('wants a name', async () => {
    expect(await call('which', [{}])).toMatchObject({ error: { code: -32602, message: 'Invalid params' } });
  });
});

it('uptime tells times as ctime does, and whole seconds', async () => {
  // 13 days 16 h 49 min 37 s later on the wall clock, and no change of the clocks in August anywhere tests are run.
  expect(await call('uptime')).toMatchObject({
    result: {
      Now: 'Thu Aug 20 09:05:03 2026',
      'Up since': 'Thu Aug  6 16:15:26 2026',
      'Up time': `${((13 * 24 + 16) * 60 + 49) * 60 + 37} [sec]`,
    },
  });
});

it('uptime is never negative, whatever becomes of the clock', async () => {
  const control = fakeControl({ now: () => new Date(0) });
  expect(await call('uptime', [], control)).toMatchObject({ result: { 'Up time': '0 [sec]' } });
});

it('version tells the version of package.json, the machine and the system', async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(manifest).toMatchObject({ version: VERSION });
  expect(await call('version')).toMatchObject({ result: { Server: `msrptap (1.2.3 (${arch()}/${platform()}))` } });
});

it('ps lists the processes as OpenSIPS does', async () => {
  expect(await call('ps')).toMatchObject({
    result: {
      Processes: [
        { ID: 0, PID: 11, Type: 'control' },
        { ID: 1, PID: 12, Type: 'worker 1' },
      ],
    },
  });
});

describe('get_statistics', () => {
  it.each([
    [
      [['all']],
      {
        'msrp:bytes_total-up': 5,
        'msrp:bytes_total-down': 7,
        'hep:queue_bytes-homer': 3,
        'msrp:observer_errors_total': 0,
      },
    ],
    [[['hep:']], { 'hep:queue_bytes-homer': 3 }],
    [[['msrp:bytes_total-up', 'unknown']], { 'msrp:bytes_total-up': 5 }],
    [['msrp:bytes_total-up hep:'], { 'msrp:bytes_total-up': 5, 'hep:queue_bytes-homer': 3 }],
  ])('%j', async (params, result) => {
    expect(await call('get_statistics', params)).toEqual({ jsonrpc: '2.0', result, id: 1 });
  });

  it('knows what it does not know', async () => {
    expect(await call('get_statistics', [['core:rcv_requests']])).toMatchObject({
      error: { code: 404, message: 'Statistics Not Found' },
    });
    for (const wrong of [[5], [[5]], [[]], [''], [{}], [Array.from({ length: 101 }, () => 'all')]]) {
      expect(await call('get_statistics', wrong)).toMatchObject({ error: { code: -32602 } });
    }
  });
});

const connection = (near: string, far: string, proto: 'msrp' | 'msrps'): ConnectionRow => ({
  near,
  far,
  proto,
  openedAt: Date.UTC(2026, 7, 20) * 1_000,
  bytesIn: 1,
  bytesOut: 2,
  messagesIn: 3,
  messagesOut: 4,
});
const rows: readonly LinkRow[] = [
  {
    id: 'a-1',
    nextHop: 'msrp:10.0.0.5:2855',
    downstream: connection('10.0.0.1:2856', '192.0.2.7:50000', 'msrps'),
    upstream: connection('10.0.0.1:40000', '10.0.0.5:2855', 'msrp'),
  },
  {
    id: 'a-2',
    nextHop: 'msrp:10.0.0.5:2855',
    downstream: connection('10.0.0.1:2856', '192.0.2.8:50001', 'msrps'),
    upstream: null,
  },
];
const withLinks = (missing: readonly number[] = [], hasMore = false): FakeControl =>
  fakeControl({ links: async () => ({ told: { rows, total: 9, hasMore }, missing }) });

const ids = async (proto: string): Promise<unknown> => {
  const { result } = (await call('list_tcp_conns', [proto], withLinks())) as {
    readonly result: { readonly Connections: readonly { readonly ID: string }[] };
  };
  return result.Connections.map(({ ID }) => ID);
};

describe('list_tcp_conns', () => {
  it('tells each connection as OpenSIPS does', async () => {
    const first = {
      ID: 'a-1/downstream',
      Type: 'msrps',
      State: 0,
      Remote: '192.0.2.7:50000',
      Local: '10.0.0.1:2856',
      Lifetime: '2026-08-20 10:05:03',
      Source: '192.0.2.7:50000',
      Destination: '10.0.0.1:2856',
    };
    expect(await call('list_tcp_conns', [], withLinks())).toMatchObject({
      result: { Connections: [first, { ID: 'a-1/upstream', Type: 'msrp' }, { ID: 'a-2/downstream' }] },
    });
  });

  it('of one protocol, or any', async () => {
    expect(await ids('MSRP')).toEqual(['a-1/upstream']);
    expect(await ids('msrps')).toEqual(['a-1/downstream', 'a-2/downstream']);
    expect(await ids('any')).toHaveLength(3);
    for (const wrong of ['tcp', '', '__proto__', 'toString']) {
      expect(await call('list_tcp_conns', [wrong], withLinks())).toMatchObject({
        error: { code: 400, message: 'Bad protocol' },
      });
    }
  });

  it('says whose part is missing', async () => {
    expect(await call('list_tcp_conns', [], withLinks([2]))).toMatchObject({ result: { Missing: ['worker 2'] } });
  });
});

describe('msrptap:links', () => {
  it('tells both connections of each link, and where the next page begins', async () => {
    expect(await call('msrptap:links', ['2'], withLinks([], true))).toMatchObject({
      result: {
        Links: [
          {
            ID: 'a-1',
            State: 'connected',
            'Next hop': 'msrp:10.0.0.5:2855',
            Downstream: {
              Type: 'msrps',
              Remote: '192.0.2.7:50000',
              BytesIn: 1,
              BytesOut: 2,
              MessagesIn: 3,
              MessagesOut: 4,
            },
            Upstream: { Type: 'msrp', Remote: '10.0.0.5:2855' },
          },
          { ID: 'a-2', State: 'connecting', Upstream: null },
        ],
        Total: 9,
        After: `${Date.UTC(2026, 7, 20) * 1_000}-a-2`,
      },
    });
  });

  it('pages are asked for by count, by position or by name', async () => {
    const control = fakeControl();
    await call('msrptap:links', [], control);
    await call('msrptap:links', [7], control);
    await call('msrptap:links', ['7', '15-a-2'], control);
    expect(control.calls).toEqual([
      { count: 50, after: null },
      { count: 7, after: null },
      { count: 7, after: '15-a-2' },
    ]);
  });

  it.each([[['0']], [['1001']], [['x']], [[-1]], [[1.5]], [[null]], [['5', 'x']], [['5', '']], [['5', 7]]])(
    'refuses %j',
    async (params) => {
      expect(await call('msrptap:links', params)).toMatchObject({ error: { code: -32602, data: expect.any(String) } });
    },
  );
});

describe('msrptap:close', () => {
  it('takes the id of a link, or of one of its connections', async () => {
    const control = fakeControl();
    for (const id of ['a-1', 'a-1/downstream', 'a-1/upstream']) {
      expect(await call('msrptap:close', [id], control)).toMatchObject({ result: 'OK' });
    }
    expect(control.calls).toEqual(['a-1', 'a-1', 'a-1']);
  });

  it('knows when there is none, and when it cannot know', async () => {
    expect(await call('msrptap:close', ['a-2'])).toMatchObject({ error: { code: 404, message: 'No such link' } });
    const control = fakeControl({ closeLink: async () => ({ told: false, missing: [1, 2] }) });
    expect(await call('msrptap:close', ['a-2'], control)).toMatchObject({
      error: { code: -32_000, data: 'worker 1, worker 2 did not answer' },
    });
  });
});

describe('what is reloaded', () => {
  it.each(['tls_reload', 'tls_mgm:reload'])('%s: certificates', async (method) => {
    const control = fakeControl();
    expect(await call(method, [], control)).toMatchObject({ result: 'OK' });
    expect(control.calls).toEqual(['certificates']);
  });

  it('tells why nothing was changed', async () => {
    const control = fakeControl({
      reloadCertificates: async () => Promise.reject(new MsrptapError('tls_domain_invalid', 'cert.pem: expired')),
    });
    expect(await call('tls_reload', [], control)).toMatchObject({
      error: { code: -32_000, message: 'Server error', data: 'cert.pem: expired' },
    });
  });

  it('filters, where there is a route', async () => {
    expect(await call('msrptap:reload_filters')).toMatchObject({
      error: { code: 400, data: 'proto_msrp.trace_filter_route is not set' },
    });
    const calls: string[] = [];
    const control = fakeControl({ reloadFilters: async () => void calls.push('filter') });
    expect(await call('msrptap:reload_filters', [], control)).toMatchObject({ result: 'OK' });
    expect(calls).toEqual(['filter']);
  });
});

const traced = (times: readonly { target: string; seconds: number }[] = []) => {
  const set: unknown[] = [];
  const spots = { times, most: 2, longest: 3_600, set: async (...what: [string, number]) => void set.push(what) };
  return { set, control: fakeControl({ spots }) };
};

describe('msrptap:trace', () => {
  it('begins, for as long as is said or for a minute', async () => {
    const { set, control } = traced();
    expect(await call('msrptap:trace', ['192.0.2.7'], control)).toMatchObject({ result: 'OK' });
    expect(await call('msrptap:trace', ['abc123', '5'], control)).toMatchObject({ result: 'OK' });
    expect(await call('msrptap:trace', ['abc123', 0], control)).toMatchObject({ result: 'OK' });
    expect(set).toEqual([
      ['192.0.2.7', 60],
      ['abc123', 5],
      ['abc123', 0],
    ]);
  });

  it('tells what is traced', async () => {
    const { control } = traced([{ target: 'abc123', seconds: 4.2 }]);
    expect(await call('msrptap:trace', [], control)).toMatchObject({
      result: { Traces: [{ Target: 'abc123', 'Seconds left': 5 }] },
    });
    expect(await call('msrptap:trace')).toMatchObject({ result: { Traces: [] } });
  });

  it('is refused where it would do nothing, and when there are too many', async () => {
    expect(await call('msrptap:trace', ['x'])).toMatchObject({
      error: { code: 400, data: 'proto_msrp.trace_destination is not set' },
    });
    const { set, control } = traced([
      { target: 'a', seconds: 1 },
      { target: 'b', seconds: 1 },
    ]);
    expect(await call('msrptap:trace', ['c', '5'], control)).toMatchObject({ error: { code: 400 } });
    expect(await call('msrptap:trace', ['b', '5'], control)).toMatchObject({ result: 'OK' });
    expect(set).toEqual([['b', 5]]);
  });

  it.each([[['a', '3601']], [['a', 'x']], [['a', -1]], [['']], [['a b']], [['x'.repeat(256)]], [[{}]]])(
    'refuses %j',
    async (params) => {
      const { set, control } = traced();
      expect(await call('msrptap:trace', params, control)).toMatchObject({ error: { code: -32602 } });
      expect(set).toEqual([]);
    },
  );
});

it('tls_list tells the domains as OpenSIPS does, clients first', async () => {
  const domain = {
    addresses: ['*'],
    names: ['*.example.com'],
    method: 'TLSv1_2-TLSv1_3',
    verifyCert: true,
    requireCert: false,
    crlCheckAll: false,
    certificate: '/c.pem',
    privateKey: '/k.pem',
    caList: '',
    caDir: '',
    crlDir: '',
    ciphers: '',
    dhParams: '',
    ecCurve: '',
  };
  const control = fakeControl({
    tlsDomains: [
      { ...domain, name: 'public', kind: 'server_domain' },
      { ...domain, name: 'core', kind: 'client_domain' },
    ],
  });
  expect(await call('tls_mgm:list', [], control)).toMatchObject({
    result: {
      Domains: [
        { name: 'core', type: 'TLS_DOMAIN_CLI' },
        {
          name: 'public',
          type: 'TLS_DOMAIN_SRV',
          'IP ADDRESS FILTERS': ['*'],
          'SIP DOMAIN FILTERS': ['*.example.com'],
          METHOD: 'TLSv1_2-TLSv1_3',
          VERIFY_CERT: true,
          REQ_CLI_CERT: false,
          CERT_FILE: '/c.pem',
          PKEY_FILE: '/k.pem',
        },
      ],
    },
  });
});

it('msrptap:upstreams tells how the next hops are doing', async () => {
  const [a, b] = ['msrp:a:2855', 'msrps:[2001:db8::1]:7'];
  const figures = async () => ({
    upstream_up: [
      [{ upstream: a }, 0],
      [{ upstream: b }, 1],
    ] as const,
    upstream_dials_total: [
      [{ upstream: a, result: 'success' }, 1],
      [{ upstream: a, result: 'failure' }, 2],
      [{ upstream: b, result: 'success' }, 3],
      [{ upstream: b, result: 'failure' }, 0],
    ] as const,
  });
  expect(await call('msrptap:upstreams', [], fakeControl({ figures }))).toMatchObject({
    result: {
      Upstreams: [
        { Upstream: a, Up: false, Succeeded: 1, Failed: 2 },
        { Upstream: b, Up: true, Succeeded: 3, Failed: 0 },
      ],
    },
  });
  expect(await call('msrptap:upstreams')).toMatchObject({ result: { Upstreams: [] } });
});

it('msrptap:destinations tells what is on disk, where there is a spool', async () => {
  const counts = { sent: 5, dropped: 1, failed: 2, maybe: 3, queuePackets: 4, queueBytes: 400 };
  const row = { name: 'homer', transport: 'tcp', address: '10.0.0.2:9060', connected: false, ...counts };
  const told = [{ ...row, spool: { packets: 7, bytes: 700 } }];
  const control = fakeControl({ destinations: async () => ({ told, missing: [] }) });
  expect(await call('msrptap:destinations', [], control)).toMatchObject({
    result: { Destinations: [{ Connected: false, 'Spooled packets': 7, 'Spooled bytes': 700 }] },
  });
});

it('msrptap:destinations tells what became of the packets', async () => {
  const row = { name: 'homer', transport: 'tcp', address: '10.0.0.2:9060', connected: true };
  const counts = { sent: 5, dropped: 1, failed: 2, maybe: 3, queuePackets: 4, queueBytes: 400, spool: null };
  const control = fakeControl({ destinations: async () => ({ told: [{ ...row, ...counts }], missing: [2] }) });
  expect(await call('msrptap:destinations', [], control)).toMatchObject({
    result: {
      Destinations: [
        { Name: 'homer', Address: '10.0.0.2:9060', Connected: true, Sent: 5, Dropped: 1, 'Queued bytes': 400 },
      ],
      Missing: ['worker 2'],
    },
  });
});
