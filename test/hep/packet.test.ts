import * as fc from 'fast-check';
import hepJs from 'hep-js';
import { describe, expect, test } from 'vitest';
import { PacketTemplates, readTemplate, type PacketFlow, type PacketIdentity } from '#src/hep/packet.js';
import { readHep, type WirePacket } from '../helpers/hep.js';

const SOURCE = { ip: '192.0.2.1', port: 2855 };
const DESTINATION = { ip: '198.51.100.2', port: 40_000 };
const TIME = 1_700_000_000_123_456;

function write(flow: PacketFlow, correlationId: string, payload: Buffer, time = TIME): Buffer {
  // Filled with what must not be left in the packet.
  const into = Buffer.alloc(flow.size(correlationId, payload.length) + 10, 0xee);
  const end = flow.write(into, 5, time, correlationId, payload);
  expect(end).toBe(into.length - 5);
  expect([...into.subarray(0, 5), ...into.subarray(end)]).toEqual(Array.from({ length: 10 }, () => 0xee));
  return into.subarray(5, end);
}

function packet(identity: PacketIdentity, correlationId = 'id', payload = 'text'): WirePacket {
  const flow = new PacketTemplates(identity).flow(100, SOURCE, DESTINATION);
  return readHep(write(flow, correlationId, Buffer.from(payload)));
}

const chunk = (type: string, length: string, value: string): string => `0000${type}${length}${value}`;

describe('a packet', () => {
  test('over IPv4, octet by octet', () => {
    const flow = new PacketTemplates({ captureId: 0x01020304, nodeName: 'tap1', authKey: 'key' }).flow(
      100,
      SOURCE,
      DESTINATION,
    );
    const expected = [
      Buffer.from('HEP3').toString('hex') + '0082',
      chunk('0001', '0007', '02'),
      chunk('0002', '0007', '06'),
      chunk('0003', '000a', 'c0000201'),
      chunk('0004', '000a', 'c6336402'),
      chunk('0007', '0008', '0b27'),
      chunk('0008', '0008', '9c40'),
      chunk('0009', '000a', '6553f100'),
      chunk('000a', '000a', '0001e240'),
      chunk('000b', '0007', '64'),
      chunk('000c', '000a', '01020304'),
      chunk('0013', '000a', Buffer.from('tap1').toString('hex')),
      chunk('000e', '0009', Buffer.from('key').toString('hex')),
      chunk('0011', '0008', Buffer.from('id').toString('hex')),
      chunk('000f', '000a', Buffer.from('text').toString('hex')),
    ].join('');
    expect(expected.length / 2).toBe(0x82);
    expect(write(flow, 'id', Buffer.from('text')).toString('hex')).toBe(expected);
  });

  test('over IPv6 has family 10 and the types 5 and 6 in the place of 3 and 4', () => {
    const flow = new PacketTemplates({ captureId: 1 }).flow(
      89,
      { ip: '2001:db8::1', port: 1 },
      { ip: '192.0.2.1', port: 2 },
    );
    const read = readHep(write(flow, 'id', Buffer.from('x')));
    expect(read).toMatchObject({
      family: 10,
      type: 89,
      source6: '20010db8000000000000000000000001',
      destination6: '00000000000000000000ffffc0000201',
    });
    expect(read.order).toEqual([1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 17, 15]);
  });

  test('without a node name and an auth key has neither', () => {
    const read = packet({ captureId: 7 });
    expect(read.order).toEqual([1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 17, 15]);
    expect(read.captureId).toBe(7);
  });

  test('an empty node name is none', () => {
    expect(packet({ captureId: 7, nodeName: '' }).order).not.toContain(19);
  });

  test('what is not printable ASCII is replaced: no octet is anything that was not given', () => {
    const read = packet({ captureId: 1, nodeName: 'nöde\u0000', authKey: '€1' }, 'sess\u0000ion\u{1F600}\r\n');
    expect(read).toMatchObject({ nodeName: 'n_de_', authKey: '_1', correlationId: 'sess_ion____' });
  });

  test('names and correlation ids are cut at 255 octets', () => {
    const read = packet({ captureId: 1, nodeName: 'n'.repeat(300), authKey: 'k'.repeat(300) }, 'c'.repeat(300));
    expect(read).toMatchObject({ nodeName: 'n'.repeat(255), authKey: 'k'.repeat(255), correlationId: 'c'.repeat(255) });
  });

  test('a packet of 65507 octets is written, one of 65508 is refused', () => {
    const flow = new PacketTemplates({ captureId: 1 }).flow(100, SOURCE, DESTINATION);
    const rest = 65_507 - flow.size('id', 0);
    const largest = readHep(write(flow, 'id', Buffer.alloc(rest, 'x')));
    expect(largest.length).toBe(65_507);
    expect(largest.payload).toHaveLength(rest);
    const into = Buffer.alloc(70_000);
    expect(() => flow.write(into, 0, TIME, 'id', Buffer.alloc(rest + 1))).toThrow(
      expect.objectContaining({ code: 'hep_packet_too_large' }),
    );
  });

  test('a packet for which there is no room is refused, never cut', () => {
    const flow = new PacketTemplates({ captureId: 1 }).flow(100, SOURCE, DESTINATION);
    const size = flow.size('id', 4);
    expect(() => flow.write(Buffer.alloc(size), 1, TIME, 'id', Buffer.from('text'))).toThrow(
      expect.objectContaining({ code: 'hep_packet_too_large' }),
    );
  });

  test('flows of one template do not share what was patched in', () => {
    const templates = new PacketTemplates({ captureId: 1 });
    const up = templates.flow(100, SOURCE, DESTINATION);
    const down = templates.flow(100, DESTINATION, SOURCE);
    expect(readHep(write(up, 'id', Buffer.alloc(0)))).toMatchObject({
      source4: 'c0000201',
      sourcePort: 2855,
      destinationPort: 40_000,
    });
    expect(readHep(write(down, 'id', Buffer.alloc(0)))).toMatchObject({
      source4: 'c6336402',
      sourcePort: 40_000,
      destinationPort: 2855,
    });
  });
});

