/**
 * Who a request says it is for, and where it comes from. A page in a browser can have its own name lead to this machine
 * (DNS rebinding) and then ask as if it were at home here; what it cannot do is to leave its name out of Host.
 */
import { isIP } from 'node:net';
import { parseHostPort } from '../lib/address.js';

/** Whether a Host header names this port by an address, as localhost, or by a name that was allowed. */
export type HostGuard = (host: string | undefined) => boolean;

/** @param hosts httpd.hosts */
export function hostGuard(hosts: readonly string[]): HostGuard {
  const allowed = new Set(['localhost', ...hosts].map(nameOf));
  return (header) => {
    // HTTP/1.0 needs no Host, and no browser speaks it: Node.js refuses HTTP/1.1 without one [RFC 9112 §3.2].
    if (header === undefined) return true;
    const host = parseHostPort(header, 0)?.host;
    return host !== undefined && (isIP(host) !== 0 || allowed.has(nameOf(host)));
  };
}

/** Whether a request has no Origin, as those of programs, or that of a page which this port itself served [RFC 6454 §7]. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, scheme: 'http' | 'https'): boolean {
  return origin === undefined || (host !== undefined && origin.toLowerCase() === `${scheme}://${host.toLowerCase()}`);
}

/** Names are the same in any case, and with the dot of the root. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
