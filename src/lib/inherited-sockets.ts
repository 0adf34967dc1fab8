/**
 * Listening sockets that whoever started this process opened and keeps open [sd_listen_fds(3)]: while nobody accepts, as
 * during a restart, the kernel lets clients connect and wait.
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { canonicalEndpoint, formatEndpoint, type Endpoint } from './address.js';

/** SD_LISTEN_FDS_START: the first behind stdin, stdout and stderr. */
const FIRST = 3;
/** Far more than a configuration has listeners. */
const MAX_SOCKETS = 256;

/** What systemd, or the process before this one, tells of them in the environment. */
export interface ActivationVariables {
  readonly LISTEN_PID: string | undefined;
  readonly LISTEN_FDS: string | undefined;
  readonly LISTEN_FDNAMES?: string | undefined;
  /** Who hands them over: its number in place of LISTEN_PID, for it cannot know that of a process which it starts. */
  readonly MSRPTAP_PREDECESSOR?: string | undefined;
}

export interface InheritedFd {
  readonly fd: number;
  /** Of LISTEN_FDNAMES; '' where there is none. */
  readonly name: string;
}

/** The file descriptors that are meant for this process; the variables may be of one that started it. */
export function inheritedFds(
  { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '', MSRPTAP_PREDECESSOR }: ActivationVariables,
  { pid, ppid }: { readonly pid: number; readonly ppid: number },
): readonly InheritedFd[] {
  const isMeant = LISTEN_PID === String(pid) || MSRPTAP_PREDECESSOR === String(ppid);
  if (!isMeant || !/^\d{1,3}$/.test(LISTEN_FDS ?? '')) return [];
  const names = LISTEN_FDNAMES.split(':');
  const count = Math.min(Number(LISTEN_FDS), MAX_SOCKETS);
  return Array.from({ length: count }, (_, index) => ({ fd: FIRST + index, name: names[index] ?? '' }));
}

/** Sockets by where they are, until somebody takes them. */
export class InheritedSockets {
  readonly #sockets = new Map<string, Socket>();
  /** Those of UDP, by name: where they are, nobody can tell before they are read. */
  readonly #datagrams = new Map<string, number>();
  /** What was given and is no TCP socket. */
  readonly #useless: string[] = [];

  constructor(fds: readonly InheritedFd[]) {
    for (const inherited of fds) this.#open(inherited);
  }

  /** The one at this address, for the listen() of a server, which takes over its handle. It accepts nothing until then. */
  take(at: Endpoint): Socket | undefined {
    const name = nameOf(at);
    const socket = this.#sockets.get(name);
    this.#sockets.delete(name);
    return socket;
  }

  /** The descriptor of a UDP socket. */
  takeDatagram(name: DatagramName): number | undefined {
    const fd = this.#datagrams.get(name);
    this.#datagrams.delete(name);
    return fd;
  }

  /** Closes those that nobody took. @returns what they are */
  closeRest(): readonly string[] {
    const rest = [...this.#sockets.keys(), ...this.#datagrams.keys(), ...this.#useless];
    for (const socket of this.#sockets.values()) socket.destroy();
    for (const fd of this.#datagrams.values()) closeSync(fd);
    this.#sockets.clear();
    this.#datagrams.clear();
    return rest;
  }

  #open({ fd, name }: InheritedFd): void {
    const found = socketOf(fd);
    if (found === null && isDatagramName(name)) this.#datagrams.set(name, fd);
    else if (found === null) this.#useless.push(`file descriptor ${fd}, which is no TCP socket`);
    else this.#sockets.set(nameOf(found.at), found.socket);
  }
}

/** What reads datagrams, by its section of the configuration. */
export const DATAGRAM_NAMES = ['mi_datagram', 'hep_input'] as const;
export type DatagramName = (typeof DATAGRAM_NAMES)[number];

function isDatagramName(name: string): name is DatagramName {
  return DATAGRAM_NAMES.some((known) => known === name);
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

function nameOf(at: Endpoint): string {
  return formatEndpoint(canonicalEndpoint(at));
}
