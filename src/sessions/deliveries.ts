import { UNKNOWN, type ByteRange } from './byte-range.js';
import { Ranges } from './ranges.js';

/** Messages of one session, each way, whose arrival is to be reported: what a client has under way, and more. */
const MAX_DELIVERIES_ONE_WAY = 32;

interface Delivery {
  readonly messageId: string;
  readonly octets: number;
  /** When its last octet was read, in milliseconds of performance.now(). */
  readonly sentAt: number;
  /** What is reported so far; null: nothing. */
  reported: Ranges | null;
}

/** Messages whose sender wants to hear of their arrival [RFC 4975 §7.1.2], the oldest first. */
export class Deliveries {
  readonly #open: Delivery[] = [];

  get size(): number {
    return this.#open.length;
  }

  get isFull(): boolean {
    return this.#open.length === MAX_DELIVERIES_ONE_WAY;
  }

  /** @param octets of its body @param sentAt milliseconds of performance.now() */
  expect(messageId: string, octets: number, sentAt: number): void {
    this.#open.push({ messageId, octets, sentAt, reported: null });
  }

  /** @returns whether there was one */
  forgetOldest(): boolean {
    return this.#open.shift() !== undefined;
  }

  /**
   * A REPORT tells of these octets. A receiver may report each chunk on its own.
   * @returns since when that message was waited for, if it has arrived as a whole now; else UNKNOWN
   */
  reported(messageId: string, { start, end }: ByteRange, isSuccess: boolean): number {
    const index = this.#open.findIndex((delivery) => delivery.messageId === messageId);
    const delivery = this.#open[index];
    if (delivery === undefined) return UNKNOWN;
    if (isSuccess) {
      const reported = (delivery.reported ??= new Ranges());
      reported.add(start, end === UNKNOWN ? delivery.octets : end);
      if (!reported.covers(delivery.octets)) return UNKNOWN;
    }
    this.#open.splice(index, 1);
    return isSuccess ? delivery.sentAt : UNKNOWN;
  }
}
