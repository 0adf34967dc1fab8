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
  readonly #byKey = new Map<string, Session>();
  /** null: no message was looked up twice. */
  #bySpelling: Map<string, Session> | null = null;
  readonly #all = new Set<Session>();

  get all(): ReadonlySet<Session> {
    return this.#all;
  }

  /** The one that was quiet longest, if another one would be too many. */
  get surplus(): Session | null {
    if (this.#all.size < MAX_SESSIONS_ON_LINK) return null;
    let quietest: Session | null = null;
    for (const session of this.#all) if (quietest === null || session.activeAt < quietest.activeAt) quietest = session;
    return quietest;
  }

  /** @returns null: it is of no session */
  find(message: Message, open: OpenSession): Session | null {
    const to = message.header('To-Path') ?? '';
    const from = message.header('From-Path') ?? '';
    if (to === '' || from === '') return null;
    const spelling = boundedKey([message.kind, to, from].join('\n'));
    const known = this.#bySpelling?.get(spelling);
    if (known !== undefined && this.#all.has(known)) return known;
    const session = message.kind === 'request' ? this.#request(message, open) : this.#response(message);
    // Where there is one session, its messages are mostly known by the token of their paths.
    if (session !== null && (message.paths === null || this.#all.size > 1)) this.#spell(spelling, session);
    return session;
  }

  remove(session: Session): void {
    this.#all.delete(session);
    for (const key of session.keys) if (this.#byKey.get(key) === session) this.#byKey.delete(key);
  }

  #request({ toPath, fromPath }: Message, open: OpenSession): Session | null {
    const [to = '', from = ''] = [toPath.at(-1), fromPath.at(-1)];
    const ends = sessionKey(to, from);
    const session = this.#byKey.get(ends) ?? open(to, from);
    if (session === null) return null;
    this.#all.add(session);
    this.#know(ends, session);
    this.#know(sessionKey(toPath[0], fromPath[0]), session);
    return session;
  }

  #response({ toPath, fromPath }: Message): Session | null {
    const hops = this.#byKey.get(sessionKey(toPath[0], fromPath[0]));
    return hops ?? this.#byKey.get(sessionKey(toPath.at(-1), fromPath.at(-1))) ?? null;
  }

  /** Relays in front may be those of several sessions: the last one has their key. */
  #know(key: string, session: Session): void {
    if (this.#byKey.get(key) === session) return;
    this.#byKey.set(key, session);
    if (session.keys.includes(key)) return;
    if (session.keys.length === MAX_KEYS) this.#byKey.delete(session.keys.pop() ?? '');
    session.keys.push(key);
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
