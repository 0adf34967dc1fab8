/** Kamailio's sipcapture gets what msrptap mirrors, and reads the same out of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { dial, NextHop, type Peer } from '../helpers/endpoint.js';
import { TapProcess, type Settings, type Setup } from '../helpers/tap.js';
import { BINARY_BODY, conversation, converse, hangUp, newSession } from './conversation.js';
import { Kamailio, type CapturedPacket } from './kamailio.js';

const AUTH_KEY = 'a secret, with 100 %';

/** Microseconds by which the clocks of two processes may seem to differ: Date has milliseconds only. */
const CLOCK_STEP = 5_000;

/** ACCEPTED, CONNECTED, and CLOSED of both connections. */
const EVENTS = 4;

let kamailio: Kamailio;
beforeAll(async () => {
  kamailio = await Kamailio.start();
});
afterAll(() => kamailio.stop());

let lastCaptureId = 4_000_000_000;

/** A proxy that traces to Kamailio, under a capture id that nobody else has. */
async function startTap(
  transport: 'udp' | 'tcp',
  proto_msrp: Settings,
  setup: Pick<Setup, 'upstream' | 'listeners'>,
): Promise<{ readonly tap: TapProcess; readonly captureId: number }> {
  lastCaptureId += 1;
  const tap = await TapProcess.start({
    ...setup,
    proto_msrp: { trace_on: 1, trace_destination: 'homer', ...proto_msrp },
    proto_hep: {
      hep_id: [`[homer]127.0.0.1:${kamailio.port};transport=${transport};version=3`],
      hep_capture_id: lastCaptureId,
      hep_auth_key: AUTH_KEY,
    },
  });
  return { tap, captureId: lastCaptureId };
}

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  test.each([
    { name: 'IPv4', near: '127.0.0.1', far: '127.0.0.1' },
    { name: 'IPv6', near: '::1', far: '::1' },
    { name: 'an IPv4 client and an IPv6 next hop', near: '127.0.0.1', far: '::1' },
  ])('every field of a conversation: $name', async ({ near, far }) => {
    const nextHop = await NextHop.start({ ip: far });
    const listener = { socket: `msrp:${formatEndpoint({ ip: near, port: 0 })}`, upstream: nextHop.url };
    const { tap, captureId } = await startTap(transport, { trace_body: 'full' }, { listeners: [listener] });
    const session = newSession();
    const said = conversation(session);

    const startedAt = Date.now() * 1_000;
    const client = await dial(tap.socket);
    const callee = await nextHop.accept();
    await converse(client, callee, said);
    await hangUp(client, callee);
    const packets = byTime(await kamailio.received(captureId, said.length + EVENTS));
    const endedAt = Date.now() * 1_000;

    expect(packets).toHaveLength(said.length + EVENTS);
    for (const packet of packets) {
      const family = packet.source.startsWith('[') ? 10 : 2;
      expect(packet).toMatchObject({
        version: 3,
        protocol: 6,
        type: 100,
        authKey: AUTH_KEY,
        correlationId: session,
        family,
      });
      expect(packet.time).toBeGreaterThanOrEqual(startedAt - CLOCK_STEP);
      expect(packet.time).toBeLessThanOrEqual(endedAt + CLOCK_STEP);
    }
    expect(new Set(packets.map(({ time }) => time)).size).toBe(packets.length);

    // Where one of the two is IPv6, the other one has to be written so.
    const caller = near === far ? client.address : client.address.replace('127.0.0.1', '[::ffff:127.0.0.1]');
    expect(messages(packets)).toEqual(
      said.map(({ by, octets }) => {
        const [source, destination] = by === 'client' ? [caller, callee.address] : [callee.address, caller];
        return { source, destination, payload: octets.toString('latin1') };
      }),
    );

    const downstream = { source: client.address, destination: formatEndpoint(tap.socket) };
    const upstream = { source: callee.remote, destination: callee.address };
    expect(events(packets)).toMatchObject({
      'ACCEPTED downstream': { ...downstream, Status: 'SUCCESS', Session: session },
      'CONNECTED upstream': { ...upstream, Status: 'SUCCESS', Session: session },
      'CLOSED downstream': { ...downstream, Status: 'SUCCESS', Session: session, Reason: 'peer_closed' },
      'CLOSED upstream': { ...upstream, Status: 'SUCCESS', Session: session, Reason: 'link_closed' },
    });
  });

  test('as shipped, bodies that are no text are not mirrored', async () => {
    const nextHop = await NextHop.start();
    const { tap, captureId } = await startTap(transport, {}, { upstream: nextHop.url });
    const said = conversation(newSession());
    const client = await dial(tap.socket);
    await converse(client, await nextHop.accept(), said);
    const packets = byTime(await kamailio.received(captureId, said.length + 2));

    const marker = Buffer.from(`[msrptap: ${BINARY_BODY.length} bytes of image/png not mirrored]`);
    expect(messages(packets).map(({ payload }) => payload)).toEqual(
      said.map(({ octets }) => replaced(octets, BINARY_BODY, marker).toString('latin1')),
    );
  });

  test('the longest payload that is sent by default fits', async () => {
    const nextHop = await NextHop.start();
    const { tap, captureId } = await startTap(transport, { trace_body: 'full' }, { upstream: nextHop.url });
    const session = newSession();
    const client = await dial(tap.socket);
    const callee = await nextHop.accept();
    const head = `MSRP long0001 SEND\r\nTo-Path: msrp://b.example.com:2855/${session};tcp\r\n${LONG_HEADERS}`;
    const whole = Buffer.from(`${head}${'x'.repeat(100_000)}\r\n-------long0001$\r\n`);
    client.send(whole);
    await callee.receive(whole.length);
    const message = (await kamailio.received(captureId, 3)).find((packet) => !isEvent(packet));

    const text = message?.payload.toString() ?? '';
    // The marker's number is as long as it may get only when nothing is mirrored.
    expect(text.length).toBeLessThanOrEqual(12_288);
    expect(text.length).toBeGreaterThanOrEqual(12_286);
    const left = Number(
      /\[msrptap: (\d+) bytes of text\/plain not mirrored\]\r\n-------long0001\$\r\n$/.exec(text)?.[1],
    );
    expect(text.startsWith(`${head}${'x'.repeat(100_000 - left)}[`)).toBe(true);
  });

  test('an end by bytes that are no MSRP', async () => {
    const nextHop = await NextHop.start();
    const { tap, captureId } = await startTap(transport, {}, { upstream: nextHop.url });
    const client = await dial(tap.socket);
    const callee = await nextHop.accept();
    callee.send('HTTP/1.1 400 Bad Request\r\n\r\n');
    await Promise.all([client.end, callee.end]);
    const packets = await kamailio.received(captureId, EVENTS);

    expect(packets).toHaveLength(EVENTS);
    const upstream = { source: callee.remote, destination: callee.address };
    expect(events(packets)).toMatchObject({
      'ACCEPTED downstream': { source: client.address, destination: formatEndpoint(tap.socket), Status: 'SUCCESS' },
      'CONNECTED upstream': { ...upstream, Status: 'SUCCESS' },
      'CLOSED upstream': { ...upstream, Status: 'FAILURE', Reason: 'parse_error' },
      // msrptap itself ended it.
      'CLOSED downstream': {
        source: formatEndpoint(tap.socket),
        destination: client.address,
        Status: 'FAILURE',
        Reason: 'link_closed',
      },
    });
    expectOneName(packets);
  });

  test('a next hop that refuses', async () => {
    const { tap, captureId, client } = await refusedClient(() =>
      startTap(transport, {}, { upstream: `msrp:${REFUSING}` }),
    );
    expect(await client.end).toBe('rst');
    const packets = await kamailio.received(captureId, 3);

    const listening = formatEndpoint(tap.socket);
    expect(packets).toHaveLength(3);
    expect(events(packets)).toMatchObject({
      'ACCEPTED downstream': { source: client.address, destination: listening, Status: 'SUCCESS' },
      'CONNECTED upstream': { destination: REFUSING, Status: 'FAILURE', Reason: 'connect_refused' },
      'CLOSED downstream': { source: listening, destination: client.address, Status: 'FAILURE', Reason: 'link_closed' },
    });
    expectOneName(packets);
  });
});

