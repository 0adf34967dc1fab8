/**
 * The documentation of OpenSIPS' proto_msrp module, sentence by sentence: each that promises something is the name of a
 * test of msrptap itself, over real sockets.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig, type Config } from '#src/config.js';
import { importCfg } from '#src/import/import.js';
import { writeRequest } from '#src/msrp/writer.js';
import { useCerts } from '../helpers/certs.js';
import { configWith, problemsOf } from '../helpers/config.js';
import { carry, dial, linkThrough, NextHop, startHanging } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { FifoCaller } from '../helpers/fifo.js';
import { Peer } from '../helpers/peer.js';
import { MiTap } from '../helpers/mi.js';
import { freePort } from '../helpers/free-port.js';
import { scene } from '../helpers/scene.js';
import { endpointOf, startTap, type Settings, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace, type TracedEvent } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

/** More than the kernel holds for a connection whose far end does not read. */
const MUCH = Buffer.alloc(64 * 1_024 * 1_024);

async function close(...peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) peer.finish();
  await Promise.all(peers.map((peer) => peer.closed));
}

interface Routed {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly filters: string;
  /** Puts another module in the place of the route's. */
  readonly replace: (source: string) => Promise<void>;
}

/** msrptap with a route of this source. */
async function routed(source: string, proto_msrp: Settings = {}): Promise<Routed> {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const filters = await mkdtemp(join(tmpdir(), 'msrptap-document-'));
  onTestFinished(() => rm(filters, { recursive: true }));
  const replace = async (text: string): Promise<void> => {
    // As editors do: never half a file.
    await writeFile(join(filters, 'new'), text);
    await rename(join(filters, 'new'), join(filters, 'route.js'));
  };
  await replace(source);
  const settings = { trace_filter_route: 'route', ...proto_msrp };
  const tap = await startTap({ upstream: hop.url, trace, filters, proto_msrp: settings });
  return { trace, hop, tap, filters, replace };
}

/** A route that notes what it is given. */
const NOTING = `import { appendFileSync } from 'node:fs';
  export default ({ si, sp, socket_in }) =>
    appendFileSync(new URL('calls', import.meta.url), JSON.stringify({ si, sp, socket_in }) + '\\n');`;

async function notedBy({ filters }: Routed): Promise<unknown[]> {
  const lines = (await readFile(join(filters, 'calls'), 'utf8')).trimEnd().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}

/** A connection through it, with one message, that has ended on both sides. */
async function converse({ tap, hop }: Pick<Routed, 'tap' | 'hop'>): Promise<{ client: Peer; server: Peer }> {
  const { client, server } = await linkThrough(tap.socket, hop);
  await carry(new Chat().ask('hello'), client, server);
  await close(client, server);
  return { client, server };
}

const names = (events: readonly TracedEvent[]): string[] =>
  events.map(({ Event, Leg }) => `${Event} ${Leg}`).toSorted();

