import type { Config } from '../config.js';
import type { HttpTls } from '../control/http-tls.js';
import { loadServerDomain } from '../net/server-tls.js';
import { judgePeer } from '../net/tls-judge.js';
import { tlsFactsOf } from '../net/tls-facts.js';

/**
 * A server domain for an HTTP port, with its files as they are now.
 * @param name httpd.tls_domain or prometheus.tls_domain; null: plain HTTP
 * @throws MsrptapError tls_domain_invalid
 */
export function httpTls({ tls_mgm }: Pick<Config, 'tls_mgm'>, name: string | null): HttpTls | null {
  const domain = name === null ? undefined : tls_mgm.server_domain[name];
  if (domain === undefined) return null;
  const ready = loadServerDomain(domain);
  return {
    options: { ...ready.options, sessionIdContext: ready.sessionContext },
    asksForCertificate: ready.verify_cert === 1,
    refusal: (stream) => {
      const refused = judgePeer(ready, stream, tlsFactsOf(stream, '', performance.now()));
      return refused === null ? null : `${refused.reason}: ${refused.detail}`;
    },
  };
}
