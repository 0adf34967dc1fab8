/** What an exporter does with receivers that take everything. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { DEFAULT_QUEUE_BYTES, HepExporter, type DestinationConfig } from '#src/hep/exporter.js';
import type { Timing } from '#src/hep/timing.js';
import { silentLog } from '#src/lib/log.js';
import { useCerts } from '../helpers/certs.js';
import { freePort } from '../helpers/free-port.js';
import { receiveTcp, receiveTls, receiveUdp, type Receiver } from '../helpers/hep.js';
import { dialFromThePortDialled } from '../helpers/self-dial.js';

const SOURCE = { ip: '192.0.2.1', port: 2855 };
const DESTINATION = { ip: '192.0.2.2', port: 40_000 };
const TIME = 1_700_000_000_000_000;
/** A loaded machine may take its time. */
const SOON = { timeout: 10_000, interval: 10 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((resource) => resource.close()));
});

function keep<T extends { close(): Promise<void> }>(resource: T): T {
  open.unshift(resource);
  return resource;
}

function exporterTo(destinations: DestinationConfig[], timing: Partial<Timing> = {}): HepExporter {
  const identity = { captureId: 7, nodeName: 'tap' };
  return keep(new HepExporter({ identity, queueBytes: DEFAULT_QUEUE_BYTES, destinations, log: silentLog, timing }));
}

function tcp(receiver: Receiver, host = '127.0.0.1'): DestinationConfig {
  return { name: 'homer', host, port: receiver.port, transport: 'tcp' };
}

function tls(receiver: Receiver, host: string, ca: string, servername?: string): DestinationConfig {
  const options = { ca: readFileSync(ca), ...(servername === undefined ? {} : { servername }) };
  return { name: 'hep_dest', host, port: receiver.port, transport: 'tls', tls: () => options };
}

function sendNumbered(exporter: HepExporter, count: number): void {
  const flow = exporter.flow(100, SOURCE, DESTINATION);
  for (let number = 0; number < count; number += 1)
    exporter.send(flow, TIME + number, 'session', Buffer.from(`${number}`));
}

function numbersIn({ packets }: Receiver): number[] {
  return packets.map(({ payload }) => Number(payload.toString()));
}

/** As soon as nobody else has the port. */
async function receiverAt(port: number): Promise<Receiver> {
  for (;;) {
    try {
      return keep(await receiveTcp(port));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

describe('over TCP', () => {
  test('packets arrive whole, once, in order', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 5000);
    await receiver.received(5000);
    expect(numbersIn(receiver)).toEqual(upTo(5000));
    expect(receiver.packets[1]).toMatchObject({
      family: 2,
      protocol: 6,
      source4: 'c0000201',
      destination4: 'c0000202',
      sourcePort: 2855,
      destinationPort: 40_000,
      seconds: 1_700_000_000,
      microseconds: 1,
      type: 100,
      captureId: 7,
      nodeName: 'tap',
      correlationId: 'session',
    });
    expect(exporter.stats()).toEqual([
      {
        name: 'homer',
        transport: 'tcp',
        sent: 5000,
        dropped: 0,
        failed: 0,
        maybe: 0,
        thinned: 0,
        queueBytes: 0,
        spool: null,
        queuePackets: 0,
        connected: 1,
      },
    ]);
  });

  test('to a name that has several addresses', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver, 'localhost')]);
    sendNumbered(exporter, 1);
    await receiver.received(1);
    expect(receiver.packets).toHaveLength(1);
  });

  test('nothing is sent to itself where nobody listens', async () => {
    const port = await freePort();
    dialFromThePortDialled();
    const exporter = exporterTo([{ name: 'homer', host: '127.0.0.1', port, transport: 'tcp' }], { backoffMin: 20 });
    sendNumbered(exporter, 3);
    const receiver = await receiverAt(port);
    await receiver.received(3);
    expect(numbersIn(receiver)).toEqual(upTo(3));
    expect(exporter.stats()).toMatchObject([{ sent: 3, maybe: 0 }]);
  });

  test('what is sent is copied at once', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    const payload = Buffer.from('as it was');
    exporter.send(exporter.flow(100, SOURCE, DESTINATION), TIME, 'session', payload);
    payload.fill('x');
    await receiver.received(1);
    expect(receiver.packets[0]?.payload.toString()).toBe('as it was');
  });

  test('an idle connection is kept alive by packets of just a header', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)], { keepAlive: 20 });
    await expect.poll(() => receiver.keepAlives, SOON).toBeGreaterThan(2);
    sendNumbered(exporter, 1);
    await receiver.received(1);
    expect(receiver.packets).toHaveLength(1);
    expect(receiver.connections).toHaveLength(1);
  });

  test('what the receiver sends is thrown away', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 1);
    await receiver.received(1);
    await new Promise((resolve) => receiver.connections[0]?.write(Buffer.alloc(20_000_000), resolve));
    sendNumbered(exporter, 1);
    await receiver.received(2);
    expect(receiver.connections).toHaveLength(1);
  });
});

