import { networkInterfaces } from 'node:os';
import type { Config, ListenerConfig } from '../config.js';
import { canonicalIp, formatHostPort, isEveryAddress, isLoopback, type HostPort } from '../lib/address.js';

/** Below it, a port is for processes with privileges. */
const FIRST_FREE_PORT = 1_024;

/** Sockets that need privileges, or lead back to msrptap. */
export function socketRisks(config: Config): string[] {
  return [...privilegedPorts(config), ...loops(config)];
}

function privilegedPorts({ listeners }: Config): string[] {
  return listeners.flatMap(({ port }, index) =>
    port > 0 && port < FIRST_FREE_PORT
      ? [
          `listeners[${index}].socket: port ${port} needs a process with privileges; set a port from ${FIRST_FREE_PORT} on`,
        ]
      : [],
  );
}

function loops({ listeners }: Config): string[] {
  return listeners.flatMap(({ upstream }, index) => {
    if (upstream === 'to_path') return [];
    return upstream.flatMap((nextHop, at) => {
      const target = listeners.find((listener) => leadsTo(nextHop, listener));
      const key = upstream.length === 1 ? 'upstream' : `upstream[${at}]`;
      return target === undefined
        ? []
        : [
            `listeners[${index}].${key}: ${formatHostPort(nextHop)} is the own listener ${target.socket}, a loop, which is refused; set the next hop behind msrptap`,
          ];
    });
  });
}

function leadsTo({ host, port }: HostPort, listener: ListenerConfig): boolean {
  if (port !== listener.port) return false;
  const own = isEveryAddress(listener.ip);
  return own
    ? isOwnAddress(host)
    : canonicalIp(host) === canonicalIp(listener.ip) || (isLoopback(listener.ip) && host === 'localhost');
}

/** Names are not looked up, but for the one that always means this machine. */
function isOwnAddress(host: string): boolean {
  if (isLoopback(host) || isEveryAddress(host)) return true;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => canonicalIp(address) === canonicalIp(host));
}
