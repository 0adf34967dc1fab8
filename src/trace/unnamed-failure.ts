import type { Leg } from '../events.js';
import type { Reason } from '../lib/reasons.js';
import type { TraceEvent } from './event-payload.js';

/** Reasons of a connection that did nothing but follow the other one of its link. */
const FOLLOWED: ReadonlySet<Reason> = new Set(['link_closed', 'peer_closed']);

interface HeldEvent extends TraceEvent {
  readonly leg: Leg;
  readonly reason: Reason;
  /** Microseconds since 1970. */
  readonly at: number;
}

/**
 * The last events of a link that fails before it belongs to a session. They are held until it has ended: then it is known
 * why, and whether it is one of a flood.
 */
export class UnnamedFailure {
  readonly events: HeldEvent[] = [];

  /** The one that tells why; null: there is none. */
  get cause(): HeldEvent | null {
    const { events } = this;
    return events.find(({ reason }) => !FOLLOWED.has(reason)) ?? events[0] ?? null;
  }

  add(event: HeldEvent): void {
    this.events.push(event);
  }
}
