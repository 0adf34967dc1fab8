import { createHash } from 'node:crypto';
import type { Message } from '../msrp/message.js';
import { printable } from '../hep/format.js';
import { RecentPaths } from './recent-paths.js';
import { parseUri, sessionIdOf, uriKey } from '../msrp/uri.js';

/**
 * The MSRP sessions of one link and the correlation id of each: the session-id of the last To-Path URI of its first
 * request, either way. A session is the unordered pair of its two end points' URIs [RFC 4975 §5.4]: the last of
 * To-Path and the last of From-Path (RFC 4976: those in front are relays). A response names only the hops of this
 * connection [RFC 4975 §7.2], so the pair of first URIs finds the session too.
 */

/** Sessions remembered per link (connections of relays and SBCs carry many); the oldest is forgotten. */
const MAX_SESSIONS = 256;
/** Path pairs remembered as they were written, so that a chat's messages are looked up without parsing a URI. */
const MAX_SPELLINGS = 2 * MAX_SESSIONS;
/** Longer keys are remembered by their hash: header sections of 16 KiB must not fill the memory. */
const MAX_KEY = 384;
/** CLOSED is traced once per session, for this many. */
export const MAX_CLOSED_SESSIONS = 8;

export class Sessions {
  /** Session-id by pair of URIs. */
  #byPair: Map<string, string> | null = null;
  #bySpelling: Map<string, string> | null = null;
  readonly #recent = new RecentPaths();
  readonly #ids: string[] = [];

  /** The session-ids seen first, in order, MAX_CLOSED_SESSIONS at most. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** @returns the correlation id of a message whose header section is complete; '' when its URIs have no session-id */
  identify(message: Message): string {
    const { paths } = message;
    const recent = paths === null ? undefined : this.#recent.get(paths);
    if (recent !== undefined) return recent;
    const to = message.header('To-Path') ?? '';
    const from = message.header('From-Path') ?? '';
    const spelling = bounded(`${message.kind} ${to}\n${from}`);
    const known = this.#bySpelling?.get(spelling);
    if (known !== undefined) {
      if (paths !== null) this.#recent.set(paths, known);
      return known;
    }
    const found = message.kind === 'request' ? this.#request(message) : this.#response(message);
    if (found.remember) {
      if (paths !== null) this.#recent.set(paths, found.id);
      this.#bySpelling = remember(this.#bySpelling, spelling, found.id, MAX_SPELLINGS);
    }
    return found.id;
  }

  #request({ toPath, fromPath }: Message): Found {
    const ends = pairKey(toPath.at(-1), fromPath.at(-1));
    const hops = pairKey(toPath[0], fromPath[0]);
    let id = this.#byPair?.get(ends);
    if (id === undefined) {
      id = correlationIdOf(toPath);
      if (id !== '' && this.#ids.length < MAX_CLOSED_SESSIONS && !this.#ids.includes(id)) this.#ids.push(id);
      this.#byPair = remember(this.#byPair, ends, id, MAX_SESSIONS);
    }
    if (hops !== ends) this.#byPair = remember(this.#byPair, hops, id, MAX_SESSIONS);
    return { id, remember: true };
  }

  #response({ toPath, fromPath }: Message): Found {
    const id =
      this.#byPair?.get(pairKey(toPath[0], fromPath[0])) ?? this.#byPair?.get(pairKey(toPath.at(-1), fromPath.at(-1)));
    return id === undefined ? { id: correlationIdOf(toPath), remember: false } : { id, remember: true };
  }
}

/** As it can stand in a packet, so that events name the session as their packet does. */
function correlationIdOf(toPath: readonly string[]): string {
  return printable(sessionIdOf(toPath.at(-1) ?? ''));
}

interface Found {
  readonly id: string;
  readonly remember: boolean;
}

function remember(map: Map<string, string> | null, key: string, id: string, limit: number): Map<string, string> {
  const into = map ?? new Map<string, string>();
  if (into.size >= limit) {
    const oldest = into.keys().next();
    if (oldest.done !== true) into.delete(oldest.value);
  }
  return into.set(key, id);
}

/** The same for both orders and for all spellings of URIs that compare equal [RFC 4975 §6.1]. */
function pairKey(one: string | undefined, other: string | undefined): string {
  const [a, b] = [keyOf(one), keyOf(other)];
  return bounded(a < b ? `${a}\n${b}` : `${b}\n${a}`);
}

function bounded(key: string): string {
  return key.length <= MAX_KEY ? key : createHash('sha256').update(key).digest('base64');
}

function keyOf(text: string | undefined): string {
  if (text === undefined) return '';
  const uri = parseUri(text);
  return uri === null ? text : uriKey(uri);
}
