/** HTTP over TLS, where it is wanted. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';

/** A server domain of tls_mgm, as an HTTP port uses it. */
export interface HttpTls {
  readonly options: SecureContextOptions;
  /** Whether clients are asked for a certificate. */
  readonly asksForCertificate: boolean;
  /** Why a client is not welcome, judged when its handshake is over; null: it is. */
  refusal(stream: TLSSocket): string | null;
}

export interface HttpSocketOptions extends ServerOptions {
  /** Milliseconds for the handshake. */
  readonly headersTimeout: number;
  /** null: plain HTTP. */
  readonly tls: HttpTls | null;
  readonly onRefused: (stream: TLSSocket, why: string) => void;
}

/** A server that does not listen yet; over TLS its certificates can be changed. */
export interface HttpSocket {
  readonly server: Server | TlsServer;
  /** For the handshakes to come. */
  useTls(tls: HttpTls): void;
}

export function createHttpSocket({ tls, onRefused, ...options }: HttpSocketOptions): HttpSocket {
  if (tls === null) return { server: createServer(options), useTls: () => {} };
  let current = tls;
  const server = createTlsServer({
    ...options,
    ...tls.options,
    handshakeTimeout: options.headersTimeout,
    requestCert: tls.asksForCertificate,
    // Judged after the handshake, as on the MSRP sockets.
    rejectUnauthorized: false,
  });
  server.on('secureConnection', (stream) => {
    const why = current.refusal(stream);
    if (why === null) return;
    stream.destroy();
    onRefused(stream, why);
  });
  return {
    server,
    useTls: (next) => {
      server.setSecureContext(next.options);
      current = next;
    },
  };
}
