import type { Direction, LinkFacts, LinkObserver, Piece, Read } from '../events.js';
import type { Message } from '../msrp/message.js';
import { rangeOf, UNKNOWN } from './byte-range.js';
import { Arriving, SessionFlow } from './flow.js';
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
  readonly #known = new KnownSessions();
  readonly #up = new SessionFlow();
  readonly #down = new SessionFlow();
  #opened = 0;

  constructor(all: Sessions, link: LinkFacts) {
    this.#all = all;
    this.link = link;
  }

  get sessions(): ReadonlySet<Session> {
    return this.#known.all;
  }

  read(read: Read): void {
    const flow = read.direction === 'up' ? this.#up : this.#down;
    for (const piece of read.pieces) {
      const { message } = piece;
      // Its octets count once it is known whose they are.
      if (!message.headComplete) continue;
      const { arriving } = flow;
      if (arriving !== null && arriving.message === message) this.#goOn(flow, arriving);
      else this.#begin(flow, piece, read);
    }
  }

  /** @param request that was read just now */
  ownerOf(request: Message, direction: Direction): Session {
    const known = (direction === 'up' ? this.#up : this.#down).sessionOf(request);
    return known ?? this.#known.find(request, () => null) ?? this.#all.nobody;
  }

  connected(): void {}

  connectFailed(): void {}

  transactionTimedOut(): void {}

  closed(): void {}

  ended(): void {
    for (const session of this.#known.all) this.#end(session);
    this.#all.remove(this);
  }

  #begin(flow: SessionFlow, piece: Piece, read: Read): void {
    const { message } = piece;
    const session = this.#session(flow, message, read);
    const way = read.direction === 'up' ? session.up : session.down;
    session.activeAt = this.#all.now;
    if (message.kind === 'response') {
      this.#take(flow, message, session, way);
    } else if (message.method === 'SEND') {
      this.#send(flow, session, way, piece, read);
    } else {
      if (message.method === 'REPORT') report(message, way, read.direction === 'up' ? session.down : session.up);
      this.#take(flow, message, session, way);
    }
  }

  /** A message that carries nothing. */
  #take(flow: SessionFlow, message: Message, session: Session, way: Way): void {
    if (message.complete) {
      way.bytes += message.length;
      if (message.kind === 'response') way.responses += 1;
      else way.requests += 1;
    } else {
      this.#goOn(flow, (flow.arriving = new Arriving(message, session, way, null, null)));
    }
  }

  #send(flow: SessionFlow, session: Session, way: Way, piece: Piece, read: Read): void {
    const { message } = piece;
    const { complete, bodyLength } = message;
    const isAlone = way.transfers.length === 0;
    const isWhole = isAlone && complete && message.flag === '$';
    // The request that binds a session, or keeps it: it is no message for anybody.
    if (isWhole && bodyLength === 0) {
      this.#take(flow, message, session, way);
      return;
    }
    const { content, range } = readSend(flow, piece, read);
    // The same, as far as it has come.
    if (isAlone && (range.total === 0 || (!complete && message.contentType === undefined))) {
      this.#take(flow, message, session, way);
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
    flow.arriving = new Arriving(message, session, way, transfer?.content ?? content, transfer);
    this.#goOn(flow, flow.arriving);
  }

  /** More of it has come. */
  #goOn(flow: SessionFlow, arriving: Arriving): void {
    const { message, session, way, transfer } = arriving;
    session.activeAt = this.#all.now;
    arriving.count();
    if (!message.complete) return;
    flow.arriving = null;
    if (message.kind === 'response') way.responses += 1;
    else way.requests += 1;
    if (transfer === null) return;
    way.arrived(transfer);
    if (message.flag === '$' && message.successReport) way.expect(message, transfer.octets);
  }

  #session(flow: SessionFlow, message: Message, read: Read): Session {
    const known = flow.sessionOf(message);
    if (known !== null) return known;
    const found = this.#known.find(message, (to, from) => this.#open(to, from, read));
    const session = found ?? this.#all.nobody;
    // What a response answers may still come.
    if (found !== null || message.kind === 'request') flow.learn(message, session);
    return session;
  }

  /** @returns null: there are too many */
  #open(to: string, from: string, read: Read): Session | null {
    const { surplus } = this.#known;
    if (surplus !== null) this.#end(surplus);
    this.#opened += 1;
    return this.#all.open(this.#opened, { to, from }, read.time);
  }

  #end(session: Session): void {
    this.#known.remove(session);
    this.#up.forget(session);
    this.#down.forget(session);
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
