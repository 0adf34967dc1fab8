import type { Message } from '../msrp/message.js';
import { UNKNOWN, type ByteRange } from './byte-range.js';
import { ABORTED, COMPLETE, INCOMPLETE, OVERLAPPING } from './kinds.js';
import { Ranges } from './ranges.js';

/** Messages of one session that are under way at once, each way: a chat that goes on beside a few files. */
const MAX_TRANSFERS_ONE_WAY = 8;

/** A message that has a body and did not come in one whole chunk. */
export class Transfer {
  readonly messageId: string;
  /** Index of CONTENTS. */
  readonly content: number;
  #total = UNKNOWN;
  readonly #ranges = new Ranges();
  #hasOverlaps = false;
  /** The chunk that is arriving. */
  #chunk: Message | null = null;
  #chunkStart = 0;

  constructor(messageId: string, content: number) {
    this.messageId = messageId;
    this.content = content;
  }

  /** Octets of the whole message; UNKNOWN while nobody has told. */
  get total(): number {
    return this.#total;
  }

  /** Octets that were seen, those of the chunk that is arriving included. */
  get octets(): number {
    return this.#ranges.octets + (this.#chunk === null ? 0 : this.#chunk.bodyLength);
  }

  /** As `1-2048,4097-6144`; the chunk that is arriving as it is now. */
  get ranges(): string {
    const whole = this.#ranges.toString();
    const chunk = this.#chunk;
    if (chunk === null || chunk.bodyLength === 0) return whole;
    const arriving = `${this.#chunkStart}-${this.#chunkStart + chunk.bodyLength - 1}`;
    return whole === '' ? arriving : `${whole},${arriving}`;
  }

  begin(chunk: Message, { start, total }: ByteRange): void {
    this.#chunk = chunk;
    this.#chunkStart = start;
    if (total !== UNKNOWN) this.#total = total;
  }

  /**
   * The chunk that was arriving is there as a whole.
   * @returns what has become of the message, as an index of RESULTS; null: it goes on
   */
  end(): number | null {
    const chunk = this.#chunk;
    if (chunk === null) return null;
    this.#chunk = null;
    if (this.#ranges.add(this.#chunkStart, this.#chunkStart + chunk.bodyLength - 1)) this.#hasOverlaps = true;
    if (chunk.flag === '#') return ABORTED;
    if (chunk.flag === '+') return null;
    const total = this.#total === UNKNOWN ? this.#ranges.last : this.#total;
    if (!this.#ranges.covers(total)) return INCOMPLETE;
    return this.#hasOverlaps ? OVERLAPPING : COMPLETE;
  }
}

/** The messages that are under way in one direction of a session. */
export class Transfers {
  readonly #open: Transfer[] = [];

  get all(): readonly Transfer[] {
    return this.#open;
  }

  get(messageId: string): Transfer | undefined {
    return this.#open.find((transfer) => transfer.messageId === messageId);
  }

  get isFull(): boolean {
    return this.#open.length === MAX_TRANSFERS_ONE_WAY;
  }

  add(transfer: Transfer): void {
    this.#open.push(transfer);
  }

  /** @returns whether there was one */
  forgetOldest(): boolean {
    return this.#open.shift() !== undefined;
  }

  /** @returns whether it was one of them */
  remove(transfer: Transfer): boolean {
    const index = this.#open.indexOf(transfer);
    if (index === -1) return false;
    this.#open.splice(index, 1);
    return true;
  }
}
