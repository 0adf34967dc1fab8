import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { checkIdentity } from '../lib/server-identity.js';
import type { DestinationConfig } from './transport.js';

const SERVER_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/i;

/** A socket on its way to the receiver, with the event that tells that it stands. May throw, as for a bad certificate. */
export function dial(config: DestinationConfig, lookup: LookupFunction): { socket: Socket; stands: string } {
  const { host, port } = config;
  const socket = config.transport === 'tls' ? dialTls(config, lookup) : connectTcp({ host, port, lookup });
  // Packets of one turn go out in one write already; a keep-alive finds a receiver that vanished while nothing is sent.
  socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
  return { socket, stands: config.transport === 'tls' ? 'secureConnect' : 'connect' };
}

/** TCP's own probes begin after so much silence. */
const TCP_KEEP_ALIVE_MS = 60_000;

function dialTls(config: DestinationConfig, lookup: LookupFunction): Socket {
  const { host, port } = config;
  const options = config.tls?.() ?? {};
  const expected = options.servername ?? host;
  return connectTls({
    ...options,
    host,
    port,
    lookup,
    servername: options.servername ?? serverName(config),
    checkServerIdentity: (_, certificate) => checkIdentity(expected, certificate),
  });
}

/**
 * The server name to send. heplify-server makes its certificates per server name and needs one, and an IP address is
 * none [RFC 6066 §3]: the destination's own name stands in. The certificate is checked for the address all the same.
 */
export function serverName({ host, name }: Pick<DestinationConfig, 'host' | 'name'>): string {
  if (isIP(host) === 0) return host.replace(/\.$/, '');
  return isIP(name) === 0 && SERVER_NAME.test(name) ? name : 'hep';
}
