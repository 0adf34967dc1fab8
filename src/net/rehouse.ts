import type { Socket } from 'node:net';

/** What Node's own code calls on the handle of a TCP socket to read into a given place. */
interface TcpHandle {
  readonly readStart: unknown;
  readonly readStop: unknown;
  readonly useUserBuffer: unknown;
}

type Housing = Socket & { _handle?: TcpHandle | null };

/**
 * Moves an accepted connection into a socket of another kind, for only who makes a socket can say how it is read, and an
 * accepted one is made by Node. It goes by the socket's `_handle` and the option `handle` of net.Socket: Node documents
 * neither, and accepts connections by them itself in all versions from 20 to 26. So what is found is looked at first.
 * @param make a socket around that handle, which reads nothing yet
 * @returns null when this is another Node, or the socket has read or written: then it stays as it is
 */
export function rehouse<Made extends Socket>(accepted: Housing, make: (handle: object) => Made): Made | null {
  const { _handle: handle } = accepted;
  if (handle === undefined || handle === null || !isKnown(handle) || !isFresh(accepted)) return null;
  accepted._handle = null;
  const made: Made & Housing = make(handle);
  if (made._handle === handle) {
    // Without its handle it closes nothing.
    accepted.destroy();
    return made;
  }
  accepted._handle = handle;
  return null;
}

function isKnown({ readStart, readStop, useUserBuffer }: TcpHandle): boolean {
  return [readStart, readStop, useUserBuffer].every((method) => typeof method === 'function');
}

function isFresh({ destroyed, connecting, bytesRead, bytesWritten, readableLength, writableLength }: Socket): boolean {
  return !destroyed && !connecting && bytesRead + bytesWritten + readableLength + writableLength === 0;
}
