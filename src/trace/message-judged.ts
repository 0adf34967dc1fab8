import type { MessageFilter } from './core.js';
import { type MessageQuestion, withoutBodies } from './filter-message.js';
import { payloadOf } from './message-held.js';

/** What it and all that refers to it is taken to occupy, in octets, besides its own. */
const OVERHEAD = 1_024;

/** The copy that is mirrored; null: none is. */
export interface MessageCopy {
  readonly payload: Buffer;
  /** null: that of its session. */
  readonly correlation: string | null;
}

/** A message that is mirrored as the filter module says. */
export class JudgedMessage {
  readonly #question: MessageQuestion;
  readonly #filter: MessageFilter;
  readonly #judged: () => void;
  #isAsked = false;
  #copy: MessageCopy | null | 'unknown' = 'unknown';

  /** @param judged called when `copy` is known */
  constructor(question: MessageQuestion, filter: MessageFilter, judged: () => void) {
    this.#question = question;
    this.#filter = filter;
    this.#judged = judged;
  }

  /** What it holds in memory. */
  get octets(): number {
    return OVERHEAD + this.#question.held.octets.length;
  }

  get copy(): MessageCopy | null | 'unknown' {
    return this.#copy;
  }

  /** Once for all copies of a message. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const { held, rules } = this.#question;
    this.#filter.judge(this.#question, ({ outcome, headersOnly = false, correlation = null, payload }) => {
      const shown = headersOnly ? withoutBodies(rules) : rules;
      this.#copy =
        outcome === 'drop'
          ? null
          : { payload: payload === undefined ? payloadOf(held, shown) : bufferOf(payload), correlation };
      this.#judged();
    });
  }
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
