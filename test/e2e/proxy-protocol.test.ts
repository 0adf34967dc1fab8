/** The PROXY protocol, read from who is in front and sent to who is behind: whose connection it is, to everybody who asks. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { writeProxyHeader } from '#src/net/proxy-protocol.js';
import { useCerts } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { Peer } from '../helpers/peer.js';
import { startTap, type Settings, type Tap } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useCerts();

const SOURCE = { ip: '192.0.2.7', port: 56324 };
const DESTINATION = { ip: '198.51.100.1', port: 2855 };
const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

interface Before {
  readonly trace: Trace;
  readonly hop: NextHop;
  readonly tap: Tap;
}

/** A msrptap that reads headers from 127.0.0.1, unless `listener` says otherwise. */
async function start(listener: Settings = {}, more: Settings = {}): Promise<Before> {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const listeners = [
    { socket: 'msrp:127.0.0.1:0', upstream: hop.url, proxy_protocol: { from: ['127.0.0.1'] }, ...listener },
  ];
  const setup = { listeners, trace, ...more };
  // Events are not to wait for a message.
  const proto_msrp = { correlation_wait: 0, ...(more['proto_msrp'] as Settings | undefined) };
  return { trace, hop, tap: await startTap({ ...setup, proto_msrp }) };
}

test.each([1, 2] as const)(
  'version %i: the client is who the header says, in events, messages and filters',
  async (version) => {
    const filters = mkdtempSync(join(tmpdir(), 'msrptap-proxied-'));
    onTestFinished(() => rmSync(filters, { recursive: true }));
    writeFileSync(
      join(filters, 'route.js'),
      `export default ({ si, sp, peer }, { drop }) => { if ((peer?.si ?? si) !== '192.0.2.7' || (peer?.sp ?? sp) !== 56324) drop(); };`,
    );
    const { trace, hop, tap } = await start({}, { filters, proto_msrp: { trace_filter_route: 'route' } });
    const accepted = hop.accept();
    const client = await dial(tap.socket);
    const chat = new Chat();
    const hello = chat.ask('hello');
    client.send(Buffer.concat([writeProxyHeader(version, { source: SOURCE, destination: DESTINATION }), hello]));
    const server = await accepted;
    expect(await server.receive(hello.length)).toEqual(hello);
    await carry(chat.ok(hello), server, client);
    expect(await trace.message(hello)).toMatchObject({ source: '192.0.2.7:56324', destination: hop.address });
    expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({
      Source: '192.0.2.7:56324',
      Destination: `127.0.0.1:${tap.socket.port}`,
    });
    client.finish();
    server.finish();
    // The header is no byte of the traffic.
    expect(await trace.event({ Event: 'CLOSED', Leg: 'downstream' })).toMatchObject({
      Source: '192.0.2.7:56324',
      BytesIn: hello.length,
    });
  },
);

test('an IPv6 client of an IPv4 listener', async () => {
  const { trace, hop, tap } = await start();
  const source = { ip: '2001:db8::7', port: 9 };
  const [client, server] = [await dial(tap.socket), hop.accept()];
  const hello = new Chat().ask('hello');
  client.send(writeProxyHeader(2, { source, destination: DESTINATION }));
  client.send(hello);
  await (await server).receive(hello.length);
  expect(await trace.message(hello)).toMatchObject({
    source: '[2001:db8::7]:9',
    destination: `[::ffff:127.0.0.1]:${hop.port}`,
  });
});

test('an octet at a time', async () => {
  const { trace, hop, tap } = await start();
  const client = await dial(tap.socket);
  client.socket.setNoDelay(true);
  const hello = new Chat().ask('hello');
  for (const octet of writeProxyHeader(2, { source: SOURCE, destination: DESTINATION })) {
    await client.sent(Buffer.from([octet]));
  }
  client.send(hello);
  await (await hop.accept()).receive(hello.length);
  await trace.event({ Event: 'ACCEPTED', Source: '192.0.2.7:56324' });
});

