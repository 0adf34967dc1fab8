/**
 * Certificate revocation lists [RFC 5280 §5]. OpenSSL could look at them by itself, but Node.js has it do so only for
 * whole chains (crl_check_all 1), where a CA that publishes none would fail every certificate below it.
 */
import { verify, type KeyObject, type X509Certificate } from 'node:crypto';
import { DER, elements, objectIdentifier, timeOf, type DerElement } from './tls-der.js';

export interface Crl {
  readonly thisUpdate: Date;
  /** null: it says nothing of the next one. */
  readonly nextUpdate: Date | null;
  isRevoked(certificate: X509Certificate): boolean;
  /** Whether the key signed it. */
  isOf(key: KeyObject): boolean;
}

/** How crypto.verify names the digest of a signature algorithm; null: it is part of the algorithm. SHA-1 is no more. */
const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
  ['1.3.101.113', null],
]);

/** @throws RangeError what is wrong with it; `its …` */
export function parseCrl(der: Buffer): Crl {
  const [list] = elements(der);
  const [signed, algorithm, signature] = inside(list, 'list');
  const oid = objectIdentifier(only(inside(algorithm, 'signature algorithm')[0], DER.objectIdentifier).content);
  const digest = DIGESTS.get(oid);
  if (digest === undefined) throw new RangeError(`its signature algorithm (${oid}) is not supported`);
  // The first octet of a bit string tells how many bits of the last one are unused: none.
  const signatureOctets = only(signature, DER.bitString).content.subarray(1);
  const octets = only(signed, DER.sequence).whole;
  const { thisUpdate, nextUpdate, serials } = contentOf(inside(signed, 'content'));
  const keys = new Map<string, boolean>();
  return {
    thisUpdate,
    nextUpdate,
    isRevoked: ({ serialNumber }) => serials.has(withoutZeros(serialNumber.toLowerCase())),
    isOf: (key) => {
      const name = key.export({ type: 'spki', format: 'der' }).toString('base64');
      const known = keys.get(name);
      if (known !== undefined) return known;
      const isOf = isSignature(digest, octets, key, signatureOctets);
      // There are no more keys than CAs that a peer was verified with; one of a chain that failed never comes here.
      keys.set(name, isOf);
      return isOf;
    },
  };
}

interface Content {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  readonly serials: ReadonlySet<string>;
}

/** [RFC 5280 §5.1.2]: version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates, extensions. */
function contentOf(parts: readonly DerElement[]): Content {
  const rest = parts[0]?.tag === DER.integer ? parts.slice(3) : parts.slice(2);
  const [first, second] = rest;
  if (first === undefined) throw new RangeError('its content is cut off');
  const hasNext = second !== undefined && (second.tag === DER.utcTime || second.tag === DER.generalizedTime);
  const after = rest.slice(hasNext ? 2 : 1);
  const serials = new Set<string>();
  for (const part of after) {
    if (part.tag === DER.sequence) for (const entry of elements(part.content)) serials.add(revoked(entry));
    else if (part.tag === DER.context0) for (const each of elements(part.content)) refuseCritical(each);
  }
  return { thisUpdate: timeOf(first), nextUpdate: hasNext ? timeOf(second) : null, serials };
}

/** An entry: userCertificate, revocationDate, crlEntryExtensions. @returns its serial number */
function revoked(entry: DerElement): string {
  const [serial, , extensions] = inside(entry, 'entry');
  if (extensions !== undefined) refuseCritical(extensions);
  return withoutZeros(only(serial, DER.integer).content.toString('hex'));
}

/**
 * A list with an extension that is critical must not be used by who does not know it [RFC 5280 §5.2]: those are the lists
 * that stand for a part of the certificates, for changes only, or for another CA.
 */
function refuseCritical(extensions: DerElement): void {
  for (const extension of elements(only(extensions, DER.sequence).content)) {
    const [id, critical] = inside(extension, 'extension');
    if (critical?.tag !== DER.boolean || critical.content[0] === 0) continue;
    const oid = objectIdentifier(only(id, DER.objectIdentifier).content);
    throw new RangeError(`its critical extension ${oid} is not supported; a complete CRL of the CA is needed`);
  }
}

function inside(element: DerElement | undefined, what: string): readonly DerElement[] {
  if (element?.tag !== DER.sequence) throw new RangeError(`its ${what} is not a sequence`);
  return [...elements(element.content)];
}

function only(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new RangeError(`its DER has tag ${element?.tag ?? 'none'} in place of ${tag}`);
  return element;
}

/** Of a number in hexadecimal digits: leading zeros tell nothing but the sign. */
function withoutZeros(hex: string): string {
  return hex.replace(/^0+/, '');
}

function isSignature(digest: string | null, octets: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify(digest, octets, key, signature);
  } catch {
    // A key of another kind than the signature.
    return false;
  }
}