/** An address as text, in a form of its own, with its octets. */
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => ({
  ip: octets.join('.'),
  hex: Buffer.from(octets).toString('hex'),
}));
const ipv6 = fc
  .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(7), fc.nat(7))
  .map(([octets, from, to]) => {
    // A run of zeros somewhere, written as ::, unless that makes a mapped IPv4 address, which is one of IPv4.
    const [first, last] = from < to ? [from, to] : [to, from];
    octets[0] = 0x20;
    octets.fill(0, first * 2 + (first === 0 ? 2 : 0), last * 2);
    const hex = Buffer.from(octets).toString('hex');
    const groups = hex.match(/.{4}/g) ?? [];
    const start = Math.max(first, 1);
    const text =
      last > start ? `${groups.slice(0, start).join(':')}::${groups.slice(last).join(':')}` : groups.join(':');
    return { ip: text, hex };
  });
const port = fc.nat(65_535);
const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 255,
});

/** Surrogates without their other half are among them. */
const anyUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

describe('any packet', () => {
  const common = {
    sourcePort: port,
    destinationPort: port,
    time: fc.nat(Number.MAX_SAFE_INTEGER).map((time) => time % 4_294_967_296_000_000),
    correlationId: printable,
    payload: fc.uint8Array({ maxLength: 20_000 }).map((octets) => Buffer.from(octets)),
    payloadType: fc.integer({ min: 1, max: 255 }),
    captureId: fc.nat(0xffffffff),
    nodeName: fc.option(
      printable.filter((name) => name !== ''),
      { nil: undefined },
    ),
  };

  const roundTrip = (
    from: { ip: string; hex: string },
    to: { ip: string; hex: string },
    c: { [K in keyof typeof common]: (typeof common)[K] extends fc.Arbitrary<infer T> ? T : never },
  ): WirePacket => {
    const identity =
      c.nodeName === undefined ? { captureId: c.captureId } : { captureId: c.captureId, nodeName: c.nodeName };
    const flow = new PacketTemplates(identity).flow(
      c.payloadType,
      { ip: from.ip, port: c.sourcePort },
      { ip: to.ip, port: c.destinationPort },
    );
    const read = readHep(write(flow, c.correlationId, c.payload, c.time));
    expect(read).toMatchObject({
      protocol: 6,
      sourcePort: c.sourcePort,
      destinationPort: c.destinationPort,
      type: c.payloadType,
      captureId: c.captureId,
      correlationId: c.correlationId,
    });
    expect(read.nodeName).toBe(c.nodeName);
    expect((read.seconds ?? 0) * 1_000_000 + (read.microseconds ?? 0)).toBe(c.time);
    expect(read.microseconds).toBeLessThan(1_000_000);
    expect(read.payload.equals(c.payload)).toBe(true);
    return read;
  };

  test('comes back from an independent decoder (IPv4)', () => {
    fc.assert(
      fc.property(ipv4, ipv4, fc.record(common), (from, to, c) => {
        expect(roundTrip(from, to, c)).toMatchObject({ family: 2, source4: from.hex, destination4: to.hex });
      }),
    );
  });

  test('comes back from an independent decoder (IPv6)', () => {
    fc.assert(
      fc.property(ipv6, ipv6, fc.record(common), (from, to, c) => {
        expect(roundTrip(from, to, c)).toMatchObject({ family: 10, source6: from.hex, destination6: to.hex });
      }),
    );
  });

  test('has its own time, id and payload, whatever those before it on its flow had', () => {
    // Forwards and backwards, within a second and beyond it.
    const around = fc.integer({ min: -2_500_000, max: 2_500_000 }).map((offset) => TIME + offset);
    const one = fc.record({
      time: fc.oneof(around, common.time),
      correlationId: fc.constantFrom('id', 'another', ''),
      payload: common.payload,
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 10 }), (packets) => {
        const flow = new PacketTemplates({ captureId: 1 }).flow(100, SOURCE, DESTINATION);
        for (const { time, correlationId, payload } of packets) {
          const read = readHep(write(flow, correlationId, payload, time));
          expect((read.seconds ?? 0) * 1_000_000 + (read.microseconds ?? 0)).toBe(time);
          expect(read.correlationId ?? '').toBe(correlationId);
          expect(read.payload.equals(payload)).toBe(true);
        }
      }),
    );
  });

  test('with any correlation id is whole', () => {
    const flow = new PacketTemplates({ captureId: 1 }).flow(100, SOURCE, DESTINATION);
    fc.assert(
      fc.property(fc.string({ unit: anyUnit, maxLength: 400 }), (id) => {
        const read = readHep(write(flow, id, Buffer.from('x')));
        expect(read.correlationId).toMatch(/^[\x20-\x7e]{0,255}$/);
        expect(read.correlationId).toHaveLength(Math.min(255, id.length));
      }),
    );
  });
});

