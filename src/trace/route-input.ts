import { isIP } from 'node:net';
import type { ConnectionFacts, LinkFacts, NextHop, TlsFacts } from '../events.js';
import type { Endpoint } from '../lib/address.js';
import type { RouteInput, RouteTls } from './filter-route.js';

/** What a filter route is told of a connection, in the document's words. */
export function routeInput({ downstream, nextHop }: LinkFacts, connection: ConnectionFacts): RouteInput {
  const accepted = connection.leg === 'downstream';
  return {
    si: connection.far.ip,
    sp: connection.far.port,
    socket_in: connection.near,
    direction: accepted ? 'accepted' : 'connected',
    proto: connection.proto,
    tls: connection.tls === null ? null : routeTls(connection.tls),
    next_hop: accepted ? fixedAddress(nextHop) : connection.far,
    peer: accepted ? null : { si: downstream.far.ip, sp: downstream.far.port },
  };
}

function routeTls({ version, cipher, sni, peer, authorized }: TlsFacts): RouteTls {
  return { version, cipher, sni, peer, authorized };
}

/** A name is resolved when it is dialled. */
function fixedAddress(nextHop: NextHop | null): Endpoint | null {
  return nextHop === null || isIP(nextHop.host) === 0 ? null : { ip: nextHop.host, port: nextHop.port };
}
