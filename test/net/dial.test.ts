import { expect, onTestFinished, test } from 'vitest';
import { Buffers } from '#src/net/buffers.js';
import { loadClientTls } from '#src/net/client-tls.js';
import { Dial, type DialFailure } from '#src/net/dial.js';
import { Resolver } from '#src/net/resolver.js';
import { configWith } from '../helpers/config.js';
import { freePort } from '../helpers/free-port.js';
import { dialFromThePortDialled } from '../helpers/self-dial.js';

const OPTIONS = {
  connect_timeout: 5_000,
  tls_handshake_timeout: 5_000,
  send_timeout: 5_000,
  buffers: new Buffers(() => configWith('').limits),
};
const CONTEXT = { resolver: new Resolver(), clientTls: loadClientTls({}).domainFor };

test.each(['msrp', 'msrps'] as const)(
  '%s: a connection to itself, where nobody listens, is no next hop',
  async (proto) => {
    const port = await freePort('127.0.0.1');
    dialFromThePortDialled();
    const failure = await new Promise<DialFailure>((resolve, reject) => {
      const connected = (): void => reject(new Error('it was connected'));
      const dial = new Dial({ proto, host: '127.0.0.1', port }, OPTIONS, CONTEXT, connected, resolve);
      onTestFinished(() => dial.abort('link_closed'));
    });
    expect(failure).toMatchObject({ reason: 'connect_refused', far: { ip: '127.0.0.1', port } });
  },
);