describe('hep-js', () => {
  const info = {
    protocolFamily: 2,
    protocol: 6,
    srcIp: '0.0.0.0',
    dstIp: '0.0.0.0',
    srcPort: 0,
    dstPort: 0,
    timeSeconds: 0,
    timeUseconds: 0,
    payloadType: 100,
    captureId: 1,
    hepNodeName: 'n',
    capturePass: 'k',
    correlation_id: '-',
  };

  test('makes what this was written for', () => {
    const made = hepJs.encapsulate('-', info);
    // Where the values stand: of the types 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 19, 14, 17, 15 in this order.
    expect(made.toString('hex')).toBe(
      [
        '484550330079',
        chunk('0001', '0007', '02'),
        chunk('0002', '0007', '06'),
        chunk('0003', '000a', '00000000'),
        chunk('0004', '000a', '00000000'),
        chunk('0007', '0008', '0000'),
        chunk('0008', '0008', '0000'),
        chunk('0009', '000a', '00000000'),
        chunk('000a', '000a', '00000000'),
        chunk('000b', '0007', '64'),
        chunk('000c', '000a', '00000001'),
        chunk('0013', '0007', '6e'),
        chunk('000e', '0007', '6b'),
        chunk('0011', '0007', '2d'),
        chunk('000f', '0007', '2d'),
      ].join(''),
    );
  });

  const identity = { captureId: 1, nodeName: 'n' };

  test.each([1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 15, 17])('one that leaves out type %i is refused', (type) => {
    const made = hepJs.encapsulate('-', info);
    for (let at = 6; at < made.length; at += made.readUInt16BE(at + 4)) {
      if (made.readUInt16BE(at + 2) === type) made.writeUInt16BE(0x00ff, at + 2);
    }
    expect(() => readTemplate(made, identity)).toThrow(expect.objectContaining({ code: 'hep_template_invalid' }));
  });

  test('one that writes broken lengths is refused', () => {
    const refusal = expect.objectContaining({ code: 'hep_template_invalid' });
    const made = hepJs.encapsulate('-', info);
    expect(() => readTemplate(made.subarray(0, -1), identity)).toThrow(refusal);
    for (const length of [0, 5, 1000]) {
      made.writeUInt16BE(length, 10);
      expect(() => readTemplate(made, identity)).toThrow(refusal);
    }
  });
});