/** The configuration that is made of these lines of an opensips.cfg, with next hops. */
function imported(...cfg: readonly string[]): Config {
  const yaml = importCfg(cfg.join('\n'), 'opensips.cfg').replaceAll(/# upstream: .*/g, 'upstream: msrp:127.0.0.1');
  return parseConfig(yaml, '/etc/msrptap/msrptap.yaml');
}

/** The socket of its only listener, as it stands there. */
const listening = (cfg: string): string | undefined => imported(cfg).listeners[0]?.socket;

describe('Overview', () => {
  test('The proto_msrp module provides the MSRP protocol stack, meaning the network read/wite (plain and TLS) …', async () => {
    const hop = await NextHop.start({ tls: serving(certs().server) });
    const tap = await startTap({
      listeners: [
        { socket: 'msrp:127.0.0.1:0', upstream: hop.url.replace('127.0.0.1', 'localhost') },
        { socket: 'msrps:127.0.0.1:0', upstream: hop.url.replace('127.0.0.1', 'localhost') },
      ],
      tls_mgm: tlsDomains(certs()),
    });
    const [plain, secure] = tap.sockets;
    for (const [socket, tls] of [
      [plain, undefined],
      [secure, trusting(certs())],
    ] as const) {
      const accepted = hop.accept();
      const client = await dial(socket ?? tap.socket, tls);
      const server = await accepted;
      const chat = new Chat('msrps');
      const hello = chat.ask('hello');
      await carry(hello, client, server);
      await carry(chat.ok(hello), server, client);
    }
  });

  test('… message parsing and assembling …', async () => {
    const { trace, client, server, chat } = await scene();
    const [first, second] = [chat.ask('in three reads'), chat.ask('and behind it another')];
    const both = Buffer.concat([first, second]);
    for (const part of [both.subarray(0, 9), both.subarray(9, first.length + 5), both.subarray(first.length + 5)]) {
      await carry(part, client, server);
    }
    await trace.message(second);
    expect(trace.messages.map(({ payload }) => payload.toString())).toEqual([first.toString(), second.toString()]);
  });

  test('… transactional layer …', async () => {
    const { tap, client, server, chat } = await scene();
    const hello = chat.ask('hello');
    await carry(hello, client, server);
    expect(await tap.metric('transactions_open')).toBe(1);
    await carry(chat.ok(hello), server, client);
    expect(await tap.metric('transactions_open')).toBe(0);
    expect(await tap.metric('transaction_duration_seconds_count', { method: 'SEND' })).toBe(1);
  });

  test('… and the basic signalling operations', async () => {
    const { trace, client, server, chat } = await scene();
    const [toPath, fromPath] = ['msrp://callee.example.com:12763/to;tcp', 'msrp://caller.example.com:7654/from;tcp'];
    const path = { toPath, fromPath, headers: [], flag: '$' } as const;
    const sent = chat.ask('hello');
    const forth = [
      sent,
      writeRequest({ ...path, transactionId: 'report01', method: 'REPORT' }),
      writeRequest({ ...path, transactionId: 'nickname', method: 'NICKNAME' }),
      writeRequest({ ...path, transactionId: 'auth0001', method: 'AUTH' }),
    ];
    for (const request of forth) await carry(request, client, server);
    const answer = chat.ok(sent);
    await carry(answer, server, client);
    await trace.message(answer);
    expect(trace.messages.map(({ payload }) => payload.toString())).toEqual([...forth, answer].map(String));
  });

  test('Once loaded, you will be able to define MSRP listeners in your script, by adding its IP, and optionally the listening port', () => {
    expect(listening('socket=msrp:127.0.0.1:65432')).toBe('msrp:127.0.0.1:65432');
    expect(listening('socket=msrp:127.0.0.1')).toBe('msrp:127.0.0.1');
  });

  test('Example: socket=msrp:127.0.0.1:65432, socket=msrps:127.0.0.1:65431', () => {
    const { listeners } = imported(
      'socket=msrp:127.0.0.1:65432',
      'socket=msrps:127.0.0.1:65431',
      'modparam("tls_mgm", "server_domain", "default")',
      'modparam("tls_mgm", "certificate", "[default]/etc/cert.pem")',
      'modparam("tls_mgm", "private_key", "[default]/etc/key.pem")',
    );
    expect(listeners.map(({ proto, ip, port }) => `${proto}:${ip}:${port}`)).toEqual([
      'msrp:127.0.0.1:65432',
      'msrps:127.0.0.1:65431',
    ]);
  });
});

describe('Dependencies', () => {
  test('tls_mgm - you need to load this module if using MSRPS (secure) sockets', () => {
    const msrps = 'listeners: [{ socket: "msrps:127.0.0.1:0", upstream: "msrp:127.0.0.1" }]\n';
    expect(problemsOf(msrps).map(({ path, message }) => [path, message])).toEqual([
      ['listeners[0].socket', expect.stringMatching(/^no tls_mgm\.server_domain matches/)],
    ]);
    expect(problemsOf(`${msrps}tls_mgm: { server_domain: { d: { certificate: c.pem, private_key: k.pem } } }`)).toEqual(
      [],
    );
  });

  test('Via this module you will manage the SSL certificates', async () => {
    const hop = await NextHop.start();
    const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
    const tap = await startTap({ listeners, tls_mgm: tlsDomains(certs()) });
    // Trusts none but the CA of that certificate.
    const client = await dial(tap.socket, trusting(certs()));
    await carry(new Chat('msrps').ask('hello'), client, await hop.accept());
  });
});

describe('send_timeout', () => {
  test('Time in milliseconds after a MSRP connection will be closed if it is not available for blocking writing in this interval (and OpenSIPS wants to send something on it)', async () => {
    const { trace, client, server } = await scene({ send_timeout: 300, on_parse_error: 'pass' });
    server.socket.pause();
    const startedAt = performance.now();
    client.socket.write(MUCH);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'upstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'send_timeout',
    });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(300);
    expect(await client.end).toBe('rst');
  });

  test('… (and OpenSIPS wants to send something on it): one that has nothing to send stays', async () => {
    const { trace, tap, hop, client, server, chat } = await scene({ send_timeout: 300, on_parse_error: 'pass' });
    server.socket.pause();
    const other = await linkThrough(tap.socket, hop);
    other.server.socket.pause();
    other.client.socket.write(MUCH);
    // By then 300 ms have passed for both.
    await trace.event({ Event: 'CLOSED', Reason: 'send_timeout' });
    server.socket.resume();
    await carry(chat.ask('still here'), client, server);
  });

  test('Default value is 100 ms.', () => {
    expect(configWith('').proto_msrp.send_timeout).toBe(100);
  });
});

