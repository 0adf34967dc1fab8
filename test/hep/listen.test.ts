import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { HepPacket } from '#src/hep/decode.js';
import { listenHep, type HepListener } from '#src/hep/listen.js';
import { PacketTemplates } from '#src/hep/packet.js';

const flow = new PacketTemplates({ captureId: 1 }).flow(
  100,
  { ip: '192.0.2.1', port: 1 },
  { ip: '192.0.2.2', port: 2 },
);

function packet(text: string): Buffer {
  const payload = Buffer.from(text);
  const bytes = Buffer.alloc(flow.size('id', payload.length));
  flow.write(bytes, 0, 1_700_000_000_000_000, 'id', payload);
  return bytes;
}

const KEEP_ALIVE = Buffer.from('HEP3\0\x06', 'latin1');

class Got {
  readonly texts: string[] = [];
  readonly errors: unknown[] = [];
  #wanted = Infinity;
  #resolve = (): void => {};

  readonly onPacket = (received: HepPacket): void => {
    const text = received.payload.toString();
    if (text === 'throw') throw new Error('thrown by onPacket');
    this.texts.push(text);
    if (this.texts.length === this.#wanted) this.#resolve();
  };

  readonly onError = (error: unknown): void => void this.errors.push(error);

  packets(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = count;
      this.#resolve = resolve;
    });
  }
}

let listener: HepListener | undefined;
afterEach(async () => {
  await listener?.close();
  listener = undefined;
});

describe('listenHep', () => {
  test('over TCP receives packets, passes over one that is not HEP, and closes where the lengths are wrong', async () => {
    const got = new Got();
    listener = await listenHep({ transport: 'tcp', host: '127.0.0.1', port: 0 }, got.onPacket, got.onError);
    const client = connect(listener.address.port, listener.address.ip);
    client.on('error', () => {});
    const broken = packet('xx');
    broken.writeUInt16BE(0, 10);
    client.write(Buffer.concat([packet('one'), KEEP_ALIVE, broken, packet('throw'), packet('two')]));
    await got.packets(2);
    expect(got.texts).toEqual(['one', 'two']);
    expect(got.errors).toEqual([
      expect.objectContaining({ code: 'hep_malformed' }),
      expect.objectContaining({ message: 'thrown by onPacket' }),
    ]);
    client.resume();
    client.write('GET / HTTP/1.1\r\n');
    await once(client, 'close');
    expect(got.errors).toHaveLength(3);
  });

  test('over UDP receives packets and passes over what is not HEP', async () => {
    const got = new Got();
    listener = await listenHep({ transport: 'udp', host: '127.0.0.1', port: 0 }, got.onPacket, got.onError);
    const client = createSocket('udp4');
    for (const datagram of [packet('one'), KEEP_ALIVE, Buffer.from('MSRP'), packet('throw'), packet('two')]) {
      client.send(datagram, listener.address.port, listener.address.ip);
    }
    await got.packets(2);
    expect(got.texts).toEqual(['one', 'two']);
    expect(got.errors).toHaveLength(2);
    client.close();
  });

  test.each(['tcp', 'udp'] as const)('an address that is in use over %s is refused', async (transport) => {
    const got = new Got();
    listener = await listenHep({ transport, host: '127.0.0.1', port: 0 }, got.onPacket);
    await expect(
      listenHep({ transport, host: '127.0.0.1', port: listener.address.port }, got.onPacket),
    ).rejects.toThrow(expect.objectContaining({ code: 'listen_failed' }));
  });

  test('close ends the connections too', async () => {
    const got = new Got();
    const own = await listenHep({ transport: 'tcp', host: '127.0.0.1', port: 0 }, got.onPacket, got.onError);
    const client = connect(own.address.port, own.address.ip).resume();
    client.write(packet('one'));
    await got.packets(1);
    const ended = once(client, 'close');
    await own.close();
    await ended;
    expect(client.destroyed).toBe(true);
  });
});
