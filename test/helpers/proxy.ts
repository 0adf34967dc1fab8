/** What a `Proxy` is made of where a test has no msrptap around it. */
import type { LinkObserver, NextHop, Observer } from '#src/events.js';
import type { ProxyListener, ProxyOptions } from '#src/proxy/proxy.js';
import { configWith } from './config.js';

export const OPTIONS: ProxyOptions = {
  send_timeout: 10_000,
  max_msg_chunks: 0,
  tls_handshake_timeout: 5_000,
  connect_timeout: 5_000,
  idle_timeout: 0,
  half_close_timeout: 5_000,
  on_parse_error: 'close',
  limits: configWith('').limits,
  to_path: { allow: [], timeout: 5_000, max_bytes: 16_384 },
};

/** Looks at nothing. */
export const SILENT: LinkObserver = {
  connected() {},
  connectFailed() {},
  read() {},
  transactionTimedOut() {},
  closed() {},
  ended() {},
};

export const NOBODY: Observer = { link: () => SILENT, acceptFailed() {} };

/** @param port 0: any */
export function listenerTo(upstream: readonly NextHop[] | 'to_path', port = 0): ProxyListener {
  return {
    proto: 'msrp',
    ip: '127.0.0.1',
    port,
    upstream,
    upstream_policy: 'ordered',
    proxy_protocol: null,
    send_proxy: 0,
    tls: null,
  };
}

export function clientTls(): never {
  throw new Error('no TLS here');
}
