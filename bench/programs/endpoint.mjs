/** The far end of all links: answers every SEND with a 200. */
import { Buffer } from 'node:buffer';
import { createServer } from 'node:net';
import { BEGIN_OCTETS, RESPONSES, SENDS, linkOf } from './messages.mjs';
import { Incoming, Outgoing } from './stream.mjs';

/** @import { Server, Socket } from 'node:net' */

/** Reads of all connections since the start: what batches the proxy made of the traffic. */
export const figures = { reads: 0 };

/**
 * @param {(error: Error) => void} onError bytes that are not the bench's
 * @returns {Server} not yet listening
 */
export function createEndpoint(onError) {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', onError);
    identify(socket, (link, first) => answer(socket, link, first, onError), onError);
  });
}

/**
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
}

/**
 * @param {Socket} socket
 * @param {number} link
 * @param {Buffer} first
 * @param {(error: Error) => void} onError
 */
function answer(socket, link, first, onError) {
  const [sends, responses] = [SENDS[link], RESPONSES[link]];
  if (sends === undefined || responses === undefined) return onError(new Error(`there is no link ${link}`));
  const incoming = new Incoming(sends);
  const outgoing = new Outgoing(socket, responses);
  /** @param {Buffer} bytes */
  const read = (bytes) => {
    figures.reads += 1;
    try {
      const count = incoming.read(bytes);
      if (count > 0) outgoing.send(count);
    } catch (error) {
      onError(new Error(`link ${link}, at the endpoint: ${error instanceof Error ? error.message : error}`));
    }
  };
  read(first);
  socket.on('data', read);
}