describe('over UDP', () => {
  test.each(['127.0.0.1', '::1'])('each packet is a datagram to %s', async (host) => {
    const receiver = keep(await receiveUdp(host));
    const exporter = exporterTo([{ name: 'homer', host, port: receiver.port, transport: 'udp' }]);
    sendNumbered(exporter, 100);
    await receiver.received(100);
    expect(numbersIn(receiver)).toEqual(upTo(100));
    expect(exporter.stats()).toMatchObject([{ sent: 100, dropped: 0, failed: 0, queuePackets: 0, connected: 1 }]);
  });

  test('packets of many turns, of which each uses the memory of the one before, keep their octets', async () => {
    const receiver = keep(await receiveUdp());
    const exporter = exporterTo([{ name: 'homer', host: '127.0.0.1', port: receiver.port, transport: 'udp' }]);
    const flow = exporter.flow(100, SOURCE, DESTINATION);
    const texts = Array.from({ length: 60 }, (_, number) => `${number} `.repeat(300));
    for (const [number, text] of texts.entries()) {
      exporter.send(flow, TIME, 'session', Buffer.from(text));
      // Three to a turn, and never more under way than a receive buffer holds.
      if (number % 3 === 2) await receiver.received(number + 1);
    }
    expect(receiver.packets.map(({ payload }) => payload.toString())).toEqual(texts);
    expect(exporter.stats()).toMatchObject([{ sent: 60, failed: 0, queuePackets: 0, queueBytes: 0 }]);
  });

  test('a packet of 65507 octets goes through', async () => {
    const receiver = keep(await receiveUdp());
    const exporter = exporterTo([{ name: 'homer', host: '127.0.0.1', port: receiver.port, transport: 'udp' }]);
    const flow = exporter.flow(100, SOURCE, DESTINATION);
    exporter.send(flow, TIME, 'session', Buffer.alloc(65_507 - flow.size('session', 0), 'x'));
    await receiver.received(1);
    expect(receiver.packets[0]?.length).toBe(65_507);
  });

  test('a receiver that is not there is noticed, counted, and harms nobody', async () => {
    const gone = await receiveUdp();
    await gone.close();
    const exporter = exporterTo([{ name: 'homer', host: '127.0.0.1', port: gone.port, transport: 'udp' }]);
    let offered = 0;
    await expect
      .poll(() => {
        sendNumbered(exporter, 1);
        offered += 1;
        // Which of the two depends on whether the kernel's answer is read before the next packet is sent.
        return exporter.stats().map(({ failed, maybe }) => failed + maybe)[0];
      }, SOON)
      .toBeGreaterThan(0);
    await exporter.drain(10_000);
    const [stats] = exporter.stats();
    expect((stats?.sent ?? 0) + (stats?.failed ?? 0)).toBe(offered);
    expect(stats).toMatchObject({ dropped: 0, connected: 1 });
  });

  test('an address that cannot be used is tried again', async () => {
    // A connect to a broadcast address is refused by the kernel at once.
    const exporter = exporterTo([{ name: 'homer', host: '255.255.255.255', port: 9, transport: 'udp' }], {
      backoffMin: 1,
    });
    sendNumbered(exporter, 3);
    await exporter.drain(1000);
    expect(exporter.stats()).toMatchObject([{ sent: 0, dropped: 3, failed: 0, queuePackets: 0, connected: 0 }]);
  });
});

