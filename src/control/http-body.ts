import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body, at most `limit` octets of it.
 * @returns null as soon as it is known to be longer; the request is then left paused
 * @throws when the client goes away before the end
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return null;
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = () => request.off('data', onData).off('end', onEnd).off('close', onClose);
    const onData = (part: Buffer) => {
      size += part.length;
      parts.push(part);
      if (size <= limit) return;
      settle();
      request.pause();
      resolve(null);
    };
    const onEnd = () => {
      settle();
      resolve(Buffer.concat(parts, size));
    };
    const onClose = () => {
      settle();
      reject(new Error('the client went away'));
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/**
 * Reads and throws away what a client still sends, until it has sent all, or `limit` ms have gone by. Closing a
 * connection with unread bytes resets it, and the client might lose the answer that says why.
 */
export async function discardBody(request: IncomingMessage, limit: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limit);
    request.once('close', resolve).once('end', resolve).resume();
    timer.unref();
  });
}
