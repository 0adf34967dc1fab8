import type { ConnectionFacts, Leg } from '../events.js';
import type { TraceEvent } from './event-payload.js';
import type { Guest } from './waiting-room.js';

/** What it and all that it refers to is taken to occupy. */
const OCTETS = 1_024;

export interface EventSender {
  /** @returns whether the event was sent or dismissed */
  attemptEvent(event: WaitingEvent): boolean;
}

/** A connection event that is to be sent. */
export class WaitingEvent implements Guest {
  /** The connection whose decision counts. */
  readonly leg: Leg;
  /** A connection stands for the event that it was opened, which is written when it is sent. */
  readonly subject: TraceEvent | ConnectionFacts;
  /** Microseconds since 1970. */
  readonly at: number;
  /** Until then it waits for the link's first session; in milliseconds of performance.now(). */
  readonly deadline: number;
  /** The session that it is of; null: the link's first. */
  readonly session: string | null;
  next: Guest | null = null;
  readonly #sender: EventSender;

  constructor(
    sender: EventSender,
    leg: Leg,
    subject: TraceEvent | ConnectionFacts,
    at: number,
    deadline: number,
    session: string | null,
  ) {
    this.#sender = sender;
    this.leg = leg;
    this.subject = subject;
    this.at = at;
    this.deadline = deadline;
    this.session = session;
  }

  get octets(): number {
    return OCTETS;
  }

  attempt(): boolean {
    return this.#sender.attemptEvent(this);
  }
}
