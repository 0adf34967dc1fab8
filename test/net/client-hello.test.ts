import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { connect, type ConnectionOptions } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isTls, MAX_HELLO, readOpening } from '#src/net/client-hello.js';

/** What OpenSSL sends first, as one record. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as AddressInfo;
  const client = connect({ ...options, host: '127.0.0.1', port }).on('error', () => {});
  onTestFinished(() => void client.destroy());
  const [socket] = (await accepted) as [import('node:net').Socket];
  onTestFinished(() => void socket.destroy());
  let bytes = Buffer.alloc(0);
  while (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) {
    const [piece] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, piece]);
  }
  return bytes;
}

/** Its length in two octets, then what is in it. */
function vector(content: readonly number[]): number[] {
  return [content.length >> 8, content.length & 0xff, ...content];
}

/** A ClientHello with no more in it than a server name, which OpenSSL would not send when it is too long. */
function helloFor(name: string): Buffer {
  const serverName = vector(vector([0, ...vector([...Buffer.from(name)])]));
  const extensions = vector([0, 0, ...serverName]);
  const body = [3, 3, ...Array<number>(32).fill(0), 0, ...vector([0x13, 1]), 1, 0, ...extensions];
  return Buffer.from([0x16, 3, 1, ...vector([1, 0, ...vector(body)])]);
}

/** The same message in records of `size` octets. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(part.length);
    records.push(hello.subarray(0, 3), length, part);
  }
  return Buffer.concat(records);
}

describe.each([
  { version: 'TLSv1.2', servername: 'msrp.example.com', sni: 'msrp.example.com' },
  { version: 'TLSv1.3', servername: 'x.example.org', sni: 'x.example.org' },
  { version: 'TLSv1.3', servername: '', sni: '' },
] as const)('a ClientHello of $version for "$servername"', ({ version, servername, sni }) => {
  const hello = (): Promise<Buffer> => helloOf({ minVersion: version, maxVersion: version, servername });

  test('is known from its last octet on, and not before', async () => {
    const bytes = await hello();
    for (let length = 1; length < bytes.length; length += 1) {
      expect(readOpening(bytes.subarray(0, length))).toEqual({ kind: 'partial' });
    }
    expect(readOpening(bytes)).toEqual({ kind: 'hello', sni });
    expect(readOpening(Buffer.concat([bytes, Buffer.from('more')]))).toEqual({ kind: 'hello', sni });
  });

  test.each([1, 3, 64])('may come in records of %d octets', async (size) => {
    const bytes = inRecords(await hello(), size);
    expect(readOpening(bytes)).toEqual({ kind: 'hello', sni });
    expect(readOpening(bytes.subarray(0, -1))).toEqual({ kind: 'partial' });
  });

  test('with any octet changed is a hello, TLS that is broken, not TLS, or waits for more: nothing is thrown', async () => {
    const bytes = await hello();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, octet) => {
        const changed = Buffer.from(bytes);
        changed[at] = octet;
        expect(['hello', 'broken', 'plain', 'partial']).toContain(readOpening(changed).kind);
      }),
    );
  });
});

test.each(['MSRP a786hjs2 SEND\r\n', 'GET / HTTP/1.1\r\n', '\r\n', '\x16\x02'])('%j is not TLS', (text) => {
  expect(readOpening(Buffer.from(text))).toEqual({ kind: 'plain' });
  expect(isTls(Buffer.from(text))).toBe(false);
});

test('one octet may tell that it is TLS', () => {
  expect(isTls(Buffer.from([0x16]))).toBe(true);
  expect(readOpening(Buffer.from([0x16]))).toEqual({ kind: 'partial' });
});

test.each([
  ['an alert', [0x15, 3, 1, 0, 2, 2, 40]],
  ['a ServerHello', [0x16, 3, 3, 0, 4, 2, 0, 0, 0]],
  ['a hello that is too long', [0x16, 3, 3, 0, 4, 1, 0xff, 0, 0]],
  ['a hello whose session id is too long', [0x16, 3, 3, 0, 39, 1, 0, 0, 35, 3, 3, ...Array<number>(32).fill(0), 9]],
])('%s is TLS, and no ClientHello', (_, octets) => {
  expect(readOpening(Buffer.from(octets))).toEqual({ kind: 'broken' });
});

test.each([
  [255, 'hello'],
  [256, 'broken'],
])(
  'a server name of %d octets is %s: a log line and a filter get no more of it than a name can have',
  (octets, kind) => {
    expect(readOpening(helloFor('x'.repeat(octets))).kind).toBe(kind);
  },
);

test('empty records without end are not waited for', () => {
  const empty = Buffer.alloc(5 * Math.ceil(MAX_HELLO / 5) + 5, Buffer.from([0x16, 3, 3, 0, 0]));
  expect(readOpening(empty)).toEqual({ kind: 'broken' });
});
