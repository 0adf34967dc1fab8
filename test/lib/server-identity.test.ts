import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PeerCertificate } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { checkIdentity } from '#src/lib/server-identity.js';
import { useCerts } from '../helpers/certs.js';

const certs = useCerts();

/** For localhost, 127.0.0.1 and ::1, as node:tls hands it over. */
function certificate(): PeerCertificate {
  return new X509Certificate(readFileSync(certs().server.certificate)).toLegacyObject();
}

describe('checkIdentity', () => {
  test.each(['localhost', '127.0.0.1', '::1', '0:0:0:0:0:0:0:1'])('%s is in the certificate', (host) => {
    expect(checkIdentity(host, certificate())).toBeUndefined();
  });

  test.each(['example.com', '127.0.0.2', '::2', '::ffff:127.0.0.1'])('%s is not', (host) => {
    expect(checkIdentity(host, certificate())).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });
});
