import { startEndpoint } from '#src/demo/endpoint.js';
import { writeRequest, type RequestParts } from '#src/msrp/writer.js';
import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { transcribe, type Described } from '../helpers/msrp.js';

const BOB = 'msrp://127.0.0.1:2857/bob;tcp';
const RELAY = 'msrp://relay.example:2855/r;tcp';
const ALICE = 'msrp://127.0.0.1:9/alice;tcp';

function request(parts: Partial<RequestParts>): Buffer {
  return writeRequest({ transactionId: 'tid1', method: 'SEND', toPath: BOB, fromPath: [RELAY, ALICE], ...parts });
}

/** Sends octets, ends, and reads until the endpoint has ended too. */
async function exchange(...writes: readonly Buffer[]): Promise<{ octets: Buffer; messages: Described[] }> {
  const endpoint = await startEndpoint();
  onTestFinished(() => endpoint.close());
  const socket = connect({ host: endpoint.address.ip, port: endpoint.address.port });
  await once(socket, 'connect');
  for (const bytes of writes) socket.write(bytes);
  socket.end();
  const octets = await buffer(socket);
  return { octets, messages: transcribe([octets]).messages };
}

const codes = (messages: readonly Described[]): (string | number)[] =>
  messages.map(({ method, status }) => (method === '' ? status : method));

const header = (message: Described | undefined, name: string): string | undefined =>
  message?.headers.find(([other]) => other === name)?.[1];

describe('the endpoint', () => {
  it('answers a SEND to the previous hop only', async () => {
    const { messages } = await exchange(request({}));
    expect(codes(messages)).toEqual([200]);
    expect(messages[0]).toMatchObject({
      transactionId: 'tid1',
      headers: [
        ['To-Path', RELAY],
        ['From-Path', BOB],
      ],
    });
  });

  it('answers what it does not know with 501, along the whole path, and a REPORT not at all', async () => {
    const { messages } = await exchange(request({ method: 'REPORT' }), request({ method: 'WINK' }));
    expect(codes(messages)).toEqual([501]);
    expect(header(messages[0], 'To-Path')).toBe(`${RELAY} ${ALICE}`);
  });

  it.each(['no', 'partial'])('says nothing of a success when Failure-Report is %s', async (wanted) => {
    const { messages } = await exchange(
      request({ headers: [['Failure-Report', wanted]] }),
      request({ transactionId: 'tid2' }),
    );
    expect(messages.map(({ transactionId }) => transactionId)).toEqual(['tid2']);
  });

  it('reports the range that arrived', async () => {
    const headers = [
      ['Message-ID', 'm1'],
      ['Byte-Range', '11-*/40'],
      ['Success-Report', 'yes'],
    ] as const;
    const { messages } = await exchange(request({ headers, contentType: 'x/y', body: 'four', flag: '+' }));
    expect(codes(messages)).toEqual([200, 'REPORT']);
    expect(messages[1]?.headers).toEqual([
      ['To-Path', `${RELAY} ${ALICE}`],
      ['From-Path', BOB],
      ['Message-ID', 'm1'],
      ['Byte-Range', '11-14/40'],
      ['Status', '000 200 OK'],
    ]);
  });

  it('echoes a chat as its own SEND, and nothing else', async () => {
    const chat = request({ contentType: 'text/plain', body: 'Hé 👋', headers: [['Byte-Range', '1-8/8']] });
    const part = request({ contentType: 'text/plain', body: 'Hé', flag: '+' });
    const image = request({ contentType: 'image/png', body: 'x' });
    const { octets, messages } = await exchange(chat, part, image);
    expect(codes(messages)).toEqual([200, 'SEND', 200, 200]);
    expect(header(messages[1], 'To-Path')).toBe(`${RELAY} ${ALICE}`);
    expect(header(messages[1], 'From-Path')).toBe(BOB);
    expect(octets.toString()).toContain('\r\n\r\nHé 👋\r\n-------');
  });

  it('answers a message of any length, and echoes none that it does not keep', async () => {
    const { messages } = await exchange(request({ contentType: 'text/plain', body: 'x'.repeat(300_000) }));
    expect(codes(messages)).toEqual([200]);
  });

  it('leaves a connection that does not speak MSRP', async () => {
    const { octets } = await exchange(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(octets).toHaveLength(0);
  });
});
