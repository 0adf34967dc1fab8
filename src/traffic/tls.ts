import type { Config } from '../config.js';
import type { Prepared } from '../lib/prepared.js';
import { loadClientTls, type ClientTls, type LoadedClientTls } from '../net/client-tls.js';
import { loadServerTls, type ServerTls } from '../net/server-tls.js';
import type { CertificateExpiry } from '../net/tls-expiry.js';

/** The files of all TLS domains, as they were read. */
export interface LoadedTls {
  readonly server: ServerTls;
  readonly client: LoadedClientTls;
}

/** Both are read before either is used: a half of new certificates is in force never. @throws MsrptapError tls_domain_invalid */
export function loadTls({ tls_mgm }: Config): LoadedTls {
  return { server: loadServerTls(tls_mgm.server_domain), client: loadClientTls(tls_mgm.client_domain) };
}

/** The TLS domains that are in force. */
export class TlsInForce {
  #loaded: LoadedTls;

  constructor(loaded: LoadedTls) {
    this.#loaded = loaded;
  }

  get server(): ServerTls {
    return this.#loaded.server;
  }

  /** Asked for each connection that is made. */
  readonly client: ClientTls = (address, host) => this.#loaded.client.domainFor(address, host);

  get expiries(): readonly CertificateExpiry[] {
    return [...this.#loaded.server.expiries, ...this.#loaded.client.expiries];
  }

  prepare(loaded: LoadedTls): Prepared {
    return { use: () => (this.#loaded = loaded), discard: () => {} };
  }
}