describe('over TLS', () => {
  const certs = useCerts();

  function tlsReceiver(names: string[]): Promise<Receiver> {
    const { certificate, private_key } = certs().server;
    const [cert, key] = [readFileSync(certificate), readFileSync(private_key)];
    return receiveTls({
      cert,
      key,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
  }

  test.each([
    ['localhost', undefined, 'localhost'],
    ['127.0.0.1', undefined, 'hep_dest'],
    ['127.0.0.1', 'localhost', 'localhost'],
  ])('to %s with the server name %s sends %s', async (host, servername, sent) => {
    const names: string[] = [];
    const receiver = keep(await tlsReceiver(names));
    const exporter = exporterTo([tls(receiver, host, certs().ca.certificate, servername)]);
    sendNumbered(exporter, 500);
    await receiver.received(500);
    expect(numbersIn(receiver)).toEqual(upTo(500));
    expect(names[0]).toBe(sent);
    expect(exporter.stats()).toMatchObject([{ transport: 'tls', sent: 500, connected: 1 }]);
  });

  test.each([
    ['the authority is another one', '127.0.0.1', 'otherCa', undefined],
    ['the certificate is for another name', '127.0.0.1', 'ca', 'homer.example'],
  ] as const)('nothing is sent when %s', async (_, host, ca, servername) => {
    const receiver = keep(await tlsReceiver([]));
    const exporter = exporterTo([tls(receiver, host, certs()[ca].certificate, servername)]);
    sendNumbered(exporter, 3);
    await exporter.drain(5000);
    expect(exporter.stats()).toMatchObject([{ sent: 0, dropped: 3, connected: 0 }]);
    expect(receiver.packets).toEqual([]);
  });

  test('options that cannot be used are an attempt that failed, and are asked for again', async () => {
    const receiver = keep(await tlsReceiver([]));
    let calls = 0;
    const config = tls(receiver, '127.0.0.1', certs().ca.certificate);
    const good = config.tls;
    const exporter = exporterTo(
      [
        {
          ...config,
          tls: (address) => {
            calls += 1;
            expect(address).toEqual({ ip: '127.0.0.1', port: receiver.port });
            return calls < 3 ? { cert: 'no certificate' } : (good?.(address) ?? {});
          },
        },
      ],
      { backoffMin: 1 },
    );
    sendNumbered(exporter, 3);
    await receiver.received(3);
    expect(calls).toBe(3);
  });
});

describe('several destinations', () => {
  test('all get everything, and one that is down costs the others nothing', async () => {
    const [first, second, gone] = [keep(await receiveTcp()), keep(await receiveUdp()), await receiveTcp()];
    await gone.close();
    const exporter = exporterTo([
      { ...tcp(first), name: 'first' },
      { ...tcp(gone), name: 'gone' },
      { name: 'second', host: '127.0.0.1', port: second.port, transport: 'udp' },
    ]);
    sendNumbered(exporter, 100);
    await Promise.all([first.received(100), second.received(100)]);
    expect(numbersIn(first)).toEqual(upTo(100));
    expect(numbersIn(second)).toEqual(upTo(100));
    expect(exporter.stats()).toMatchObject([
      { name: 'first', sent: 100, queuePackets: 0 },
      { name: 'gone', sent: 0, dropped: 0, queuePackets: 100, connected: 0 },
      { name: 'second', sent: 100, queuePackets: 0 },
    ]);
  });

  test('none is possible', async () => {
    const exporter = exporterTo([]);
    sendNumbered(exporter, 10);
    exporter.countDropped(1);
    await exporter.drain(1000);
    expect(exporter.stats()).toEqual([]);
  });
});

describe('counting', () => {
  test('a packet that is too large or impossible fails, for each destination, and throws at nobody', async () => {
    const [first, second] = [keep(await receiveTcp()), keep(await receiveTcp())];
    const exporter = exporterTo([tcp(first), tcp(second)]);
    const flow = exporter.flow(100, SOURCE, DESTINATION);
    exporter.send(flow, TIME, 'session', Buffer.alloc(65_507));
    exporter.send(flow, -1, 'session', Buffer.alloc(0));
    sendNumbered(exporter, 1);
    await Promise.all([first.received(1), second.received(1)]);
    expect(exporter.stats()).toMatchObject([
      { sent: 1, failed: 2 },
      { sent: 1, failed: 2 },
    ]);
  });

  test('what the tracer gave up is dropped for each destination', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver), tcp(receiver)]);
    exporter.countDropped(5);
    expect(exporter.stats()).toMatchObject([{ dropped: 5 }, { dropped: 5 }]);
  });

  test('what waits for its turn is queued', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 1);
    await receiver.received(1);
    sendNumbered(exporter, 3);
    expect(exporter.stats()).toMatchObject([{ sent: 1, queuePackets: 3 }]);
    expect(exporter.stats()[0]?.queueBytes).toBe(3 * exporter.flow(100, SOURCE, DESTINATION).size('session', 1));
  });

  test('discard gives up what waits: none of it is sent, what comes later is', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 3);
    exporter.discard();
    const flow = exporter.flow(100, SOURCE, DESTINATION);
    exporter.send(flow, TIME, 'session', Buffer.from('later'));
    await receiver.received(1);
    expect(receiver.packets.map(({ payload }) => payload.toString())).toEqual(['later']);
    expect(exporter.stats()).toMatchObject([{ sent: 1, dropped: 3 }]);
  });

  test('after close everything is dropped', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 2);
    await receiver.received(2);
    await Promise.all([exporter.close(), exporter.close()]);
    sendNumbered(exporter, 3);
    await exporter.drain(1000);
    expect(exporter.stats()).toMatchObject([{ sent: 2, dropped: 3, maybe: 0, connected: 0 }]);
  });
});

