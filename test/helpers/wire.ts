/** What two MSRP endpoints say to each other, as octets. */
import { randomBytes } from 'node:crypto';
import { writeRequest, writeResponse } from '#src/msrp/writer.js';

type End = 'caller' | 'callee';

export interface Content {
  readonly type?: string;
  readonly body?: string | Uint8Array;
  readonly flag?: '$' | '+' | '#';
  readonly headers?: readonly (readonly [string, string])[];
}

/** One session. The caller opens the connection and speaks first, so the callee's session-id is its correlation id. */
export class Chat {
  readonly session: string;
  readonly #uris: Readonly<Record<End, string>>;
  #count = 0;

  constructor(scheme: 'msrp' | 'msrps' = 'msrp') {
    const random = randomBytes(5).toString('hex');
    this.session = `to.${random}`;
    this.#uris = {
      caller: `${scheme}://caller.example.com:7654/from.${random};tcp`,
      callee: `${scheme}://callee.example.com:12763/${this.session};tcp`,
    };
  }

  /** A request of the caller. A text makes a text/plain one; without body and type it is the empty SEND that binds a session. */
  ask(content: string | Content = {}): Buffer {
    return this.#request('caller', content);
  }

  /** A request of the callee. */
  tell(content: string | Content = {}): Buffer {
    return this.#request('callee', content);
  }

  /** The 200 to a request, from whoever received it. */
  ok(request: Buffer): Buffer {
    return this.#response(request, 200, 'OK');
  }

  /** The start-line, headers and blank line of a SEND whose body is written by hand, and its end-line. */
  open(type: string, from: End = 'caller'): { readonly head: Buffer; readonly end: Buffer; readonly id: string } {
    const id = this.#nextId();
    const [to, by] = this.#path(from);
    const lines = [
      `MSRP ${id} SEND`,
      `To-Path: ${to}`,
      `From-Path: ${by}`,
      `Message-ID: ${id}`,
      `Content-Type: ${type}`,
    ];
    return { id, head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), end: Buffer.from(`\r\n-------${id}$\r\n`) };
  }

  #request(from: End, content: string | Content): Buffer {
    const { type, body, flag = '$', headers = [] } = typeof content === 'string' ? { body: content } : content;
    const transactionId = this.#nextId();
    const [toPath, fromPath] = this.#path(from);
    const contentType = type ?? (body === undefined ? undefined : 'text/plain');
    return writeRequest({
      transactionId,
      method: 'SEND',
      toPath,
      fromPath,
      headers: [['Message-ID', transactionId], ...headers],
      flag,
      ...(contentType === undefined ? {} : { contentType, body: body ?? '' }),
    });
  }

  #response(request: Buffer, status: number, comment: string): Buffer {
    const [, transactionId = ''] = request.toString('latin1', 0, 64).split(' ');
    const [toPath, fromPath] = request.includes(`From-Path: ${this.#uris.caller}`)
      ? this.#path('callee')
      : this.#path('caller');
    return writeResponse({ transactionId, status, comment, toPath, fromPath });
  }

  #path(from: End): readonly [to: string, from: string] {
    const { caller, callee } = this.#uris;
    return from === 'caller' ? [callee, caller] : [caller, callee];
  }

  #nextId(): string {
    this.#count += 1;
    return `tid${this.#count}.${this.session}`.slice(0, 32);
  }
}
