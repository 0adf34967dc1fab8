import type { LinkFacts, LinkObserver, Observer } from '../events.js';
import { Limits, type SessionLimits } from './limits.js';
import { LinkSessions } from './link-sessions.js';
import { Session, type SessionCommon, type SessionUris } from './session.js';
import { sessionId, sessionRow, stateOf, type SessionRow, type State } from './session-row.js';
import { Totals } from './totals.js';
import { StallFinder, waitingNow, type OpenRequests } from './waiting.js';
import type { SessionWitness } from './witness.js';

/** Milliseconds of a step of the clock that says when a session was active last. */
const STEP = 1_000;

const NO_URIS: SessionUris = { to: '', from: '' };

/** A session that may be told of. */
export interface SessionEntry {
  readonly id: string;
  /** Microseconds since 1970. */
  readonly openedAt: number;
  row(): SessionRow;
}

/** All MSRP sessions, for as long as their links live. It looks on, and holds nothing up. */
export class Sessions implements Observer {
  readonly witness: SessionWitness;
  /** Stands for those that are not watched. */
  readonly nobody: Session;
  readonly #limits: Limits;
  readonly #common: SessionCommon;
  readonly #ended = { up: new Totals(), down: new Totals() };
  readonly #links = new Map<LinkFacts, LinkSessions>();
  readonly #clock: NodeJS.Timeout;
  #requests: OpenRequests | null = null;
  #stalls: StallFinder | null = null;
  #now = 0;

  /** @param limits those that hold now */
  constructor(witness: SessionWitness, limits: () => SessionLimits) {
    this.witness = witness;
    this.#limits = new Limits(limits, (what) => witness.unwatched(what));
    const { up, down } = witness;
    this.#common = { up: { witness: up, limits: this.#limits }, down: { witness: down, limits: this.#limits } };
    this.nobody = new Session(null, 0, NO_URIS, 0, this.#common);
    // It expects no reports: those of one link would be taken for those of another.
    this.nobody.end();
    this.#clock = setInterval(() => this.#tick(), STEP);
    this.#clock.unref();
  }

  /** Steps since the start: whole seconds, which is near enough, and costs a message nothing. */
  get now(): number {
    return this.#now;
  }

  /** Whose the requests of a link are. */
  on(link: LinkFacts): LinkSessions | null {
    return this.#links.get(link) ?? null;
  }

  /** From now on it is noticed when a request waits too long. */
  watch(requests: OpenRequests): void {
    this.#requests = requests;
    this.#stalls = new StallFinder(requests);
  }

  /** What is taken of the room that there is. */
  get room(): { readonly sessions: number; readonly transfers: number; readonly deliveries: number } {
    const { sessions, transfers, deliveries } = this.#limits;
    return { sessions: sessions.used, transfers: transfers.used, deliveries: deliveries.used };
  }

  /** How many there are in each state. */
  states(): Readonly<Record<State, number>> {
    const states = { flowing: this.#limits.sessions.used, stalled: 0, one_sided: 0 };
    for (const [session, waiting] of waitingNow(this.#requests)) {
      const state = stateOf(session, waiting);
      // Of one that was forgotten for another, requests may still wait.
      if (session.home === null || state === 'flowing') continue;
      states[state] += 1;
      states.flowing -= 1;
    }
    return states;
  }

  /** What went up and down since the start, in sessions that are over, too. */
  totals(): { readonly up: Totals; readonly down: Totals } {
    const [up, down] = [new Totals(), new Totals()];
    up.add(this.#ended.up);
    down.add(this.#ended.down);
    const add = (session: Session): void => {
      session.up.addTo(up);
      session.down.addTo(down);
    };
    add(this.nobody);
    for (const { sessions } of this.#links.values()) for (const session of sessions) add(session);
    return { up, down };
  }

  /** All of them, each with a way to have it as plain data. */
  *entries(): Generator<SessionEntry> {
    const waiting = waitingNow(this.#requests);
    for (const { link, sessions } of this.#links.values()) {
      for (const session of sessions) {
        const row = (): SessionRow => sessionRow(link, session, waiting.get(session), this.#now);
        yield { id: sessionId(link, session), openedAt: session.openedAt, row };
      }
    }
  }

  link(link: LinkFacts): LinkObserver {
    const sessions = new LinkSessions(this, link);
    this.#links.set(link, sessions);
    return sessions;
  }

  acceptFailed(): void {}

  /** @returns null: there are too many */
  open(home: LinkSessions, number: number, uris: SessionUris, openedAt: number): Session | null {
    if (!this.#limits.sessions.take()) {
      this.#limits.unwatched('session');
      return null;
    }
    this.witness.opened();
    return new Session(home, number, uris, openedAt, this.#common);
  }

  end(session: Session): void {
    this.#limits.sessions.give(1);
    session.end();
    session.up.addTo(this.#ended.up);
    session.down.addTo(this.#ended.down);
    this.witness.ended(session.isOneSided);
  }

  remove(link: LinkSessions): void {
    this.#links.delete(link.link);
  }

  stop(): void {
    clearInterval(this.#clock);
  }

  #tick(): void {
    this.#now += 1;
    // Timers come before the data that has arrived meanwhile: the response may be among it.
    setImmediate(() => this.#lookForStalls());
  }

  #lookForStalls(): void {
    this.#stalls?.look((session, direction) => {
      session.hasStalled = true;
      if (direction === 'up') this.witness.up.stall();
      else this.witness.down.stall();
    });
  }
}
