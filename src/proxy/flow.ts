import type { Direction, Piece, Read } from '../events.js';
import type { Reason } from '../lib/reasons.js';
import { StallWatch, type Watched } from '../lib/stall-watch.js';
import { type EndOfTurn, atEndOfTurn } from '../lib/turn.js';
import type { Message } from '../msrp/message.js';
import type { Parser } from '../msrp/parser.js';
import type { ParseErrorKind } from '../msrp/parse-errors.js';
import { KnownHeads } from '../msrp/known-heads.js';
import { isTls } from '../net/client-hello.js';
import type { Holder } from '../net/buffers.js';
import type { Connection, ConnectionHandler } from '../net/connection.js';
import { ChunkBudget } from './chunk-budget.js';
import { FlowRead } from './flow-read.js';
import { HOLD_BYTES, type LinkContext } from './options.js';

const NO_PIECES: readonly Piece[] = [];

/** Faults that call for something else than those of the grammar do. */
const REASON_OF: { readonly [kind in ParseErrorKind]?: Reason } = {
  header_section_too_long: 'headers_too_large',
  too_many_headers: 'too_many_headers',
  path_too_long: 'path_too_long',
};

/** One for all flows: no read happens within another. */
const theRead = new FlowRead();

/** The link: what a flow and the connection that it reads from tell. */
export interface FlowOwner {
  onBytes(flow: Flow, buffer: Buffer): void;
  /** After the bytes were passed on. */
  onRead(read: Read): void;
  /** The bytes are not MSRP, and on_parse_error is `close`. */
  onParseError(flow: Flow, reason: Reason, detail: string): void;
  onChunkLimit(flow: Flow): void;
  /** A message that is arriving does not go on. */
  onMessageStalled(flow: Flow): void;
  /** The far side of `flow.from` sent its FIN. */
  onFin(flow: Flow): void;
  /** `flow.from` takes bytes again. */
  onTakes(flow: Flow): void;
  onBroken(flow: Flow, reason: Reason, detail: string): void;
  onGone(flow: Flow): void;
}

/**
 * One direction of a link: bytes go from one connection to the other read by read; the parser looks on. Until the other
 * connection stands copies of them are held, HOLD_BYTES at most.
 */
export class Flow implements ConnectionHandler, EndOfTurn, Watched, Holder {
  readonly direction: Direction;
  readonly from: Connection;
  readonly #owner: FlowOwner;
  readonly #context: LinkContext;
  readonly #budget: ChunkBudget;
  #to: Connection | null = null;
  readonly #heads = new KnownHeads();
  /** null: no message is open. */
  #parser: Parser | null = null;
  /** It was not MSRP: what is still passed on is not looked at. */
  #blind = false;
  /** null: nothing is held. */
  #held: Buffer[] | null = null;
  #heldBytes = 0;
  #paused = false;
  #fromEnded = false;
  /** The open message that this turn of the event loop brought `#turnBytes` octets to. */
  #turnMessage: Message | null = null;
  #turnBytes = 0;
  #turnPending = false;
  #stopped = false;
  /** Of a message that came in several reads; null: there was none for a while. */
  #stall: StallWatch | null = null;

  constructor(direction: Direction, from: Connection, context: LinkContext, owner: FlowOwner) {
    this.direction = direction;
    this.from = from;
    this.#owner = owner;
    this.#context = context;
    this.#budget = new ChunkBudget(context.max_msg_chunks);
  }

  /** Octets that are held. */
  get backlog(): number {
    return this.#heldBytes;
  }

  /** Whether everything read so far was whole messages, passed on. When it was not MSRP nobody knows, and it is. */
  get atBoundary(): boolean {
    return this.#heldBytes === 0 && (this.#parser === null || this.#parser.open === null);
  }

  /** The far side of `from` sent its FIN. */
  get fromEnded(): boolean {
    return this.#fromEnded;
  }

  onRead(buffer: Buffer): void {
    this.#owner.onBytes(this, buffer);
  }

  onEnd(): void {
    this.#owner.onFin(this);
  }

  onDrain(): void {
    this.#owner.onTakes(this);
  }

  onFailure(reason: Reason, detail: string): void {
    this.#owner.onBroken(this, reason, detail);
  }

  onClosed(): void {
    this.#owner.onGone(this);
  }