test.each([
  ['LOCAL', LOCAL],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n')],
])('%s: the addresses of the connection hold', async (_, header) => {
  const { trace, hop, tap } = await start();
  const client = await dial(tap.socket);
  client.send(header);
  await hop.accept();
  await trace.event({ Event: 'ACCEPTED', Status: 'SUCCESS', Source: client.address });
});

test.each([
  ['no header', Buffer.from('MSRP abcd SEND\r\n'), 'proxy_header_invalid'],
  ['a bad one', Buffer.from('PROXY TCP4 here there 1 2\r\n'), 'proxy_header_invalid'],
  ['one too long', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(100)}`), 'proxy_header_invalid'],
])('%s from who has to send one', async (_, octets, Reason) => {
  const { trace, hop, tap } = await start();
  const client = await dial(tap.socket);
  client.send(octets);
  expect(await client.end).toBe('rst');
  expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Status: 'FAILURE', Reason, Source: client.address });
  expect(hop.unclaimed).toBe(0);
  expect(await tap.metric('connection_failures_total', { reason: Reason })).toBe(1);
});

test('an end inside the header, and a reset', async () => {
  const { trace, tap } = await start();
  const [ends, resets] = [await dial(tap.socket), await dial(tap.socket)];
  await ends.sent('PROXY ');
  ends.finish();
  await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'proxy_header_invalid', Source: ends.address });
  await resets.sent('PROXY ');
  resets.reset();
  // A RST right behind data may be taken for an end.
  const { Reason } = await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Source: resets.address });
  expect(Reason).toMatch(/^(?:reset|proxy_header_invalid)$/);
});

test('no header in time', async () => {
  const { trace, tap } = await start({ proxy_protocol: { from: ['127.0.0.0/8'], timeout: 200 } });
  const client = await dial(tap.socket);
  client.send('PROXY TCP4 ');
  expect(await client.end).toBe('rst');
  await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'proxy_header_timeout' });
});

test('a header from elsewhere is refused, of both versions, with TLS or without', async () => {
  const { trace, hop, tap } = await start(
    {},
    {
      listeners: ['msrp', 'msrps'].map((proto) => ({
        socket: `${proto}:127.0.0.1:0`,
        upstream: 'msrp:127.0.0.1:9',
        proxy_protocol: { from: ['192.0.2.0/24', '2001:db8::/32'] },
      })),
      tls_mgm: tlsDomains(certs()),
    },
  );
  for (const socket of tap.sockets) {
    for (const version of [1, 2] as const) {
      const client = await dial(socket);
      client.send(writeProxyHeader(version, { source: SOURCE, destination: DESTINATION }));
      expect(await client.end).toBe('rst');
      await trace.event({ Event: 'ACCEPTED', Reason: 'proxy_header_forbidden', Source: client.address });
    }
  }
  expect(trace.events()).toHaveLength(4);
  expect(hop.unclaimed).toBe(0);
});

test('a client from elsewhere without a header is one like any other; silent, it goes on after the timeout', async () => {
  const { trace, hop, tap } = await start({ proxy_protocol: { from: ['192.0.2.1'], timeout: 300 } });
  const client = await dial(tap.socket);
  // What may begin a header, and does not.
  const hello = Buffer.concat([Buffer.from('\r\n\r\n'), new Chat().ask('hello')]);
  client.send(hello.subarray(0, 3));
  client.send(hello.subarray(3));
  expect(await (await hop.accept()).receive(hello.length)).toEqual(hello);
  await trace.event({ Event: 'ACCEPTED', Status: 'SUCCESS', Source: client.address });

  const silent = await dial(tap.socket);
  const server = await hop.accept();
  await trace.event({ Event: 'ACCEPTED', Status: 'SUCCESS', Source: silent.address });
  await carry(new Chat().tell('who speaks first'), server, silent);
});

test('connections that are still to say who they are count, and a stop does not wait for them', async () => {
  const { trace, tap } = await start({}, { limits: { max_connections: 1 } });
  const first = await dial(tap.socket);
  await first.sent('PROXY ');
  // It may be reset before it hears that it was connected.
  await dial(tap.socket).catch(() => null);
  await trace.event({ Event: 'ACCEPTED', Reason: 'max_connections' });
  expect(trace.events({ Reason: 'max_connections' })).toHaveLength(1);
});

test('with TLS: the header comes before it, and what the TLS client says first may come with it', async () => {
  const { trace, hop, tap } = await start({ socket: 'msrps:127.0.0.1:0' }, { tls_mgm: tlsDomains(certs()) });
  const raw = await dial(tap.socket);
  // In one turn, so that msrptap, which runs in this process, reads the ClientHello together with the header.
  raw.raw.write(writeProxyHeader(1, { source: SOURCE, destination: DESTINATION }));
  const stream = connectTls({ ...trusting(certs()), socket: raw.raw });
  onTestFinished(() => void stream.destroy());
  await once(stream, 'secureConnect');
  const client = new Peer(raw.raw, stream);
  const server = await hop.accept();
  const chat = new Chat('msrps');
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
  expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Protocol: 'MSRPS', Source: '192.0.2.7:56324' });
});

test('a failed handshake tells the client that the header named', async () => {
  const { trace, tap } = await start({ socket: 'msrps:127.0.0.1:0' }, { tls_mgm: tlsDomains(certs()) });
  const client = await dial(tap.socket);
  client.send(writeProxyHeader(1, { source: SOURCE, destination: DESTINATION }));
  client.send('MSRP abcd SEND\r\n');
  expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Status: 'FAILURE', Source: '192.0.2.7:56324' });
});

test.each([1, 2] as const)('version %i is sent to the next hop, before what the client says', async (version) => {
  const { hop, tap } = await start({ proxy_protocol: null, send_proxy: version });
  const { client, server } = await linkThrough(tap.socket, hop);
  const source = { ip: '127.0.0.1', port: client.socket.localPort ?? 0 };
  const header = writeProxyHeader(version, { source, destination: tap.socket });
  expect(await server.receive(header.length)).toEqual(header);
  await carry(new Chat().ask('hello'), client, server);
});

test('it is sent before TLS', async () => {
  const trace = await Trace.start();
  const hop = await NextHop.start({ tls: serving(certs().server) });
  const inner = {
    socket: 'msrps:127.0.0.1:0',
    upstream: hop.url,
    proxy_protocol: { from: ['127.0.0.1'] },
    send_proxy: 0,
  };
  // Two of them, one in front of the other.
  const second = await startTap({ listeners: [inner], trace, tls_mgm: tlsDomains(certs()) });
  const upstream = `msrps:127.0.0.1:${second.socket.port}`;
  const first = await startTap({
    listeners: [{ socket: 'msrp:127.0.0.1:0', upstream, send_proxy: 2 }],
    tls_mgm: tlsDomains(certs()),
  });
  const { client, server } = await linkThrough(first.socket, hop);
  const chat = new Chat();
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
  expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Protocol: 'MSRPS', Source: client.address });
});

test('who was told of a client tells of it: both addresses go on as they came', async () => {
  const { hop, tap } = await start({ send_proxy: 1 });
  const client = await dial(tap.socket);
  const header = writeProxyHeader(2, { source: SOURCE, destination: DESTINATION });
  const hello = new Chat().ask('hello');
  client.send(Buffer.concat([header, hello]));
  const server = await hop.accept();
  const sent = Buffer.concat([writeProxyHeader(1, { source: SOURCE, destination: DESTINATION }), hello]);
  expect((await server.receive(sent.length)).toString()).toBe(sent.toString());
  await eventually(() => server.octets).toBe(sent.length);
});
