import type { Correlation, Correlations } from './correlations.js';
import { Remembered } from './remembered.js';
import { MAX_SESSIONS, type Sessions } from './sessions.js';

/** The SIP calls of the sessions of one link. What was found once is kept for as long as the link is, unless it is taken back. */
export class SessionCalls {
  readonly #correlations: Correlations;
  readonly #sessions: Sessions;
  /** null: nothing was found so far. */
  #found: Remembered<Correlation> | null = null;

  constructor(correlations: Correlations, sessions: Sessions) {
    this.#correlations = correlations;
    this.#sessions = sessions;
  }

  /** The Call-ID of a session, by the session-id of either end; null: it is not known. Asked for every packet. */
  callOf(session: string): string | null {
    const found = this.#found?.get(session);
    if (found?.isKnown === true) return found.call;
    const known = this.#correlations.size === 0 ? null : this.#lookUp(session);
    if (known === null) return found?.call ?? null;
    this.#found ??= new Remembered(MAX_SESSIONS);
    this.#found.set(session, known);
    return known.call;
  }

  #lookUp(session: string): Correlation | null {
    return this.#correlations.get(session) ?? this.#correlations.get(this.#sessions.otherIdOf(session));
  }
}
