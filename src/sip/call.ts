/** Which MSRP sessions a SIP call has: its Call-ID, and the session-ids in its session descriptions. Pure. */
import { detached } from '../lib/detached.js';
import { MsrptapError } from '../lib/errors.js';
import { IDENTIFIER } from '../lib/identifier.js';
import { sessionIdOf } from '../msrp/uri.js';
import { sessionDescriptions } from './bodies.js';
import { readHeaded } from './head.js';

export interface SipCall {
  readonly callId: string;
  /** session-ids, each once; at least one. */
  readonly sessions: readonly string[];
}

/** An offer has an MSRP session or two; those behind the first so many are not read. */
const MAX_SESSIONS = 16;

/** Requests and responses [RFC 3261 §7.1, §7.2]. */
const START_LINE = /^(?:[A-Za-z0-9.!%*_+`'~-]{1,64} [^ \r\n]+ SIP\/2\.0|SIP\/2\.0 [1-6][0-9]{2} [^\r\n]*)\r?\n/i;

/** As SDP writes it, in lower case [RFC 4975 §8.1, RFC 8866 §5]. */
const PATH = 'a=path:';

/**
 * Reads what a SIP message of any method says about MSRP, be it an offer, an answer or an update of one.
 * @param payload a whole message, as it stood on the wire
 * @returns null when it says nothing: it has no session description, or none with an a=path
 * @throws MsrptapError sip_malformed: it does, but is no SIP, or has no Call-ID or session-id that could be used
 */
export function readCall(payload: Buffer): SipCall | null {
  // Most of what SIP servers say has none, and need not be read.
  if (!payload.includes(PATH)) return null;
  const text = payload.toString('latin1');
  const start = START_LINE.exec(text);
  if (start === null) throw malformed('no SIP start-line');
  const { fields, body } = readHeaded(text.slice(start[0].length));
  const descriptions = sessionDescriptions(
    fields.get('content-type') ?? '',
    bodyOf(body, fields.get('content-length')),
  );
  const paths = descriptions.flatMap(pathsIn);
  if (paths.length === 0) return null;
  const callId = fields.get('call-id') ?? '';
  if (!IDENTIFIER.test(callId)) throw malformed('no usable Call-ID');
  const sessions = new Set(
    paths
      .slice(0, MAX_SESSIONS)
      .map(sessionIn)
      .filter((id) => IDENTIFIER.test(id)),
  );
  if (sessions.size === 0) throw malformed('no usable session-id');
  return { callId: detached(callId), sessions: Array.from(sessions, detached) };
}

/** What is behind the announced length is not of the message [RFC 3261 §18.3]. */
function bodyOf(rest: string, announced: string | undefined): string {
  return announced !== undefined && /^\d{1,9}$/.test(announced) ? rest.slice(0, Number(announced)) : rest;
}

/** The values of a=path, of all media. */
function pathsIn(description: string): readonly string[] {
  return description
    .split(/\r?\n/)
    .filter((line) => line.startsWith(PATH))
    .map((line) => line.slice(PATH.length).trim());
}

/** Relays come first, the end point itself is last [RFC 4975 §8.1], and its session-id is what MSRP messages name. */
function sessionIn(path: string): string {
  return sessionIdOf(path.slice(path.lastIndexOf(' ') + 1));
}

function malformed(what: string): MsrptapError {
  return new MsrptapError('sip_malformed', what);
}