/** Discard: no ordinary machine has it. */
const REFUSING = '127.0.0.1:9';

const LONG_HEADERS = [
  'From-Path: msrp://a.example.com:2855/a;tcp',
  'Message-ID: long',
  'Byte-Range: 1-100000/100000',
  'Content-Type: text/plain',
  '',
  '',
].join('\r\n');

function byTime(packets: readonly CapturedPacket[]): readonly CapturedPacket[] {
  return packets.toSorted((a, b) => a.time - b.time);
}

function isEvent({ payload }: CapturedPacket): boolean {
  return payload.toString('latin1', 0, 1) === '{';
}

/** Those that are no events; payloads octet by octet, as text that can be compared by eye. */
function messages(packets: readonly CapturedPacket[]): { source: string; destination: string; payload: string }[] {
  return packets
    .filter((packet) => !isEvent(packet))
    .map(({ source, destination, payload }) => ({ source, destination, payload: payload.toString('latin1') }));
}

/** By kind and leg, of which there is one each: what the payload says, and the addresses of its packet. */
function events(packets: readonly CapturedPacket[]): Readonly<Record<string, unknown>> {
  const all = packets.filter(isEvent).map(({ source, destination, payload }) => {
    const event = JSON.parse(payload.toString()) as { readonly Event: string; readonly Leg: string };
    return [`${event.Event} ${event.Leg}`, { ...event, source, destination }] as const;
  });
  const byKind = Object.fromEntries(all);
  expect(Object.keys(byKind)).toHaveLength(all.length);
  return byKind;
}

/** Without a session, all events of a connection are known by the same made-up id. */
function expectOneName(packets: readonly CapturedPacket[]): void {
  const [name, ...others] = new Set(packets.map(({ correlationId }) => correlationId));
  expect(name).toMatch(/^conn-[\w-]+$/);
  expect(others).toEqual([]);
}

function replaced(octets: Buffer, part: Buffer, by: Buffer): Buffer {
  const at = octets.indexOf(part);
  return at === -1 ? octets : Buffer.concat([octets.subarray(0, at), by, octets.subarray(at + part.length)]);
}

/** A client that saw its own connect before the RST: the kernel may have both ready, and Node then tells of the RST alone. */
async function refusedClient<Started extends { readonly tap: { readonly socket: Endpoint } }>(
  start: () => Promise<Started>,
): Promise<Started & { readonly client: Peer }> {
  for (let left = 10; ; left -= 1) {
    const started = await start();
    try {
      return { ...started, client: await dial(started.tap.socket) };
    } catch (error) {
      if (left === 0 || !(error instanceof Error && 'code' in error && error.code === 'ECONNRESET')) throw error;
    }
  }
}
