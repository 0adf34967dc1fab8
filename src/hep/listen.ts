import { createSocket } from 'node:dgram';
import { once, type EventEmitter } from 'node:events';
import { createServer, isIPv6, type Socket } from 'node:net';
import { endpoint, formatHostPort, type Endpoint } from '../lib/address.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import { openSocket, type OpenSocket } from '../lib/socket-fd.js';
import { decodeHep, type HepPacket } from './decode.js';
import { HEADER_BYTES } from './format.js';
import { HepStream } from './stream.js';

export interface ListenAt {
  readonly transport: 'udp' | 'tcp';
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

export interface HepListener {
  readonly address: Endpoint;
  /** For a process that takes it over. */
  readonly open: readonly OpenSocket[];
  close(): Promise<void>;
}

export type OnPacket = (packet: HepPacket, from: Endpoint) => void;
/** What arrived is not HEP, a connection failed, or onPacket threw. */
export type OnError = (error: unknown, from: Endpoint) => void;

/** A tool for looking on, so few senders are enough; each holds one packet at most. */
const MAX_CONNECTIONS = 256;

/** What becomes of packets as they come. */
export interface Receiver {
  /** Valid during the call only. What it throws goes to `failed`. */
  receive(packet: Buffer, from: Endpoint): void;
  failed: OnError;
  /** Asked for each datagram and each connection, before anything is read of it. */
  accepts(from: Endpoint): boolean;
}

/**
 * Receives HEP packets until it is closed. What is not a HEP packet is passed over; a connection on which not even the
 * lengths are right is closed.
 * @throws MsrptapError listen_failed
 */
export async function listenHep(at: ListenAt, onPacket: OnPacket, onError: OnError = () => {}): Promise<HepListener> {
  return receiveHep(at, {
    receive: (packet, from) => onPacket(decodeHep(packet), from),
    failed: onError,
    accepts: () => true,
  });
}

/**
 * The same, with packets that are not read yet. Keep-alives are no packets.
 * @param inherited where its socket may be, bound already
 * @throws MsrptapError listen_failed
 */
export function receiveHep(at: ListenAt, receiver: Receiver, inherited?: InheritedSockets): Promise<HepListener> {
  return at.transport === 'udp' ? listenUdp(at, receiver, inherited) : listenTcp(at, receiver, inherited);
}

async function listenUdp(at: ListenAt, receiver: Receiver, inherited?: InheritedSockets): Promise<HepListener> {
  const fd = inherited?.takeDatagram('hep_input');
  const onError: OnError = (error, from) => receiver.failed(error, from);
  const socket = createSocket({ type: isIPv6(at.host) ? 'udp6' : 'udp4' });
  socket.on('message', (datagram, remote) => {
    const from = endpoint(remote.address, remote.port);
    if (datagram.length === HEADER_BYTES || !receiver.accepts(from)) return;
    guard(() => receiver.receive(datagram, from), onError, from);
  });
  try {
    await listening(socket, at, () => socket.bind(fd === undefined ? { port: at.port, address: at.host } : { fd }));
  } catch (error) {
    socket.close();
    throw error;
  }
  const { address, port } = socket.address();
  const own = endpoint(address, port);
  socket.on('error', (error) => onError(error, own));
  return {
    address: own,
    open: openSocket('hep_input', socket),
    close: () =>
      new Promise((resolve) => {
        socket.close(resolve);
      }),
  };
}

async function listenTcp(at: ListenAt, receiver: Receiver, inherited?: InheritedSockets): Promise<HepListener> {
  const handle = inherited?.take({ ip: at.host, port: at.port });
  const onError: OnError = (error, from) => receiver.failed(error, from);
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    if (receiver.accepts(endpoint(socket.remoteAddress, socket.remotePort))) receiveFrom(socket, receiver, onError);
    else socket.destroy();
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, at, () => (handle === undefined ? server.listen(at.port, at.host) : server.listen(handle)));
  const own = server.address();
  const address = typeof own === 'object' && own !== null ? endpoint(own.address, own.port) : endpoint('', 0);
  server.on('error', (error) => onError(error, address));
  return {
    address,
    open: openSocket('hep_input', server),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections) connection.destroy();
      }),
  };
}

function receiveFrom(socket: Socket, receiver: Receiver, onError: OnError): void {
  const from = endpoint(socket.remoteAddress, socket.remotePort);
  const stream = new HepStream();
  socket.on('error', (error) => onError(error, from));
  socket.on('data', (bytes) => {
    const isWhole = guard(
      () => stream.push(bytes, (packet) => guard(() => receiver.receive(packet, from), onError, from)),
      onError,
      from,
    );
    if (!isWhole) socket.destroy();
  });
}

/** Nothing that arrives may end the process. @returns whether all went well */
function guard(work: () => void, onError: OnError, from: Endpoint): boolean {
  try {
    work();
    return true;
  } catch (error) {
    onError(error, from);
    return false;
  }
}

async function listening(socket: EventEmitter, at: ListenAt, start: () => void): Promise<void> {
  // Of a socket that is bound already it is told at once.
  const listens = once(socket, 'listening');
  try {
    start();
    await listens;
  } catch (error) {
    throw new MsrptapError('listen_failed', `${at.transport}:${formatHostPort(at)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
