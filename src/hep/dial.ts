import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { endpoint } from '../lib/address.js';
import { checkIdentity } from '../lib/server-identity.js';
import type { DestinationConfig } from './transport.js';

const SERVER_NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/i;

/** TCP's own probes begin after so much silence. */
const TCP_KEEP_ALIVE_MS = 60_000;

/** A TCP socket on its way to the receiver. */
export function dial({ host, port }: DestinationConfig, lookup: LookupFunction): Socket {
  const socket = connectTcp({ host, port, lookup });
  // Packets of one turn go out in one write already; a keep-alive finds a receiver that vanished while nothing is sent.
  return socket.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
}

/**
 * TLS over a socket that stands; only then is the address known that a client_domain is chosen by.
 * @throws what node throws for impossible TLS options
 */
export function secure(config: DestinationConfig, socket: Socket): Socket {
  const { host } = config;
  const { checkServer = checkIdentity, ...options } =
    config.tls?.(endpoint(socket.remoteAddress, socket.remotePort)) ?? {};
  const expected = options.servername ?? host;
  return connectTls({
    ...options,
    socket,
    servername: options.servername ?? serverName(config),
    checkServerIdentity: (_, certificate) => checkServer(expected, certificate),
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