describe('max_msg_chunks', () => {
  test('If a packet is received more fragmented than this, the connection is dropped', async () => {
    const { trace, client, server, chat } = await scene({ max_msg_chunks: 4 });
    const octets = [...chat.ask('x'.repeat(200))];
    let arrived = 0;
    for (const octet of octets) {
      try {
        client.send(Buffer.from([octet]));
        await server.receive(1);
        arrived += 1;
      } catch {
        break;
      }
    }
    expect(arrived).toBeGreaterThanOrEqual(4);
    expect(arrived).toBeLessThan(octets.length);
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'max_msg_chunks',
    });
    expect(await client.end).toBe('rst');
  });

  test('The maximum number of chunks that a SIP message is expected to arrive via MSRP: as many pass', async () => {
    const { client, server, chat } = await scene({ max_msg_chunks: 4 });
    const message = chat.ask('x'.repeat(400));
    const size = Math.ceil(message.length / 4);
    for (let at = 0; at < message.length; at += size) await carry(message.subarray(at, at + size), client, server);
    await carry(chat.ask('and on it goes'), client, server);
  });

  test('Default value is 4.', () => {
    expect(configWith('').proto_msrp.max_msg_chunks).toBe(4);
  });
});

describe('tls_handshake_timeout', () => {
  test('Sets the timeout (in milliseconds) for the SSL handshake sequence to complete … during acceptance of a new connection (inbound)', async () => {
    const [trace, hop] = [await Trace.start(), await NextHop.start()];
    const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
    const proto_msrp = { tls_handshake_timeout: 300 };
    const tap = await startTap({ listeners, trace, proto_msrp, tls_mgm: tlsDomains(certs()) });
    const startedAt = performance.now();
    const client = await dial(tap.socket);
    await client.end;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
    expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'tls_handshake_timeout',
    });
  });

  test('… and during the wait period when a new session is being initiated (outbound)', async () => {
    const trace = await Trace.start();
    // It takes the connection and says nothing.
    const hop = await NextHop.start({ tls: serving(certs().server), until: new Promise(() => {}) });
    const proto_msrp = { tls_handshake_timeout: 300 };
    const tap = await startTap({ upstream: hop.url, trace, proto_msrp, tls_mgm: tlsDomains(certs()) });
    const client = await dial(tap.socket);
    expect(await trace.event({ Event: 'CONNECTED' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'tls_handshake_timeout',
    });
    expect(await client.end).toBe('rst');
  });

  test('Default value is 100.', () => {
    expect(configWith('').proto_msrp.tls_handshake_timeout).toBe(100);
  });

  test('Example 1.3: modparam("proto_msrp", "tls_handshake_timeout", 200) # number of milliseconds', () => {
    const line = 'modparam("proto_msrp", "tls_handshake_timeout", 200) # number of milliseconds';
    expect(imported('socket=msrp:127.0.0.1', line).proto_msrp.tls_handshake_timeout).toBe(200);
  });
});

