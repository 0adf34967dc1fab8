import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What came back on a connection on which exactly these bytes were sent, until the server closed it. */
export async function exchange(port: number, ...writes: readonly string[]): Promise<string> {
  const socket = dial(port);
  for (const bytes of writes) socket.write(bytes);
  return (await buffer(socket)).toString('latin1');
}

export function dial(port: number): Socket {
  // allowHalfOpen: what is under test is when the server closes.
  return connect({ host: '127.0.0.1', port, allowHalfOpen: true });
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export async function get(port: number, path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, headers: response.headers, body: await response.text() };
}

export async function postMi(port: number, body: string, headers: Record<string, string> = {}): Promise<Reply> {
  return get(port, '/mi', { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...headers } });
}
