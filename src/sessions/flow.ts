import type { Message } from '../msrp/message.js';
import type { LastHeaderToken, PathsToken } from '../msrp/repeated-paths.js';
import { typeLineOf, type TypeLine } from './content-type.js';
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

/** One direction of a link: whose messages came last, and the one that is arriving. */
export class SessionFlow {
  arriving: Arriving | null = null;
  #requestPaths: PathsToken | null = null;
  #requestSession: Session | null = null;
  #responsePaths: PathsToken | null = null;
  #responseSession: Session | null = null;
  #lastHeader: LastHeaderToken | null = null;
  #typeLine: TypeLine | null = null;

  /** @returns null: it is not known by its paths */
  sessionOf({ paths, kind }: Message): Session | null {
    if (paths === null) return null;
    if (kind === 'request') return paths === this.#requestPaths ? this.#requestSession : null;
    return paths === this.#responsePaths ? this.#responseSession : null;
  }

  learn({ paths, kind }: Message, session: Session): void {
    if (kind === 'request') {
      this.#requestPaths = paths;
      this.#requestSession = session;
    } else {
      this.#responsePaths = paths;
      this.#responseSession = session;
    }
  }

  /** The Content-Type of a request with a body, whose head ends at `headEnd` of `octets`. */
  typeLineOf(message: Message, octets: Buffer, headEnd: number): TypeLine {
    const { lastHeader } = message;
    if (lastHeader !== null && lastHeader === this.#lastHeader && this.#typeLine !== null) return this.#typeLine;
    const line = typeLineOf(message, octets, headEnd);
    this.#lastHeader = lastHeader;
    this.#typeLine = line;
    return line;
  }

  /** It is not known by its paths any more. */
  forget(session: Session): void {
    if (this.#requestSession === session) this.#requestPaths = null;
    if (this.#responseSession === session) this.#responsePaths = null;
  }
}
