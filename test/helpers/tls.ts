/** The certificates of certs.ts, as the neighbours of msrptap use them. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import type { CertFiles, Certs } from './certs.js';
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
