/** The certificates of certs.ts, as the neighbours of msrptap use them. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type ConnectionOptions, type TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { CertFiles, Certs, RevocationCerts } from './certs.js';
import type { Settings } from './tap.js';

/** For msrptap: it shows `server`, and trusts next hops of the CA. */
export function tlsDomains({ server, ca }: Certs, of: { server?: Settings; client?: Settings } = {}): Settings {
  return {
    server_domain: { public: { ...server, verify_cert: 0, ...of.server } },
    client_domain: { core: { ca_list: ca.certificate, ...of.client } },
  };
}

/** For clients. */
export function trusting({ ca }: Certs): ConnectionOptions {
  return { ca: readFileSync(ca.certificate), servername: 'localhost' };
}

export function presenting({ certificate, private_key }: CertFiles): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(certificate), key: readFileSync(private_key) };
}

/** For next hops. */
export function serving(files: CertFiles, options: TLSSocketOptions = {}): TLSSocketOptions {
  return { ...presenting(files), ...options };
}

/** Whether this release of Node.js tells a server of the intermediate certificates that a client sent (nodejs/node#65579). */
export async function serverSeesChain({ server, ca, below }: RevocationCerts): Promise<boolean> {
  const verifying = { ca: readFileSync(ca.certificate), requestCert: true, rejectUnauthorized: false };
  const listener = createServer(serving(server, verifying));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const secured = once(listener, 'secureConnection');
  const { port } = listener.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...presenting(below) });
  const [stream] = (await secured) as [TLSSocket];
  const issuer: unknown = stream.getPeerCertificate(true).issuerCertificate;
  client.destroy();
  listener.close();
  return issuer !== undefined;
}