describe('cert_check_on_conn_reusage', () => {
  test('This parameter turns on or off the extra checking/matching of the TLS domain (SSL certificate) when comes to reusing an existing TLS connection: no connection is reused, so none with another certificate is', async () => {
    const { tap, hop } = await scene({ cert_check_on_conn_reusage: 1 });
    await linkThrough(tap.socket, hop);
    expect(await tap.metric('connections', { leg: 'upstream' })).toBe(2);
    expect(await tap.metric('connections', { leg: 'downstream' })).toBe(2);
  });

  test('Default value is 0 (disabled).', () => {
    expect(configWith('').proto_msrp.cert_check_on_conn_reusage).toBe(0);
  });

  test('Example 1.4: modparam("proto_msrp", "cert_check_on_conn_reusage", 1)', () => {
    const line = 'modparam("proto_msrp", "cert_check_on_conn_reusage", 1)';
    expect(imported('socket=msrp:127.0.0.1', line).proto_msrp.cert_check_on_conn_reusage).toBe(1);
  });
});

describe('trace_destination', () => {
  test('Trace destination as defined in the tracing module. Currently the only tracing module is proto_hep.', async () => {
    const [chosen, other, hop] = [await Trace.start(), await Trace.start(), await NextHop.start()];
    const hep_id = [`[hep_dest]127.0.0.1:${chosen.port};transport=tcp;version=3`, `[other]127.0.0.1:${other.port}`];
    const proto_msrp = { trace_on: 1, trace_destination: 'hep_dest' };
    const tap = await startTap({ upstream: hop.url, proto_msrp, proto_hep: { hep_id } });
    await converse({ tap, hop });
    await eventually(() => chosen.events({ Event: 'CLOSED' }).length).toBe(2);
    expect(other.packets).toEqual([]);
  });

  test('Network events such as connect, accept and connection closed events shall be traced …', async () => {
    const { trace, tap, client, server, chat } = await scene();
    await carry(chat.ask('hello'), client, server);
    await close(client, server);
    await eventually(() => names(trace.events())).toEqual([
      'ACCEPTED downstream',
      'CLOSED downstream',
      'CLOSED upstream',
      'CONNECTED upstream',
    ]);
    const near = `127.0.0.1:${tap.socket.port}`;
    expect(trace.events({ Event: 'ACCEPTED' })).toMatchObject([
      { Status: 'SUCCESS', Source: client.address, Destination: near },
    ]);
    expect(trace.events({ Event: 'CONNECTED' })).toMatchObject([
      { Status: 'SUCCESS', Source: server.remote, Destination: server.address },
    ]);
  });

  test('… along with errors that could appear in the process', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    hop.stopListening();
    const refused = await startTap({ upstream: hop.url, trace });
    await dial(refused.socket);
    expect(await trace.event({ Event: 'CONNECTED' })).toMatchObject({ Status: 'FAILURE', Reason: 'connect_refused' });

    const silent = await startHanging();
    const slow = await startTap({
      upstream: `msrp:${silent.ip}:${silent.port}`,
      trace,
      proto_msrp: { connect_timeout: 300 },
    });
    await dial(slow.socket);
    expect(await trace.event({ Event: 'CONNECTED', Reason: 'connect_timeout' })).toMatchObject({ Status: 'FAILURE' });

    const { client, trace: other } = await scene();
    client.reset();
    expect(await other.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Status: 'FAILURE',
      Reason: 'reset',
    });
  });

  test('WARNING: A tracing module must be loaded in order for this parameter to work.', () => {
    const traced =
      'listeners: [{ socket: "msrp:127.0.0.1", upstream: "msrp:192.0.2.1" }]\nproto_msrp: { trace_destination: hep_dest }\n';
    expect(problemsOf(traced).map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/^proto_msrp\.trace_destination: no proto_hep\.hep_id has the name "hep_dest"/),
    ]);
  });

  test('Default value is none(not defined).', () => {
    expect(configWith('').proto_msrp.trace_destination).toEqual([]);
  });

  test('Example 1.5: modparam("proto_hep", "hep_id", "[hep_dest]10.0.0.2;transport=tcp;version=3") modparam("proto_msrp", "trace_destination", "hep_dest")', () => {
    const { proto_msrp, proto_hep } = imported(
      'socket=msrp:127.0.0.1',
      'modparam("proto_hep", "hep_id", "[hep_dest]10.0.0.2;transport=tcp;version=3")',
      'modparam("proto_msrp", "trace_destination", "hep_dest")',
    );
    expect(proto_msrp.trace_destination).toEqual(['hep_dest']);
    expect(proto_hep.hep_id).toMatchObject([{ name: 'hep_dest', host: '10.0.0.2', port: 9_060, transport: 'tcp' }]);
  });
});

