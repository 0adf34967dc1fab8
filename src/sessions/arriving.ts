import type { Message } from '../msrp/message.js';
import type { Session } from './session.js';
import type { Transfer } from './transfers.js';
import type { Way } from './way.js';

/** Octets of the longest end-line and the CRLF before it: of a body that is arriving, so many may be none of it. */
const MAX_END_LINE = 2 + 7 + 32 + 1 + 2;

/** A message of which more is to come; its headers are there. */
export class Arriving {
  readonly message: Message;
  readonly session: Session;
  readonly way: Way;
  /** Index of CONTENTS; null: it is no SEND with a body. */
  readonly content: number | null;
  /** null: it is not watched. */
  readonly transfer: Transfer | null;
  #octets = 0;
  #bodyOctets = 0;

  constructor(message: Message, session: Session, way: Way, content: number | null, transfer: Transfer | null) {
    this.message = message;
    this.session = session;
    this.way = way;
    this.content = content;
    this.transfer = transfer;
  }

  /** Counts what has arrived since the last time. */
  count(): void {
    const { message, way, content } = this;
    const { length, complete, flag } = message;
    way.bytes += length - this.#octets;
    this.#octets = length;
    if (content !== null) {
      // Never too many: what was counted is not taken back.
      const body = complete ? message.bodyLength : Math.max(0, message.bodyLength - MAX_END_LINE);
      way.content(content, body - this.#bodyOctets, flag === '$' ? 1 : 0);
      this.#bodyOctets = body;
    }
  }
}
