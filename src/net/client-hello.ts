/**
 * The first bytes of a connection: whether they are TLS, and which server name they ask for. Looked at before OpenSSL is,
 * because it takes versions, ciphers and whether to ask for a certificate from the domain that the name chooses.
 */

export type Opening =
  /** More bytes are needed. */
  | { readonly kind: 'partial' }
  | { readonly kind: 'plain' }
  /** `sni`: '' when none is asked for. */
  | { readonly kind: 'hello'; readonly sni: string }
  /** TLS, but no ClientHello, or none that can be read. */
  | { readonly kind: 'broken' };

/** Octets until a ClientHello is complete: it has some 300 to 2,000, with a client's certificate in a ticket a few thousand. */
export const MAX_HELLO = 16_384;

/** Content types of records [RFC 8446 §5.1]. */
const FIRST_TYPE = 20;
const HANDSHAKE = 22;
const LAST_TYPE = 23;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
/** And of handshake messages and extensions. */
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
/** Octets of a name [RFC 1035 §2.3.4]; OpenSSL refuses longer ones too. They end in filters, logs and events. */
const MAX_NAME = 255;

/** Whether a connection that begins so speaks TLS. */
export function isTls(bytes: Buffer): boolean {
  const [type = 0, major = 3] = bytes;
  return type >= FIRST_TYPE && type <= LAST_TYPE && major === 3;
}

/** @param bytes all that came so far, at least one */
export function readOpening(bytes: Buffer): Opening {
  if (!isTls(bytes)) return { kind: 'plain' };
  const hello = firstMessage(bytes);
  if (hello === 'partial' || hello === 'broken') return { kind: hello };
  try {
    return { kind: 'hello', sni: serverNameIn(new Reader(hello)) };
  } catch {
    return { kind: 'broken' };
  }
}

/** The body of the ClientHello, which may come in several records. */
function firstMessage(bytes: Buffer): Buffer | 'partial' | 'broken' {
  const message = Buffer.alloc(bytes.length);
  let length = 0;
  let at = 0;
  while (bytes.length >= at + RECORD_HEADER) {
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3) return 'broken';
    const end = at + RECORD_HEADER + bytes.readUInt16BE(at + 3);
    length += bytes.copy(message, length, at + RECORD_HEADER, end);
    if (length > 0 && message[0] !== CLIENT_HELLO) return 'broken';
    if (length >= MESSAGE_HEADER) {
      const body = message.readUIntBE(1, 3);
      if (body > MAX_HELLO) return 'broken';
      if (length >= MESSAGE_HEADER + body) return message.subarray(MESSAGE_HEADER, MESSAGE_HEADER + body);
    }
    at = end;
  }
  return bytes.length > MAX_HELLO ? 'broken' : 'partial';
}

/** [RFC 8446 §4.1.2, RFC 6066 §3] @throws RangeError */
function serverNameIn(hello: Reader): string {
  hello.take(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.isEmpty) return '';
  const extensions = new Reader(hello.vector(2));
  while (!extensions.isEmpty) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type !== SERVER_NAME) continue;
    const names = new Reader(new Reader(content).vector(2));
    // There is one kind of name, and one name of a kind.
    if (names.number(1) !== 0) return '';
    const name = names.vector(2);
    if (name.length > MAX_NAME) throw new RangeError('no name is so long');
    return name.toString('latin1');
  }
  return '';
}

class Reader {
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  /** @throws RangeError */
  take(octets: number): Buffer {
    if (octets > this.#bytes.length) throw new RangeError('cut off');
    const taken = this.#bytes.subarray(0, octets);
    this.#bytes = this.#bytes.subarray(octets);
    return taken;
  }

  number(octets: 1 | 2): number {
    return this.take(octets).readUIntBE(0, octets);
  }

  /** Its length stands before it, in that many octets. */
  vector(octets: 1 | 2): Buffer {
    return this.take(this.number(octets));
  }
}