describe('trace_on', () => {
  test('This controls whether tracing for MSRP is on or not.', async () => {
    const off = await scene({ trace_on: 0 });
    await carry(off.chat.ask('unseen'), off.client, off.server);
    await close(off.client, off.server);
    expect(await off.tap.metric('trace_on')).toBe(0);
    const on = await scene({ trace_on: 1 });
    await carry(on.chat.ask('seen'), on.client, on.server);
    await on.trace.event({ Event: 'ACCEPTED' });
    expect(off.trace.packets).toEqual([]);
  });

  test('You still need to define trace_destination in order to work …', async () => {
    const hop = await NextHop.start();
    const trace = await Trace.start();
    const proto_hep = { hep_id: [`[hep_dest]127.0.0.1:${trace.port}`] };
    const tap = await startTap({ upstream: hop.url, proto_msrp: { trace_on: 1 }, proto_hep });
    await converse({ tap, hop });
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
    expect(trace.packets).toEqual([]);
  });

  test('… but this value will be controlled using MI function msrp_trace', async () => {
    const { tap } = await scene({ trace_on: 0 });
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'off' });
    await tap.mi('msrp_trace', 'on');
    expect(await tap.metric('trace_on')).toBe(1);
  });
});

describe('trace_filter_route', () => {
  test("Define the name of a route in which you can filter which connections will be trace and which connections won't be", async () => {
    const here = await routed(`export default function route({ direction }, { drop }) {
      if (direction === 'connected') drop();
    }`);
    await converse(here);
    await eventually(() => names(here.trace.events())).toEqual(['ACCEPTED downstream', 'CLOSED downstream']);
  });

  test('In this route you will have information regarding source and destination ips and ports for the current connection', async () => {
    const here = await routed(NOTING);
    const { client, server } = await converse(here);
    await here.trace.event({ Event: 'CLOSED', Leg: 'upstream' });
    const [far, own] = [endpointOf(client.address), endpointOf(server.remote)];
    expect(await notedBy(here)).toEqual([
      { si: far.ip, sp: far.port, socket_in: here.tap.socket },
      { si: here.hop.ip, sp: here.hop.port, socket_in: own },
    ]);
  });

  test('To disable tracing for a specific connection the last call in this route must be drop …', async () => {
    const here = await routed('export default (_, { drop }) => drop()');
    const { client } = await converse(here);
    expect(client.error).toBeNull();
    await here.replace('export default () => {}');
    await eventually(() => here.tap.logged('filter reloaded')).toBe(1);
    // What is traced of the next one comes behind whatever there was of the first.
    const next = await converse(here);
    await eventually(() => here.trace.events({ Event: 'CLOSED' }).length).toBe(2);
    expect(here.trace.events({ Leg: 'downstream' }).every(({ Source }) => Source === next.client.address)).toBe(true);
    expect(here.trace.packets).toHaveLength(5);
  });

  test.each([
    ['exit', '(_, { exit }) => exit()'],
    ['return', '() => { return; }'],
    ['its end', '() => {}'],
    ['an error', "() => { throw new Error('oops'); }"],
  ])('… any other exit mode resulting in tracing the current connection: %s', async (_, route) => {
    const here = await routed(`export default ${route}`);
    await converse(here);
    await eventually(() => here.trace.events().length).toBe(4);
    expect(here.trace.messages).toHaveLength(1);
  });

  test('… (of course you still have to define a trace_destination …', async () => {
    const here = await routed(NOTING, { trace_on: 1, trace_destination: undefined });
    await converse(here);
    expect(await here.tap.metric('filter_decisions_total')).toBe(0);
    expect(here.trace.packets).toEqual([]);
  });

  test('… and trace must be on at the time this connection is opened', async () => {
    const { trace, tap, hop, client, server, chat } = await scene({ trace_on: 0 });
    await tap.mi('msrp_trace', 'on');
    await carry(chat.ask('opened before'), client, server);
    await close(client, server);
    const later = await converse({ tap, hop });
    await eventually(() => trace.events({ Event: 'CLOSED' }).length).toBe(2);
    const { address } = later.client;
    expect(trace.events({ Leg: 'downstream', Source: address })).toHaveLength(2);
    expect(trace.events()).toHaveLength(4);
    expect(trace.messages).toHaveLength(1);
  });

  test('Filtering on ip addresses and ports can be made using $si and $sp for matching either the entity that is connecting to OpenSIPS or the entity to which OpenSIPS is connecting.', async () => {
    const here = await routed('export default () => {}');
    await here.replace(`export default ({ si, sp }, { drop }) => {
      if (si === '${here.hop.ip}' && sp === ${here.hop.port}) drop();
    }`);
    await eventually(() => here.tap.logged('filter reloaded')).toBe(1);
    await converse(here);
    await eventually(() => names(here.trace.events())).toEqual(['ACCEPTED downstream', 'CLOSED downstream']);
  });

  test('In order to match OpenSIPS interface (either the one that accepted the connection or the one that initiated a connection) $socket_in(ip) (ip) and $socket_in(port) (port) can be used.', async () => {
    const here = await routed('export default () => {}');
    const { ip, port } = here.tap.socket;
    await here.replace(`export default ({ socket_in }, { drop }) => {
      if (socket_in.ip === '${ip}' && socket_in.port === ${port}) drop();
    }`);
    await eventually(() => here.tap.logged('filter reloaded')).toBe(1);
    await converse(here);
    await eventually(() => names(here.trace.events())).toEqual(['CLOSED upstream', 'CONNECTED upstream']);
  });

  test("WARNING: IF trace_on is set to 0 … this route won't be called.", async () => {
    const here = await routed(NOTING, { trace_on: 0 });
    await converse(here);
    expect(await here.tap.metric('filter_decisions_total')).toBe(0);
    await expect(notedBy(here)).rejects.toThrow('ENOENT');
  });

  test("… or tracing is deactived via the mi command msrp_trace this route won't be called.", async () => {
    const here = await routed(NOTING, { trace_on: 1 });
    await here.tap.mi('msrp_trace', 'off');
    await converse(here);
    expect(await here.tap.metric('filter_decisions_total')).toBe(0);
    await expect(notedBy(here)).rejects.toThrow('ENOENT');
  });

  test('Example: all MSRP connections will go through this route if tracing is activated and a trace destination is defined', async () => {
    const here = await routed(NOTING);
    await converse(here);
    await converse(here);
    await eventually(() => here.trace.events().length).toBe(8);
    expect(await notedBy(here)).toHaveLength(4);
  });

  test("Example: all connections opened from/by ip 1.1.1.1:8000 will be traced on interface 1.1.1.10:5060(opensips listener) all the other connections won't be", async () => {
    const here = await routed('export default () => {}');
    const from = { ip: '127.0.0.2', port: await freePort('127.0.0.2') };
    const example = await readFile(resolve(import.meta.dirname, '../../filters/msrp_filter.js'), 'utf8');
    await here.replace(
      example
        .replace("'1.1.1.10'", `'${here.tap.socket.ip}'`)
        .replace('5060', String(here.tap.socket.port))
        .replace("'1.1.1.1'", `'${from.ip}'`)
        .replace('8000', String(from.port)),
    );
    await eventually(() => here.tap.logged('filter reloaded')).toBe(1);
    await converse(here);
    const accepted = here.hop.accept();
    const { ip: host, port } = here.tap.socket;
    const raw = connect({ host, port, localAddress: from.ip, localPort: from.port, allowHalfOpen: true });
    onTestFinished(() => void raw.destroy());
    await once(raw, 'connect');
    const [client, server] = [new Peer(raw), await accepted];
    await carry(new Chat().ask('hello'), client, server);
    await close(client, server);
    await eventually(() => here.trace.events().length).toBe(2);
    expect(names(here.trace.events())).toEqual(['ACCEPTED downstream', 'CLOSED downstream']);
    expect(here.trace.events({ Event: 'ACCEPTED' })).toMatchObject([{ Source: client.address }]);
    // The last one, on the originated connection, holds up nothing of the accepted one.
    await eventually(() => here.tap.metric('filter_decisions_total', { decision: 'drop' })).toBe(3);
  });
});

