/** The far end of all links: answers every SEND with a 200. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { messageOf } from '#src/lib/errors.js';
import { BEGIN_OCTETS, linkOf } from './messages.mjs';
import { Incoming, Outgoing } from './stream.mjs';

/** @import { OnReadOpts, Server, SocketConstructorOpts } from 'node:net' */
/** @import { Traffic, Work } from './messages.mjs' */

/**
 * @param {Work} work
 * @param {(link: number) => Traffic} trafficOf
 * @param {(error: Error) => void} onError of a link: bytes that are not the bench's, a reset
 * @returns {Server} not yet listening
 */
export function createEndpoint({ perWrite, tls }, trafficOf, onError) {
  /** @param {Socket} socket */
  const onSocket = (socket) => {
    identify(socket, (link, first) => answer(socket, link, first, trafficOf(link), perWrite, onError), onError);
  };
  if (tls === null) {
    // Nothing is read before the handle has its new owner.
    return createTcpServer({ noDelay: true, pauseOnConnect: true }, (accepted) => onSocket(withOneBuffer(accepted)));
  }
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(tls, name)));
  return createTlsServer({ cert, key, noDelay: true }, onSocket);
}

/** The part of a socket that Node has no public name for. @typedef {{ _handle: unknown }} HandleOwner */

/** What all sockets read into: whoever listens is done with it when the next read comes. */
const BUFFER = Buffer.alloc(1_048_576);

/**
 * The same connection, without a new buffer for each read of 64 KiB: that costs more than all else that the endpoint does
 * with a large message. Node has it for sockets that connect (`onread`), not for those that a server accepts.
 * @param {Socket} accepted paused
 * @returns {Socket} its `data` are gone when the listeners have returned
 */
function withOneBuffer(accepted) {
  const owner = /** @type {HandleOwner} */ (/** @type {unknown} */ (accepted));
  /** @type {SocketConstructorOpts & { handle: unknown, onread: OnReadOpts }} */
  const options = {
    handle: owner._handle,
    onread: { buffer: BUFFER, callback: (octets) => socket.emit('data', BUFFER.subarray(0, octets)) },
  };
  owner._handle = null;
  const socket = new Socket(options);
  return socket;
}

/**
 * Waits for the beginning of the first SEND. A connection that ends before that is a probe of whoever waits for the proxy
 * to listen.
 * @param {Socket} socket
 * @param {(link: number, first: Buffer) => void} onLink
 * @param {(error: Error) => void} onError
 */
function identify(socket, onLink, onError) {
  let first = Buffer.alloc(0);
  /** @param {Buffer} bytes */
  const read = (bytes) => {
    first = Buffer.concat([first, bytes]);
    if (first.length < BEGIN_OCTETS) return;
    socket.off('data', read);
    const link = linkOf(first);
    if (link === null) onError(new Error('the endpoint got something else than a SEND of the bench'));
    else onLink(link, first);
  };
  socket.on('data', read);
  socket.on('error', (error) => {
    if (first.length > 0) onError(error);
  });
}

/**
 * @param {Socket} socket
 * @param {number} link
 * @param {Buffer} first
 * @param {Traffic} traffic
 * @param {number} perWrite
 * @param {(error: Error) => void} onError
 */
function answer(socket, link, first, traffic, perWrite, onError) {
  const incoming = new Incoming(traffic.arrivingSends);
  const outgoing = new Outgoing(socket, traffic.responses, perWrite);
  /** @param {Buffer} bytes */
  const read = (bytes) => {
    try {
      outgoing.send(incoming.read(bytes));
    } catch (error) {
      onError(new Error(`link ${link}, at the endpoint: ${messageOf(error)}`));
    }
  };
  read(first);
  socket.on('data', read);
}
