import { type Endpoint, formatEndpoint } from '../lib/address.js';
import { newTransactionId } from './answers.js';
import { Client, type Request } from './client.js';

/** A PNG of one pixel. */
const IMAGE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const FIRST_CHUNK = 40;

const CPIM = [
  'From: Alice <im:alice@example.com>',
  'To: Bob <im:bob@example.com>',
  '',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Here comes a picture 🖼️',
].join('\r\n');

/**
 * Alice says a few things to Bob, each when the one before was answered.
 * @param proxy where she connects to
 * @param bob where Bob's URI points
 * @param run makes the session-ids of this conversation its own
 * @throws MsrptapError demo_failed; or what made the connect fail
 */
export async function converse(proxy: Endpoint, bob: Endpoint, run: string, signal: AbortSignal): Promise<void> {
  const client = await Client.connect(proxy, `msrp://${formatEndpoint(bob)}/bob-${run};tcp`, `alice-${run}`, signal);
  // Binds the session to this connection [RFC 4975 §5.4].
  await client.request({ method: 'SEND', headers: [...messageId(), ['Byte-Range', '1-0/0']] });
  await Promise.all([
    client.arrival('SEND'),
    client.request(send('text/plain; charset=utf-8', 'Hello Bob, is it you? 👋')),
  ]);
  await Promise.all([
    client.arrival('REPORT'),
    client.request(send('message/cpim', CPIM, [['Success-Report', 'yes']])),
  ]);
  const [first, last] = inTwoChunks(IMAGE);
  await client.request(first);
  await client.request(last);
  await client.request({ method: 'NICKNAME', headers: [['Use-Nickname', '"Alice"']] });
  await client.close();
}

type Headers = readonly (readonly [name: string, value: string])[];

function messageId(): Headers {
  return [['Message-ID', newTransactionId()]];
}

function send(contentType: string, body: string, more: Headers = []): Request {
  const octets = Buffer.byteLength(body);
  const headers: Headers = [...messageId(), ['Byte-Range', `1-${octets}/${octets}`], ...more];
  return { method: 'SEND', headers, contentType, body };
}

/** One message in two chunks: the same Message-ID, and ranges that join [RFC 4975 §5.1]. */
function inTwoChunks(image: Buffer): [Request, Request] {
  const id = messageId();
  const chunk = (start: number, end: number): Request => ({
    method: 'SEND',
    headers: [...id, ['Byte-Range', `${start + 1}-${end}/${image.length}`]],
    contentType: 'image/png',
    body: image.subarray(start, end),
    flag: end === image.length ? '$' : '+',
  });
  return [chunk(0, FIRST_CHUNK), chunk(FIRST_CHUNK, image.length)];
}
