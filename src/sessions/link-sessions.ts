import type { Direction, LinkFacts, LinkObserver, Piece, Read } from '../events.js';
import type { Message } from '../msrp/message.js';
import { rangeOf, UNKNOWN } from './byte-range.js';
import { Arriving } from './arriving.js';
import { KnownSessions } from './known-sessions.js';
import { readSend } from './send.js';
import { Session } from './session.js';
import type { Sessions } from './sessions.js';
import type { Way } from './way.js';

/** Of the Status of a REPORT: the namespace 000 is that of response codes [RFC 4975 §7.1.2]. */
const STATUS = /^000[ \t]+(?<code>\d{3})(?!\d)/;
const DELIVERED = 200;

/** The sessions of one link, as its messages show them. */
export class LinkSessions implements LinkObserver {
  readonly link: LinkFacts;
  readonly #all: Sessions;
  /** null: nothing was read. */
  #known: KnownSessions | null = null;
  #arrivingUp: Arriving | null = null;
  #arrivingDown: Arriving | null = null;
  #opened = 0;

  constructor(all: Sessions, link: LinkFacts) {
    this.#all = all;
    this.link = link;
  }

  get sessions(): Iterable<Session> {
    return this.#known?.all ?? [];
  }

  read(read: Read): void {
    for (const piece of read.pieces) {
      const { message } = piece;
      // Its octets count once it is known whose they are.
      if (!message.headComplete) continue;
      const arriving = read.direction === 'up' ? this.#arrivingUp : this.#arrivingDown;
      if (arriving !== null && arriving.message === message) this.#goOn(arriving, read.direction);
      else this.#begin(piece, read);
    }
  }

  /** @param request that was read just now */
  ownerOf(request: Message): Session {
    return this.#noted(request) ?? this.#known?.find(request, () => null) ?? this.#all.nobody;
  }

  connected(): void {}

  connectFailed(): void {}

  transactionTimedOut(): void {}

  closed(): void {}

  ended(): void {
    for (const session of this.sessions) this.#end(session);
    this.#all.remove(this);
  }

  #begin(piece: Piece, read: Read): void {
    const { message } = piece;
    const session = this.#noted(message) ?? this.#find(message, read);
    const isUp = read.direction === 'up';
    const way = isUp ? session.up : session.down;
    session.activeAt = this.#all.now;
    if (message.kind === 'response') {
      this.#take(message, session, way, read);
    } else if (message.method === 'SEND') {
      this.#send(session, way, piece, read);
    } else {
      if (message.method === 'REPORT') report(message, way, isUp ? session.down : session.up);
      this.#take(message, session, way, read);
    }
  }

  /** A message that carries nothing. */
  #take(message: Message, session: Session, way: Way, read: Read): void {
    if (message.complete) {
      way.bytes += message.length;
      if (message.kind === 'response') way.responses += 1;
      else way.requests += 1;
    } else {
      this.#goOn(new Arriving(message, session, way, null, null), read.direction);
    }
  }

  #send(session: Session, way: Way, piece: Piece, read: Read): void {
    const { message } = piece;
    const { complete, bodyLength } = message;
    const isAlone = !way.hasTransfers;
    const isWhole = isAlone && complete && message.flag === '$';
    // The request that binds a session, or keeps it: it is no message for anybody.
    if (isWhole && bodyLength === 0) {
      this.#take(message, session, way, read);
      return;
    }
    const { content, isTyped, range } = readSend(piece, read);
    // The same, as far as it has come.
    if (isAlone && (range.total === 0 || !isTyped)) {
      this.#take(message, session, way, read);
      return;
    }
    if (isWhole && range.start === 1 && (range.total === bodyLength || range.total === UNKNOWN)) {
      way.bytes += message.length;
      way.requests += 1;
      way.whole(content, bodyLength);
      if (message.successReport) way.expect(message, bodyLength);
      return;
    }
    const transfer = session === this.#all.nobody ? null : way.begin(message, content, range);
    this.#goOn(new Arriving(message, session, way, transfer?.content ?? content, transfer), read.direction);
  }

  /** More of it has come. */
  #goOn(arriving: Arriving, direction: Direction): void {
    const { message, session, way, transfer } = arriving;
    session.activeAt = this.#all.now;
    arriving.count();
    if (direction === 'up') this.#arrivingUp = message.complete ? null : arriving;
    else this.#arrivingDown = message.complete ? null : arriving;
    if (!message.complete) return;
    if (message.kind === 'response') way.responses += 1;
    else way.requests += 1;
    if (transfer === null) return;
    way.arrived(transfer);
    if (message.flag === '$' && message.successReport) way.expect(message, transfer.octets);
  }

  /** The session that was noted with the paths of a message; null: they are new. */
  #noted({ paths }: Message): Session | null {
    if (paths === null) return null;
    const { session } = paths;
    return session instanceof Session && (session.home === this || session === this.#all.nobody) ? session : null;
  }

  #find(message: Message, read: Read): Session {
    this.#known ??= new KnownSessions();
    const found = this.#known.find(message, (to, from) => this.#open(to, from, read));
    const session = found ?? this.#all.nobody;
    // What a response answers may still come.
    if (message.paths !== null && (found !== null || message.kind === 'request')) message.paths.session = session;
    return session;
  }

  /** @returns null: there are too many */
  #open(to: string, from: string, read: Read): Session | null {
    const surplus = this.#known?.surplus ?? null;
    if (surplus !== null) this.#end(surplus);
    this.#opened += 1;
    return this.#all.open(this, this.#opened, { to, from }, read.time);
  }

  #end(session: Session): void {
    this.#known?.remove(session);
    this.#all.end(session);
  }
}

/** @param about where the message went that it tells of */
function report(message: Message, way: Way, about: Way): void {
  const status = Number(STATUS.exec(message.header('Status') ?? '')?.groups?.['code'] ?? 0);
  const isSuccess = status === DELIVERED;
  way.report(status, isSuccess);
  about.reported(message, rangeOf(message.header('Byte-Range')), isSuccess);
}