  /** The other connection stands: what was held goes out first. */
  attach(to: Connection): void {
    this.#to = to;
    const held = this.#held;
    this.#letGo();
    to.messagesOut = this.from.messagesIn;
    let welcome = true;
    for (const buffer of held ?? []) welcome = to.write(buffer, false);
    if (this.#fromEnded) to.end();
    else if (welcome) this.#resume();
    else this.#pause();
  }

  /** The link has ended. */
  over(): void {
    this.#letGo();
    this.#stall?.disarm();
    this.#stall = null;
  }

  /** What is held goes with `attach`, in whose turn the other connection says whether more is welcome. */
  released(): void {}

  /** @param buffer good during the call */
  read(buffer: Buffer): void {
    if (this.#stopped) return;
    if (this.#blind) {
      this.#pass(buffer);
      this.#tell(buffer, NO_PIECES, 0, null);
      return;
    }
    const { parsers } = this.#context;
    const parser = this.#parser ?? parsers.take(this.#heads);
    this.#parser = parser;
    const good = parser.parse(buffer);
    const { error, pieces } = parser;
    const last = pieces[pieces.length - 1];
    this.#pass(error === null || this.#passesErrors ? buffer : buffer.subarray(0, good));
    // Those before the last one are complete.
    this.#countMessages(last === undefined || last.message.complete ? pieces.length : pieces.length - 1);
    this.#tell(buffer, pieces, parser.strayBytes, error);
    if (error !== null) this.#failed(error, buffer);
    else this.#account(parser.open, last);
    parser.settle();
    if (!parser.idle) {
      this.#awaitRest();
      return;
    }
    this.#parser = null;
    parsers.give(parser);
  }

  /** The far side of `from` sent its FIN: passed on as a FIN, after everything that came before it. */
  end(): void {
    this.#fromEnded = true;
    this.#to?.end();
  }

  /** The receiving side takes bytes again. */
  drained(): void {
    this.#resume();
  }

  /** Nothing more is read. What is held goes out if the other connection still comes to stand. */
  stop(): void {
    this.#stopped = true;
  }

  get #passesErrors(): boolean {
    return this.#context.on_parse_error === 'pass';
  }

  #pass(buffer: Buffer): void {
    if (buffer.length === 0) return;
    if (this.#to === null) {
      (this.#held ??= []).push(Buffer.from(buffer));
      this.#heldBytes += buffer.length;
      // However little room there is: the next hop may be what the rest of a first request names.
      this.#context.buffers.note(this, this.#heldBytes);
      if (this.#heldBytes >= HOLD_BYTES) this.#pause();
    } else if (!this.#to.write(buffer, this.from.lendsReads)) {
      this.#pause();
    }
  }

  #letGo(): void {
    this.#held = null;
    this.#heldBytes = 0;
    this.#context.buffers.release(this);
  }

  #tell(buffer: Buffer, pieces: readonly Piece[], strayBytes: number, parseError: string | null): void {
    theRead.begin(this.direction, buffer, pieces, strayBytes, parseError);
    this.#owner.onRead(theRead);
    theRead.end();
  }

  #pause(): void {
    this.#paused = true;
    this.from.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.from.resume();
    this.#awaitRest();
  }

  /** Watches a message that is open until it has come to its end: it may be that no byte of it comes any more. */
  #awaitRest(): void {
    if (this.#isArriving) (this.#stall ??= new StallWatch(this.#context.message_timeout, this)).arm();
  }

  /** A message is open, and the rest of it is waited for: it is not us who do not read it. */
  get #isArriving(): boolean {
    const isOpen = this.#parser !== null && this.#parser.open !== null;
    return isOpen && !this.#paused && !this.#fromEnded && !this.#stopped;
  }

  progress(): number | null {
    if (this.#isArriving) return this.from.bytesIn;
    // What is quiet keeps none.
    this.#stall = null;
    return null;
  }

  stalled(): void {
    this.#owner.onMessageStalled(this);
  }

  #countMessages(complete: number): void {
    this.from.messagesIn += complete;
    if (this.#to !== null) this.#to.messagesOut += complete;
  }

  #failed(error: ParseErrorKind, buffer: Buffer): void {
    this.#parser = null;
    this.#blind = true;
    if (this.#passesErrors) return;
    const isFirst = this.from.bytesIn === buffer.length;
    this.#owner.onParseError(
      this,
      isFirst && isTls(buffer) ? 'tls_unexpected' : (REASON_OF[error] ?? 'parse_error'),
      error,
    );
  }

  /** The bookkeeping of max_msg_chunks, done at the end of the turn: a turn may bring several reads of one message. */
  #account(open: Message | null, last: Piece | undefined): void {
    if (open !== this.#turnMessage) {
      this.#budget.reset();
      this.#turnMessage = open;
      this.#turnBytes = 0;
    }
    if (open === null || last === undefined) return;
    this.#turnBytes += last.end - last.start;
    if (this.#turnPending) return;
    this.#turnPending = true;
    atEndOfTurn(this);
  }

  endOfTurn(): void {
    this.#turnPending = false;
    if (this.#turnMessage === null || this.#stopped) return;
    const octets = this.#turnBytes;
    this.#turnBytes = 0;
    if (!this.#budget.spend(octets)) this.#owner.onChunkLimit(this);
  }
}
