import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCrl } from '#src/net/tls-crl.js';
import { objectIdentifier, timeOf } from '#src/net/tls-der.js';
import { useRevocationCerts, type CertFiles } from '../helpers/certs.js';

const certs = useRevocationCerts();

/** The octets between the lines of a PEM file. */
function derOf(file: string): Buffer {
  return Buffer.from(readFileSync(file, 'latin1').replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
}
const crlOf = (file: string): ReturnType<typeof parseCrl> => parseCrl(derOf(file));
const certificateOf = ({ certificate }: CertFiles): X509Certificate => new X509Certificate(readFileSync(certificate));
const time = (tag: number, text: string): Date => timeOf({ tag, content: Buffer.from(text), whole: Buffer.alloc(0) });
const keyOf = (files: CertFiles): KeyObject => createPublicKey(readFileSync(files.certificate));

test('what openssl ca -revoke wrote stands in the list of that CA, and nothing else', () => {
  const { caCrl, intermediateCrl, revoked, revokedBelow, server, below } = certs();
  expect([revoked, revokedBelow, server].map((files) => crlOf(caCrl).isRevoked(certificateOf(files)))).toEqual([
    true,
    false,
    false,
  ]);
  expect([revokedBelow, below].map((files) => crlOf(intermediateCrl).isRevoked(certificateOf(files)))).toEqual([
    true,
    false,
  ]);
});

test('a list is of the CA that signed it, with a key on a curve or an RSA key', () => {
  const { caCrl, ca, intermediate, rsaCrl, rsaCa } = certs();
  expect([ca, intermediate, rsaCa].map((files) => crlOf(caCrl).isOf(keyOf(files)))).toEqual([true, false, false]);
  expect([ca, intermediate, rsaCa].map((files) => crlOf(rsaCrl).isOf(keyOf(files)))).toEqual([false, false, true]);
});

test('a list that was changed is of nobody', () => {
  const { caCrl, ca, revoked } = certs();
  const der = derOf(caCrl);
  const at = der.indexOf(Buffer.from(certificateOf(revoked).serialNumber, 'hex'));
  der[at + 8] = (der[at + 8] ?? 0) ^ 1;
  const changed = parseCrl(der);
  expect(changed.isRevoked(certificateOf(revoked))).toBe(false);
  expect(changed.isOf(keyOf(ca))).toBe(false);
});

test('dates', () => {
  const { thisUpdate, nextUpdate } = crlOf(certs().oldCrl);
  expect(thisUpdate).toEqual(new Date('2020-01-01T00:00:00Z'));
  expect(nextUpdate).toEqual(new Date('2020-01-31T23:59:59Z'));
});

test('a list for a part of the certificates is refused: its critical extension says so', () => {
  expect(() => crlOf(certs().partialCrl)).toThrow(/critical extension 2\.5\.29\.28 is not supported/);
});

test('whatever the octets are, it is a list or a RangeError', () => {
  const der = derOf(certs().caCrl);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (at, octet, length) => {
      const changed = Buffer.from(der.subarray(0, length));
      if (at < length) changed[at] = octet;
      try {
        parseCrl(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 500 },
  );
});

describe('DER', () => {
  test.each([
    [[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], '1.2.840.113549.1.1.11'],
    [[0x55, 0x1d, 0x1c], '2.5.29.28'],
    [[0x88, 0x37, 0x03], '2.999.3'],
  ])('%j is %s', (octets, expected) => {
    expect(objectIdentifier(Buffer.from(octets))).toBe(expected);
  });

  test.each([
    [0x17, '491231235959Z', '2049-12-31T23:59:59Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00Z'],
    [0x18, '20500101000000Z', '2050-01-01T00:00:00Z'],
  ])('time %d %s is %s', (tag, text, expected) => {
    expect(time(tag, text)).toEqual(new Date(expected));
  });

  test.each([
    [0x17, '20500101000000Z'],
    [0x18, '500101000000Z'],
    [0x17, '5001010000Z'],
    [0x18, '20500101000000+0100'],
    [0x17, '491331000000Z'],
    [0x18, '20500101250000Z'],
  ])('time %d %s is refused', (tag, text) => {
    expect(() => time(tag, text)).toThrow(RangeError);
  });
});
