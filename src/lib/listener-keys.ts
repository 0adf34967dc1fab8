import { canonicalEndpoint, formatEndpoint, type Endpoint } from './address.js';

/**
 * A name for each listener that is the same after a reload: where it listens, and which of several it is (of port 0). Without
 * its protocol, for that may change while the socket stays.
 */
export function listenerKeys(listeners: readonly Endpoint[]): readonly string[] {
  const seen = new Map<string, number>();
  return listeners.map((at) => {
    const name = formatEndpoint(canonicalEndpoint(at));
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}
