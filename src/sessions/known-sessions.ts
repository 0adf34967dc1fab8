import type { Message } from '../msrp/message.js';
import { boundedKey, sessionKey } from '../msrp/session-key.js';
import { Session } from './session.js';

/** Remembered on one link: connections of relays and SBCs carry many. The one that was quiet longest is forgotten. */
export const MAX_SESSIONS_ON_LINK = 256;

/** Paths as they were written, so that no URI is parsed for every message. */
const MAX_SPELLINGS = 2 * MAX_SESSIONS_ON_LINK;

/** Pairs of URIs that one session is found by: its ends, and its hops each way. */
const MAX_KEYS = 3;

/** Makes the session of a request that is of none which is known; null: there are too many. */
export type OpenSession = (to: string, from: string) => Session | null;

/**
 * The sessions of one link. One is the unordered pair of its two end points' URIs [RFC 4975 §5.4]: the last of To-Path and
 * the last of From-Path, those in front are relays [RFC 4976]. A response names only the hops of this connection
 * [RFC 4975 §7.2], so the pair of first URIs finds the session too.
 */
export class KnownSessions {
  /** While there is no other: nearly all links have one alone, and maps take hundreds of octets. */
  #only: Session | null = null;
  /** All of them by their keys, once there was another one. */
  #byKey: Map<string, Session> | null = null;
  /** In the order in which they were opened; null as above. */
  #many: Set<Session> | null = null;
  /** null: no message was looked up twice. */
  #bySpelling: Map<string, Session> | null = null;

  get all(): Iterable<Session> {
    return this.#many ?? (this.#only === null ? [] : [this.#only]);
  }

  /** The one that was quiet longest, if another one would be too many. */
  get surplus(): Session | null {
    if (this.#many === null || this.#many.size < MAX_SESSIONS_ON_LINK) return null;
    let quietest: Session | null = null;
    for (const session of this.#many) if (quietest === null || session.activeAt < quietest.activeAt) quietest = session;
    return quietest;
  }

  /** @returns null: it is of no session */
  find(message: Message, open: OpenSession): Session | null {
    const to = message.header('To-Path') ?? '';
    const from = message.header('From-Path') ?? '';
    if (to === '' || from === '') return null;
    const spelling = boundedKey([message.kind, to, from].join('\n'));
    const known = this.#bySpelling?.get(spelling);
    if (known !== undefined && this.#has(known)) return known;
    const session = message.kind === 'request' ? this.#request(message, open) : this.#response(message);
    // Where there is one session, its messages are mostly known by the token of their paths.
    if (session !== null && (message.paths === null || (this.#many?.size ?? 0) > 1)) this.#spell(spelling, session);
    return session;
  }

  remove(session: Session): void {
    if (this.#only === session) this.#only = null;
    this.#many?.delete(session);
    for (const key of session.keys) if (this.#byKey?.get(key) === session) this.#byKey.delete(key);
  }

  #has(session: Session): boolean {
    return this.#only === session || this.#many?.has(session) === true;
  }

  #request({ toPath, fromPath }: Message, open: OpenSession): Session | null {
    const [to = '', from = ''] = [toPath.at(-1), fromPath.at(-1)];
    const ends = sessionKey(to, from);
    const session = this.#ofKey(ends) ?? open(to, from);
    if (session === null) return null;
    this.#add(session);
    this.#know(ends, session);
    this.#know(sessionKey(toPath[0], fromPath[0]), session);
    return session;
  }

  #response({ toPath, fromPath }: Message): Session | null {
    const hops = this.#ofKey(sessionKey(toPath[0], fromPath[0]));
    return hops ?? this.#ofKey(sessionKey(toPath.at(-1), fromPath.at(-1))) ?? null;
  }

  #ofKey(key: string): Session | undefined {
    if (this.#byKey !== null) return this.#byKey.get(key);
    return this.#only?.keys.includes(key) === true ? this.#only : undefined;
  }

  #add(session: Session): void {
    if (this.#has(session)) return;
    if (this.#many === null && this.#only === null) {
      this.#only = session;
      return;
    }
    this.#spread().add(session);
  }

  /** There is more than one from now on. */
  #spread(): Set<Session> {
    if (this.#many !== null) return this.#many;
    this.#many = new Set();
    this.#byKey = new Map();
    const only = this.#only;
    this.#only = null;
    if (only === null) return this.#many;
    this.#many.add(only);
    for (const key of only.keys) this.#byKey.set(key, only);
    return this.#many;
  }

  /** Relays in front may be those of several sessions: the last one has their key. */
  #know(key: string, session: Session): void {
    if (this.#ofKey(key) === session) return;
    this.#byKey?.set(key, session);
    if (session.keys.includes(key)) return;
    const [left, dropped] = [session.keys.slice(0, MAX_KEYS - 1), session.keys[MAX_KEYS - 1]];
    if (dropped !== undefined && this.#byKey?.get(dropped) === session) this.#byKey.delete(dropped);
    session.keys = [...left, key];
  }

  #spell(spelling: string, session: Session): void {
    const known = (this.#bySpelling ??= new Map());
    if (known.size >= MAX_SPELLINGS) {
      const oldest = known.keys().next();
      if (oldest.done !== true) known.delete(oldest.value);
    }
    known.set(spelling, session);
  }
}