describe('drain', () => {
  test('waits for a connection that is being made, and for all that waits', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 20_000);
    await exporter.drain(10_000);
    expect(exporter.stats()).toMatchObject([{ sent: 20_000, dropped: 0, queuePackets: 0 }]);
    await exporter.close();
    await receiver.received(20_000);
    expect(numbersIn(receiver)).toEqual(upTo(20_000));
  });

  test('does not wait for a receiver that is down', async () => {
    const gone = await receiveTcp();
    await gone.close();
    const exporter = exporterTo([tcp(gone)], { backoffMin: 60_000, backoffMax: 60_000 });
    sendNumbered(exporter, 10);
    await exporter.drain(60_000);
    expect(exporter.stats()).toMatchObject([{ sent: 0, dropped: 10, queuePackets: 0 }]);
  });

  test('ends when the time is up, and what remains is dropped', async () => {
    const receiver = keep(await receiveTcp());
    const exporter = exporterTo([tcp(receiver)]);
    sendNumbered(exporter, 1);
    await receiver.received(1);
    receiver.connections[0]?.pause();
    const flow = exporter.flow(100, SOURCE, DESTINATION);
    const offered = 1000;
    for (let count = 0; count < offered; count += 1) exporter.send(flow, TIME, 'session', Buffer.alloc(15_000));
    await exporter.drain(100);
    const [stats] = exporter.stats();
    expect(stats?.queuePackets).toBe(0);
    expect(stats?.dropped).toBeGreaterThan(0);
    expect((stats?.sent ?? 0) + (stats?.dropped ?? 0)).toBe(offered + 1);
  });
});
