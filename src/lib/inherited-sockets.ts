/**
 * Listening sockets that whoever started this process opened and keeps open [sd_listen_fds(3)]: while nobody accepts, as
 * during a restart, the kernel lets clients connect and wait.
 */
import { Socket } from 'node:net';
import { canonicalIp, formatEndpoint, type Endpoint } from './address.js';

/** SD_LISTEN_FDS_START: the first behind stdin, stdout and stderr. */
const FIRST = 3;
/** Far more than a configuration has listeners. */
const MAX_SOCKETS = 256;

/** What systemd tells of them in the environment. */
export interface ActivationVariables {
  readonly LISTEN_PID: string | undefined;
  readonly LISTEN_FDS: string | undefined;
}

/** The file descriptors that are meant for this process; the variables may be of one that started it. */
export function inheritedFds({ LISTEN_PID, LISTEN_FDS }: ActivationVariables, pid: number): readonly number[] {
  if (LISTEN_PID !== String(pid) || !/^\d{1,3}$/.test(LISTEN_FDS ?? '')) return [];
  return Array.from({ length: Math.min(Number(LISTEN_FDS), MAX_SOCKETS) }, (_, index) => FIRST + index);
}

/** Sockets by where they are, until somebody takes them. */
export class InheritedSockets {
  readonly #sockets = new Map<string, Socket>();
  /** What was given and is no TCP socket. */
  readonly #useless: string[] = [];

  constructor(fds: readonly number[]) {
    for (const fd of fds) this.#open(fd);
  }

  /** The one at this address, for the listen() of a server, which takes over its handle. It accepts nothing until then. */
  take(at: Endpoint): Socket | undefined {
    const name = nameOf(at);
    const socket = this.#sockets.get(name);
    this.#sockets.delete(name);
    return socket;
  }

  /** Closes those that nobody took. @returns what they are */
  closeRest(): readonly string[] {
    const rest = [...this.#sockets.keys(), ...this.#useless];
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
    return rest;
  }

  #open(fd: number): void {
    const found = socketOf(fd);
    if (found === null) this.#useless.push(`file descriptor ${fd}, which is no TCP socket`);
    else this.#sockets.set(nameOf(found.at), found.socket);
  }
}

/** A server would begin to accept as it is told of the descriptor; a socket that neither reads nor writes only holds it. */
function socketOf(fd: number): { readonly socket: Socket; readonly at: Endpoint } | null {
  let socket: Socket;
  try {
    socket = new Socket({ fd, readable: false, writable: false });
  } catch {
    return null;
  }
  socket.on('error', () => {});
  const address = socket.address();
  if ('address' in address && 'port' in address) {
    return { socket, at: { ip: address.address, port: address.port } };
  }
  socket.destroy();
  return null;
}

function nameOf({ ip, port }: Endpoint): string {
  return formatEndpoint({ ip: canonicalIp(ip), port });
}
