import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { changesBetween, parseConfig, type ConfigChange } from '#src/config.js';

/** In a folder that there is: one for a spool has to be. */
const FILE = join(tmpdir(), 'msrptap.yaml');

const HOP = 'msrp:192.0.2.1:2855';
const listener = (port: number, more: object = {}): object => ({
  socket: `msrp:127.0.0.1:${port}`,
  upstream: HOP,
  ...more,
});

const spool = (max_bytes: number): object => ({ proto_hep: { hep_spool: { dir: 'a', max_bytes } } });

function changes(
  before: object,
  after: object,
  token?: readonly [before: string, after: string],
): readonly ConfigChange[] {
  const [old, now] = [before, after].map((sections, index) =>
    parseConfig(
      JSON.stringify({ listeners: [listener(2855)], ...sections }),
      FILE,
      token === undefined ? {} : { token: token[index] },
    ),
  );
  if (old === undefined || now === undefined) throw new Error('unreachable');
  return changesBetween(old, now);
}

describe('what differs', () => {
  test('nothing, when another text says the same', () => {
    expect(
      changes({}, { proto_msrp: { send_timeout: 100 }, httpd: { port: 8_888 }, filters: join(tmpdir(), 'filters') }),
    ).toEqual([]);
  });

  test.each<readonly [object, object, readonly ConfigChange[]]>([
    [
      { proto_msrp: { send_timeout: 5 } },
      {},
      [{ key: 'proto_msrp.send_timeout', old: 5, new: 100, needsRestart: false }],
    ],
    [{}, { log: { level: 'debug' } }, [{ key: 'log.level', old: 'info', new: 'debug', needsRestart: false }]],
    [
      { proto_hep: { hep_payload_type: 89 } },
      { proto_hep: { hep_payload_type: { messages: 110 } } },
      [
        { key: 'proto_hep.hep_payload_type.events', old: 89, new: 100, needsRestart: false },
        { key: 'proto_hep.hep_payload_type.messages', old: 89, new: 110, needsRestart: false },
      ],
    ],
    [
      {},
      { tls_mgm: { client_domain: { core: { ca_list: 'ca.pem' } } } },
      [{ key: 'tls_mgm.client_domain.core', old: null, new: { ca_list: 'ca.pem' }, needsRestart: false }],
    ],
    [
      { tls_mgm: { client_domain: { core: {} } } },
      { tls_mgm: { client_domain: { core: { tls_method: 'TLSv1_3' } } } },
      [
        {
          key: 'tls_mgm.client_domain.core.tls_method',
          old: 'TLSv1_2-TLSv1_3',
          new: 'TLSv1_3',
          needsRestart: false,
        },
      ],
    ],
  ])('%j, then %j', (before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  test('of listeners by where they are, whatever their order', () => {
    const before = { listeners: [listener(1), listener(2), listener(3)] };
    const after = { listeners: [listener(3, { send_proxy: 2 }), listener(4), listener(2)] };
    expect(changes(before, after)).toEqual([
      { key: 'listeners["127.0.0.1:1"]', old: listener(1), new: null, needsRestart: false },
      { key: 'listeners["127.0.0.1:3"].send_proxy', old: 0, new: 2, needsRestart: false },
      { key: 'listeners["127.0.0.1:4"]', old: null, new: listener(4), needsRestart: false },
    ]);
  });

  test('of listeners that are none of a kind: any free port', () => {
    const before = { listeners: [listener(0), listener(0)] };
    const after = { listeners: [listener(0), listener(0, { upstream: 'msrp:192.0.2.2' })] };
    expect(changes(before, after)).toEqual([
      { key: 'listeners["127.0.0.1:0#2"].upstream', old: HOP, new: 'msrp:192.0.2.2', needsRestart: false },
    ]);
  });
});

describe('what takes a restart', () => {
  test.each<readonly [string, object, object]>([
    ['workers', {}, { workers: 2 }],
    ['httpd.port', {}, { httpd: { port: 1 } }],
    ['mi_fifo', {}, { mi_fifo: {} }],
    ['mi_fifo.fifo_mode', { mi_fifo: {} }, { mi_fifo: { fifo_mode: '0660' } }],
    ['hep_input', { hep_input: 'udp:127.0.0.1:1' }, { hep_input: 'udp:127.0.0.1:2' }],
    ['proto_hep.hep_spool', {}, { proto_hep: { hep_spool: { dir: 'spool' } } }],
    ['proto_hep.hep_spool.dir', { proto_hep: { hep_spool: { dir: 'a' } } }, { proto_hep: { hep_spool: { dir: 'b' } } }],
    ['prometheus.prefix', {}, { prometheus: { prefix: 'msrp' } }],
  ])('%s', (key, before, after) => {
    expect(changes(before, after)).toMatchObject([{ key, needsRestart: true }]);
  });

  test('how much the spool may have does not', () => {
    expect(changes(spool(2_000_000), spool(1_100_000))).toEqual([
      { key: 'proto_hep.hep_spool.max_bytes', old: 2_000_000, new: 1_100_000, needsRestart: false },
    ]);
  });
});

describe('secrets', () => {
  test('are told to nobody, wherever they come from', () => {
    const tokens = ['the-token-in-the-environment', 'another-one-in-the-environment'] as const;
    const told = [
      changes({ httpd: { token: 'the-token-in-the-file' } }, { httpd: { token: 'another-in-the-file' } }),
      changes({}, { httpd: { token: 'another-in-the-file' } }),
      changes({}, {}, tokens),
      changes({ proto_hep: { hep_auth_key: 'the key' } }, { proto_hep: { hep_auth_key: 'another key' } }),
      changes({}, { hep_input: { socket: 'udp:127.0.0.1:1', auth_key: 'the key' } }),
    ];
    expect(told.map((each) => each.map(({ key, old, new: now }) => [key, old, now]))).toEqual([
      [['httpd.token', '(secret)', '(secret)']],
      [['httpd.token', null, '(secret)']],
      [['httpd.token', '(secret)', '(secret)']],
      [['proto_hep.hep_auth_key', '(secret)', '(secret)']],
      [['hep_input', null, { socket: 'udp:127.0.0.1:1', auth_key: '(secret)' }]],
    ]);
  });
});
