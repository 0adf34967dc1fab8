import type { Room } from '../lib/room.js';
import type { Message } from '../msrp/message.js';
import { UNKNOWN, type ByteRange } from './byte-range.js';
import { Deliveries } from './deliveries.js';
import { COMPLETE, CONTENTS, INCOMPLETE, RESULTS, type Unwatched } from './kinds.js';
import type { Limits } from './limits.js';
import type { Totals } from './totals.js';
import { Transfer, Transfers } from './transfers.js';
import type { WayWitness } from './witness.js';

/** Of a Message-ID; [RFC 4975 §9] allows 32. What is longer is known by its beginning. */
const MAX_MESSAGE_ID = 64;

const NO_TRANSFERS: readonly Transfer[] = [];

/** Octets of bodies, by CONTENTS, stand first; then whole messages by CONTENTS; then messages by RESULTS. */
const MESSAGES_AT = CONTENTS.length;
const RESULTS_AT = 2 * CONTENTS.length;
const COUNTS = RESULTS_AT + RESULTS.length;

/** What the ways of all sessions in one direction have in common. */
export interface WayCommon {
  readonly witness: WayWitness;
  readonly limits: Limits;
}

/** What a way holds a number of, the oldest first. */
interface Held {
  readonly isFull: boolean;
  /** @returns whether there was one */
  forgetOldest(): boolean;
}

/** What goes one way in a session. */
export class Way {
  /** Of its messages, heads and end-lines included. */
  bytes = 0;
  requests = 0;
  responses = 0;
  /** REPORTs that tell of a failure. */
  failedReports = 0;
  readonly #common: WayCommon;
  /** null: no message had a body. */
  #counts: number[] | null = null;
  #transfers: Transfers | null = null;
  #deliveries: Deliveries | null = null;
  #isOver = false;

  constructor(common: WayCommon) {
    this.#common = common;
  }

  /** Whether a message with a body is under way. */
  get hasTransfers(): boolean {
    return this.#transfers !== null && this.#transfers.all.length > 0;
  }

  /** Messages with a body that are under way. */
  get transfers(): readonly Transfer[] {
    return this.#transfers?.all ?? NO_TRANSFERS;
  }

  /** A message that came as a whole, in one chunk. @param content index of CONTENTS */
  whole(content: number, octets: number): void {
    const counts = (this.#counts ??= noCounts());
    counts[content]! += octets;
    counts[MESSAGES_AT + content]! += 1;
    counts[RESULTS_AT + COMPLETE]! += 1;
  }

  /** @param messages that are whole with these octets of a body */
  content(content: number, octets: number, messages: number): void {
    const counts = (this.#counts ??= noCounts());
    counts[content]! += octets;
    counts[MESSAGES_AT + content]! += messages;
  }

  /** A chunk begins that is not a whole message, or not there as a whole. @returns null: there is no room to watch it */
  begin(chunk: Message, content: number, range: ByteRange): Transfer | null {
    const id = messageIdOf(chunk);
    const transfer = this.#transfers?.get(id) ?? this.#open(new Transfer(id, content));
    transfer?.begin(chunk, range);
    return transfer;
  }

  /** The chunk of a transfer is there as a whole. */
  arrived(transfer: Transfer): void {
    const result = transfer.end();
    if (result !== null) this.#close(transfer, result);
  }

  /** A message whose sender wants to hear of its arrival has been read. @param octets of its body */
  expect(message: Message, octets: number): void {
    if (this.#isOver) return;
    const deliveries = (this.#deliveries ??= new Deliveries());
    if (!this.#mayHold('delivery', deliveries, this.#common.limits.deliveries)) return;
    deliveries.expect(messageIdOf(message), octets, performance.now());
  }

  /** The other side reports of a message that went this way. */
  reported(report: Message, range: ByteRange, isSuccess: boolean): void {
    if (this.#deliveries === null) return;
    const before = this.#deliveries.size;
    const sentAt = this.#deliveries.reported(messageIdOf(report), range, isSuccess);
    this.#common.limits.deliveries.give(before - this.#deliveries.size);
    if (sentAt !== UNKNOWN) this.#common.witness.delivery((performance.now() - sentAt) / 1_000);
  }

  /** A REPORT that goes this way. */
  report(status: number, isSuccess: boolean): void {
    this.#common.witness.report(status);
    if (!isSuccess) this.failedReports += 1;
  }

  /** Nothing more comes: what is under way will not arrive. */
  end(): void {
    this.#isOver = true;
    for (const transfer of this.transfers.slice()) this.#close(transfer, INCOMPLETE);
    this.#common.limits.deliveries.give(this.#deliveries?.size ?? 0);
    this.#deliveries = null;
  }

  /** @param content index of CONTENTS */
  contentOf(content: number): { readonly octets: number; readonly messages: number } {
    const counts = this.#counts;
    return { octets: counts?.[content] ?? 0, messages: counts?.[MESSAGES_AT + content] ?? 0 };
  }

  /** @param result index of RESULTS */
  resultsOf(result: number): number {
    return this.#counts?.[RESULTS_AT + result] ?? 0;
  }

  addTo(totals: Totals): void {
    for (const content of CONTENTS.keys()) {
      const { octets, messages } = this.contentOf(content);
      totals.addContent(content, octets, messages);
    }
    for (const result of RESULTS.keys()) totals.addResult(result, this.resultsOf(result));
  }

  #open(transfer: Transfer): Transfer | null {
    const transfers = (this.#transfers ??= new Transfers());
    if (!this.#mayHold('transfer', transfers, this.#common.limits.transfers)) return null;
    transfers.add(transfer);
    return transfer;
  }

  /** Takes room for one more. Where there is none, the oldest of this way makes it: peers need not end what they begin. */
  #mayHold(what: Unwatched, held: Held, room: Room): boolean {
    if (!held.isFull && room.take()) return true;
    this.#common.limits.unwatched(what);
    return held.forgetOldest();
  }

  #close(transfer: Transfer, result: number): void {
    if (this.#transfers?.remove(transfer) !== true) return;
    this.#common.limits.transfers.give(1);
    const counts = (this.#counts ??= noCounts());
    counts[RESULTS_AT + result]! += 1;
  }
}

function noCounts(): number[] {
  return Array.from({ length: COUNTS }, () => 0);
}

function messageIdOf(message: Message): string {
  const id = message.header('Message-ID') ?? '';
  // A copy: as a part of the whole it would keep that in memory.
  return id.length <= MAX_MESSAGE_ID ? id : Buffer.from(id.slice(0, MAX_MESSAGE_ID)).toString();
}
