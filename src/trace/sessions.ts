import { detached } from '../lib/detached.js';
import type { Message } from '../msrp/message.js';
import { printable } from '../hep/format.js';
import { RecentPaths } from './recent-paths.js';
import { Remembered } from './remembered.js';
import { boundedKey, sessionKey } from '../msrp/session-key.js';
import { sessionIdOf } from '../msrp/uri.js';

/**
 * The MSRP sessions of one link and the correlation id of each: the session-id of the last To-Path URI of its first
 * request, either way. A session is the unordered pair of its two end points' URIs [RFC 4975 §5.4]: the last of
 * To-Path and the last of From-Path (RFC 4976: those in front are relays). A response names only the hops of this
 * connection [RFC 4975 §7.2], so the pair of first URIs finds the session too.
 */

/** Sessions remembered per link (connections of relays and SBCs carry many); the oldest is forgotten. */
export const MAX_SESSIONS = 256;
/** Path pairs remembered as they were written, so that a chat's messages are looked up without parsing a URI. */
const MAX_SPELLINGS = 2 * MAX_SESSIONS;
/** CLOSED is traced once per session, for this many. */
export const MAX_CLOSED_SESSIONS = 8;

export class Sessions {
  /** Session-id by pair of URIs. */
  readonly #byPair = new Remembered(MAX_SESSIONS);
  /** A link that has one session only knows it by its recent paths. */
  #bySpelling: Remembered | null = null;
  readonly #recent = new RecentPaths();
  readonly #ids: string[] = [];
  /** The session-id of the other end, by that of the session. */
  readonly #others = new Remembered(MAX_SESSIONS);

  /** The session-ids seen first, in order, MAX_CLOSED_SESSIONS at most. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** The session-id of the end that does not name the session; '' when it is not known, or has none. */
  otherIdOf(id: string): string {
    return this.#others.get(id) ?? '';
  }

  /** @returns the correlation id of a message whose header section is complete; '' when its URIs have no session-id */
  identify(message: Message): string {
    const { paths } = message;
    const recent = paths === null ? undefined : this.#recent.get(paths);
    if (recent !== undefined) return recent;
    const to = message.header('To-Path') ?? '';
    const from = message.header('From-Path') ?? '';
    const spelling = boundedKey(`${message.kind} ${to}\n${from}`);
    const known = this.#bySpelling?.get(spelling);
    if (known !== undefined) {
      if (paths !== null) this.#recent.set(paths, known);
      return known;
    }
    const found = message.kind === 'request' ? this.#request(message) : this.#response(message);
    if (found.remember) {
      if (paths !== null) this.#recent.set(paths, found.id);
      if (paths === null || this.#ids.length > 1) {
        this.#bySpelling ??= new Remembered(MAX_SPELLINGS);
        this.#bySpelling.set(spelling, found.id);
      }
    }
    return found.id;
  }

  #request({ toPath, fromPath }: Message): Found {
    const ends = sessionKey(toPath.at(-1), fromPath.at(-1));
    const hops = sessionKey(toPath[0], fromPath[0]);
    let id = this.#byPair.get(ends);
    if (id === undefined) {
      id = correlationIdOf(toPath);
      if (id !== '' && this.#ids.length < MAX_CLOSED_SESSIONS && !this.#ids.includes(id)) this.#ids.push(id);
      this.#byPair.set(ends, id);
      if (id !== '') this.#others.set(id, correlationIdOf(fromPath));
    }
    if (hops !== ends) this.#byPair.set(hops, id);
    return { id, remember: true };
  }

  #response({ toPath, fromPath }: Message): Found {
    const id =
      this.#byPair.get(sessionKey(toPath[0], fromPath[0])) ??
      this.#byPair.get(sessionKey(toPath.at(-1), fromPath.at(-1)));
    return id === undefined ? { id: correlationIdOf(toPath), remember: false } : { id, remember: true };
  }
}

/** As it can stand in a packet, so that events name the session as their packet does. */
function correlationIdOf(path: readonly string[]): string {
  return detached(printable(sessionIdOf(path.at(-1) ?? '')));
}

interface Found {
  readonly id: string;
  readonly remember: boolean;
}
