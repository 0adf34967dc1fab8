/** A socket that another process is to have too. */
export interface OpenSocket {
  readonly fd: number;
  /** What it is for; letters and _. */
  readonly name: string;
}

/**
 * The file descriptor of a net.Server or a dgram.Socket that is bound. Node.js has no word for it: this looks where it has
 * been since 10.
 * @returns nothing where it is not to be found
 */
export function openSocket(name: string, socket: object): readonly OpenSocket[] {
  const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  const owner: unknown = state === undefined ? socket : Reflect.get(socket, state);
  const handle = member(owner, state === undefined ? '_handle' : 'handle');
  const fd = member(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? [{ fd, name }] : [];
}

function member(owner: unknown, name: string): unknown {
  return typeof owner === 'object' && owner !== null ? Reflect.get(owner, name) : undefined;
}
