/** The far end of all links: answers every SEND with a 200. */
import { Buffer } from 'node:buffer';
import { createServer } from 'node:net';
import { messageOf } from '#src/lib/errors.js';
import { BEGIN_OCTETS, RESPONSES, SENDS, linkOf } from './messages.mjs';
import { Incoming, Outgoing } from './stream.mjs';

/** @import { Server, Socket } from 'node:net' */

/**
 * @param {number} perWrite responses in one write at most
 * @param {(error: Error) => void} onError of a link: bytes that are not the bench's, a reset
 * @returns {Server} not yet listening
 */
export function createEndpoint(perWrite, onError) {
  return createServer({ noDelay: true }, (socket) => {
    identify(socket, (link, first) => answer(socket, link, first, perWrite, onError), onError);
  });
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
 * @param {number} perWrite
 * @param {(error: Error) => void} onError
 */
function answer(socket, link, first, perWrite, onError) {
  const [sends, responses] = [SENDS[link], RESPONSES[link]];
  if (sends === undefined || responses === undefined) {
    onError(new Error(`there is no link ${link}`));
    return;
  }
  const incoming = new Incoming(sends);
  const outgoing = new Outgoing(socket, responses, perWrite);
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
