import { Socket, type TcpSocketConnectOpts } from 'node:net';
import { onTestFinished, vi } from 'vitest';

/** The kernel chooses the source port, and once in some 28,000 dials the very one that is dialled: in the next one, here. */
export function dialFromThePortDialled(): void {
  const connect = vi.spyOn(Socket.prototype, 'connect');
  onTestFinished(() => connect.mockRestore());
  connect.mockImplementation(function (this: Socket, given: unknown) {
    connect.mockRestore();
    // net.connect() hands on its arguments as a list.
    const { port, ...others } = (Array.isArray(given) ? given[0] : given) as TcpSocketConnectOpts;
    return this.connect({ ...others, port, localPort: port });
  });
}
