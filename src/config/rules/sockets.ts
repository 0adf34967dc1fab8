/** Where it listens: each at a place of its own, with what it needs there. */
import { isIPv4 } from 'node:net';
import { canonicalEndpoint, formatEndpoint, isLoopback, type Endpoint } from '../../lib/address.js';
import { servesSocket } from '../../net/tls-domain.js';
import type { Rule } from './rule.js';

export const socketsDiffer: Rule = {
  reads: ['listeners', 'httpd', 'hep_input', 'prometheus'],
  check({ listeners, httpd, hep_input, prometheus: { ip, port } }, refuse) {
    const sockets = [
      ...listeners.map(({ socket }, index) => ({
        at: socket as Endpoint,
        name: `listeners[${index}]`,
        path: ['listeners', index, 'socket'],
      })),
      { at: httpd as Endpoint, name: 'httpd', path: ['httpd', 'port'] },
      ...(port === null ? [] : [{ at: { ip, port }, name: 'prometheus', path: ['prometheus', 'port'] }]),
      ...(hep_input?.transport === 'tcp' ? [{ at: hep_input, name: 'hep_input', path: ['hep_input'] }] : []),
    ].map((socket) => ({ ...socket, bound: canonicalEndpoint(socket.at) }));
    for (const socket of sockets) {
      const first = sockets.find((other) => other === socket || clash(other.bound, socket.bound));
      if (first === undefined || first === socket) continue;
      refuse(socket.path, `${formatEndpoint(first.at)} is the socket of ${first.name} already`);
    }
  },
};

export const datagramSocketsDiffer: Rule = {
  reads: ['mi_datagram', 'hep_input'],
  check({ mi_datagram, hep_input }, refuse) {
    if (
      mi_datagram === undefined ||
      hep_input?.transport !== 'udp' ||
      !clash(canonicalEndpoint(mi_datagram.socket_name), canonicalEndpoint(hep_input))
    )
      return;
    refuse(['hep_input'], `${formatEndpoint(mi_datagram.socket_name)} is the socket of mi_datagram already`);
  },
};

/** Whether the system refuses to bind both, which are canonical: `::` takes IPv4 too. */
function clash({ ip: a, port }: Endpoint, { ip: b, port: other }: Endpoint): boolean {
  if (port !== other || port === 0) return false;
  if (a === b || a === '::' || b === '::') return true;
  return (a === '0.0.0.0' && isIPv4(b)) || (b === '0.0.0.0' && isIPv4(a));
}

export const rangesGuardHepInput: Rule = {
  reads: ['hep_input'],
  check({ hep_input }, refuse) {
    if (hep_input === undefined || hep_input.from !== null || isLoopback(hep_input.ip)) return;
    refuse(
      ['hep_input'],
      `needs { socket, from }: ${hep_input.ip} is no loopback address, and who may send there must be said, as in from: [10.0.0.5]`,
    );
  },
};

export const msrpsHasCertificate: Rule = {
  reads: ['listeners', 'tls_mgm'],
  check({ listeners, tls_mgm }, refuse) {
    const domains = Object.values(tls_mgm.server_domain);
    for (const [index, { socket }] of listeners.entries()) {
      if (socket.proto === 'msrp' || domains.some((domain) => servesSocket(domain, socket))) continue;
      refuse(
        ['listeners', index, 'socket'],
        `no tls_mgm.server_domain matches ${formatEndpoint(socket)}; add one with certificate and private_key (and match_ip_address "*" or this address)`,
      );
    }
  },
};
