import type { Message } from '../msrp/message.js';
import { UNKNOWN, type ByteRange } from './byte-range.js';
import { Deliveries } from './deliveries.js';
import { COMPLETE, CONTENTS, INCOMPLETE, RESULTS } from './kinds.js';
import type { Limits } from './limits.js';
import type { Totals } from './totals.js';
import { Transfer, Transfers } from './transfers.js';
import type { WayWitness } from './witness.js';

/** Of a Message-ID; [RFC 4975 §9] allows 32. What is longer is known by its beginning. */
const MAX_MESSAGE_ID = 64;

const NO_TRANSFERS: readonly Transfer[] = [];

/** What goes one way in a session. */
export class Way {
  /** Of its messages, heads and end-lines included. */
  bytes = 0;
  requests = 0;
  responses = 0;
  /** REPORTs that tell of a failure. */
  failedReports = 0;
  readonly #witness: WayWitness;
  readonly #limits: Limits;
  /** Octets of bodies and whole messages by CONTENTS; null: there was none. */
  #content: number[] | null = null;
  /** Messages by RESULTS; null: there was none. */
  #results: number[] | null = null;
  #transfers: Transfers | null = null;
  #deliveries: Deliveries | null = null;
  #isOver = false;

  constructor(witness: WayWitness, limits: Limits) {
    this.#witness = witness;
    this.#limits = limits;
  }

  /** Messages with a body that are under way. */
  get transfers(): readonly Transfer[] {
    return this.#transfers?.all ?? NO_TRANSFERS;
  }

  /** A message that came as a whole, in one chunk. @param content index of CONTENTS */
  whole(content: number, octets: number): void {
    this.content(content, octets, 1);
    this.#result(COMPLETE);
  }

  /** @param messages that are whole with these octets of a body */
  content(content: number, octets: number, messages: number): void {
    const counts = (this.#content ??= CONTENTS.flatMap(() => [0, 0]));
    counts[2 * content]! += octets;
    counts[2 * content + 1]! += messages;
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
    if (!this.#limits.deliveries.take()) {
      this.#limits.unwatched('delivery');
      return;
    }
    if (!(this.#deliveries ??= new Deliveries()).expect(messageIdOf(message), octets, performance.now())) return;
    this.#limits.deliveries.give(1);
    this.#limits.unwatched('delivery');
  }

  /** The other side reports of a message that went this way. */
  reported(report: Message, range: ByteRange, isSuccess: boolean): void {
    if (this.#deliveries === null) return;
    const before = this.#deliveries.size;
    const sentAt = this.#deliveries.reported(messageIdOf(report), range, isSuccess);
    this.#limits.deliveries.give(before - this.#deliveries.size);
    if (sentAt !== UNKNOWN) this.#witness.delivery((performance.now() - sentAt) / 1_000);
  }

  /** A REPORT that goes this way. */
  report(status: number, isSuccess: boolean): void {
    this.#witness.report(status);
    if (!isSuccess) this.failedReports += 1;
  }

  /** Nothing more comes: what is under way will not arrive. */
  end(): void {
    this.#isOver = true;
    for (const transfer of this.transfers.slice()) this.#close(transfer, INCOMPLETE);
    this.#limits.deliveries.give(this.#deliveries?.size ?? 0);
    this.#deliveries = null;
  }

  /** @param content index of CONTENTS */
  contentOf(content: number): { readonly octets: number; readonly messages: number } {
    const counts = this.#content;
    return { octets: counts?.[2 * content] ?? 0, messages: counts?.[2 * content + 1] ?? 0 };
  }

  /** @param result index of RESULTS */
  resultsOf(result: number): number {
    return this.#results?.[result] ?? 0;
  }

  addTo(totals: Totals): void {
    for (const content of CONTENTS.keys()) {
      const { octets, messages } = this.contentOf(content);
      totals.addContent(content, octets, messages);
    }
    for (const result of RESULTS.keys()) totals.addResult(result, this.resultsOf(result));
  }

  #open(transfer: Transfer): Transfer | null {
    if (!this.#limits.transfers.take()) {
      this.#limits.unwatched('transfer');
      return null;
    }
    if ((this.#transfers ??= new Transfers()).add(transfer)) {
      this.#limits.transfers.give(1);
      this.#limits.unwatched('transfer');
    }
    return transfer;
  }

  #close(transfer: Transfer, result: number): void {
    if (this.#transfers?.remove(transfer) !== true) return;
    this.#limits.transfers.give(1);
    this.#result(result);
  }

  #result(result: number): void {
    const counts = (this.#results ??= RESULTS.map(() => 0));
    counts[result]! += 1;
  }
}

function messageIdOf(message: Message): string {
  const id = message.header('Message-ID') ?? '';
  // A copy: as a part of the whole it would keep that in memory.
  return id.length <= MAX_MESSAGE_ID ? id : Buffer.from(id.slice(0, MAX_MESSAGE_ID)).toString();
}