describe('msrp_trace', () => {
  test('trace_mode(optional): set MSRP tracing on and off.', async () => {
    const { trace, tap, client, server, chat } = await scene({ trace_on: 1 });
    expect(await tap.mi('msrp_trace', 'off')).toBe('OK');
    await carry(chat.ask('off'), client, server);
    expect(await tap.mi('msrp_trace', 'on')).toBe('OK');
    const seen = chat.ask('on');
    await carry(seen, client, server);
    await trace.message(seen);
    expect(trace.messages).toHaveLength(1);
  });

  test.each(['on', 'off'])(
    'This parameter can be missing and the command will show the current tracing status for this module: %s',
    async (mode) => {
      const { tap } = await scene();
      await tap.mi('msrp_trace', mode);
      expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': mode });
    },
  );

  test.each(['maybe', '', 'onoff'])('Possible values: on, off. Not %j', async (mode) => {
    const { tap } = await scene();
    const call = { jsonrpc: '2.0', id: 1, method: 'msrp_trace', params: { trace_mode: mode } };
    const { body } = await tap.http('/mi', JSON.stringify(call));
    expect(JSON.parse(body)).toMatchObject({ error: { code: -32602, message: 'Invalid params' } });
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
  });

  test.each([1, 2])(
    'MI FIFO Command Format: :msrp_trace:_reply_fifo_file_ trace_mode _empty_line_ (workers: %i)',
    async (workers) => {
      const { tap, fifo, replies } = await MiTap.start({ workers });
      const caller = new FifoCaller(fifo, replies, 'reply_fifo_file');
      expect(await caller.text('msrp_trace', 'on')).toBe('200 OK\n\n');
      expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });
      expect(await caller.text('msrp_trace')).toBe('200 OK\nMSRP tracing:: on\n\n');
      expect(await caller.text('msrp_trace', 'off')).toBe('200 OK\n\n');
      expect(await caller.text('msrp_trace', 'maybe')).toBe("400 trace_mode should be 'on' or 'off'\n\n");
      expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'off' });
    },
  );
});
