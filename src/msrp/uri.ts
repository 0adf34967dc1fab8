import { isIPv6 } from 'node:net';

/** An MSRP URI, its parts as they are written [RFC 4975 §9]. */
export interface MsrpUri {
  readonly scheme: 'msrp' | 'msrps';
  /** null when there is none; so with the port. */
  readonly userinfo: string | null;
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** 0 to 65535. There is no default: without one, the next hop is looked up [RFC 4976 §5]. */
  readonly port: number | null;
  /** '' when there is none. */
  readonly sessionId: string;
  /** '' when it is missing, which the grammar does not allow and peers do. */
  readonly transport: string;
  /** `;name=value;name`, '' when there are none. */
  readonly parameters: string;
}

// The text is a peer's. No two neighbours of these parts can take the same character, so that what does not match is
// given up after at most a few passes, however long it is.
const URI = new RegExp(
  String.raw`^(?<scheme>msrps?)://` +
    String.raw`(?:(?<userinfo>[^@/\s]*)@)?` +
    String.raw`(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[a-z0-9._~%-]+))` +
    String.raw`(?::(?<port>[0-9]{1,5}))?` +
    String.raw`(?:/(?<sessionId>[a-z0-9._~+=/-]*))?` +
    String.raw`(?:;(?<transport>[a-z0-9]+))?` +
    String.raw`(?<parameters>(?:;[^;\s]+)*)$`,
  'i',
);

const PORT_MAX = 65_535;

/**
 * Reads an MSRP URI; missing transports, unknown parameters and names with `_` are let pass.
 * @returns null when it is none
 */
export function parseUri(text: string): MsrpUri | null {
  const parts = URI.exec(text)?.groups;
  if (parts === undefined) return null;
  const port = parts['port'] === undefined ? null : Number(parts['port']);
  if (port !== null && port > PORT_MAX) return null;
  const v6 = parts['v6'];
  if (v6 !== undefined && !isIPv6(v6)) return null;
  return {
    scheme: parts['scheme']?.toLowerCase() === 'msrps' ? 'msrps' : 'msrp',
    userinfo: parts['userinfo'] ?? null,
    host: v6 ?? parts['host'] ?? '',
    port,
    sessionId: parts['sessionId'] ?? '',
    transport: parts['transport'] ?? '',
    parameters: parts['parameters'] ?? '',
  };
}

/**
 * A string that is the same for URIs that compare equal [RFC 4975 §6.1]: by scheme, host and transport without case, an
 * explicit port, and the session-id with case. Userinfo and parameters do not count, and no name is looked up.
 */
export function uriKey({ scheme, host, port, sessionId, transport }: MsrpUri): string {
  return `${scheme}://${hostKey(host)}:${port ?? ''}/${sessionId};${transport.toLowerCase()}`;
}

/** IP addresses are compared as addresses, and percent-encoding does not count. */
function hostKey(host: string): string {
  if (isIPv6(host)) return new URL(`http://[${host}]`).hostname;
  return host.replace(/%[0-9a-f]{2}/gi, decodeUnreserved).toLowerCase();
}

function decodeUnreserved(escape: string): string {
  const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[a-z0-9._~-]/i.test(char) ? char : escape;
}

const SESSION_ID = /^msrps?:\/\/(?:[^@/\s]*@)?[^@/;\s]*\/([^;\s]*)/i;

/** The session-id of an MSRP URI, also of one that `parseUri` would not take; '' when there is none. */
export function sessionIdOf(text: string): string {
  return SESSION_ID.exec(text)?.[1] ?? '';
}
