/** Connects that the kernel would refuse for a want that a test cannot bring about, as of local ports. */
import { Socket } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/** Until the test ends every connect of this process to `host` fails with `code`. */
export function connectsFail(host: string, code: string): void {
  const connect = Reflect.get(Socket.prototype, 'connect') as (...args: readonly unknown[]) => Socket;
  const spy = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    if (!isTo(host, args[0])) return Reflect.apply(connect, this, args);
    process.nextTick(() => this.destroy(Object.assign(new Error(`connect ${code} ${host}`), { code })));
    return this;
  });
  onTestFinished(() => spy.mockRestore());
}

/** @param to options, or what net.connect() makes of its arguments */
function isTo(host: string, to: unknown): boolean {
  const options: unknown = Array.isArray(to) ? to[0] : to;
  return typeof options === 'object' && options !== null && 'host' in options && options.host === host;
}
