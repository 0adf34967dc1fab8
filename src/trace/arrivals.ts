import type { Direction, Piece, Read } from '../events.js';
import type { Message } from '../msrp/message.js';
import { Capture } from './capture.js';
import { type MirrorRules, octetsNeeded } from './mirror.js';

/** A message that came in several reads and is complete, or was cut. */
export interface Arrived {
  readonly message: Message;
  /** Its first octets, as many as are needed to mirror it. */
  readonly first: Buffer;
  /** '' when its URIs have no session-id, or were not read. */
  readonly session: string;
}

/** A message that arrives in several reads. */
interface Arriving {
  readonly message: Message;
  /** null: it was not mirrored when it began, and it is not shown from its middle on. */
  readonly capture: Capture | null;
  session: string | null;
}

/** Whether it is all of a message, as most pieces are. */
export function isWhole({ message, start, end }: Piece): boolean {
  return message.complete && message.length === end - start;
}

/** Puts messages together that are read in several pieces, as far as they are mirrored. */
export class Arrivals {
  readonly #rules: MirrorRules;
  readonly #identify: (message: Message) => string;
  readonly #arriving: Record<Direction, Arriving | null> = { up: null, down: null };

  /** @param identify tells the session of a message; called once for each, as soon as its headers are there */
  constructor(rules: MirrorRules, identify: (message: Message) => string) {
    this.#rules = rules;
    this.#identify = identify;
  }

  /**
   * @param piece not a whole message
   * @param mirrored whether messages that begin now are mirrored
   * @returns the message, when it is complete and mirrored
   */
  take({ message, start, end }: Piece, { direction, buffer }: Read, mirrored: boolean): Arrived | null {
    const begins = message.length === end - start;
    const arriving = this.#arrivingAs(message, direction, mirrored && begins);
    if (message.headComplete) arriving.session ??= this.#identify(message);
    arriving.capture?.add(buffer, start, end, octetsNeeded(message, this.#rules));
    return message.complete ? this.cut(direction) : null;
  }

  /** Nothing more comes of what is arriving. @returns it as far as it came; null when there is none, or it is not mirrored */
  cut(direction: Direction): Arrived | null {
    const arriving = this.#arriving[direction];
    this.#arriving[direction] = null;
    if (arriving === null || arriving.capture === null) return null;
    const { message, capture, session } = arriving;
    return { message, first: capture.octets, session: session ?? '' };
  }

  #arrivingAs(message: Message, direction: Direction, mirrored: boolean): Arriving {
    const arriving = this.#arriving[direction];
    if (arriving?.message === message) return arriving;
    return (this.#arriving[direction] = { message, capture: mirrored ? new Capture() : null, session: null });
  }
}
