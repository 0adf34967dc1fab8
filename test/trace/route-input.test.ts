/** What a filter route is told of a connection. */
import { expect, test } from 'vitest';
import { routeInput } from '#src/trace/route-input.js';
import { connectionFacts, linkFacts } from '../helpers/facts.js';

test('of TLS, what a filter module is promised, and nothing that is measured besides', () => {
  const told = {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    sni: 'msrp.example.com',
    peer: { subject: 'CN=phone', names: ['phone.example.com'] },
    authorized: true,
  };
  const connection = { ...connectionFacts('downstream'), tls: { ...told, handshake: 12 } };
  expect(routeInput(linkFacts(), connection).tls).toEqual(told);
  expect(routeInput(linkFacts(), connectionFacts('downstream')).tls).toBeNull();
});
