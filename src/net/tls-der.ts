/** DER [X.690 §10], as far as a certificate revocation list needs it: elements one after the other, nothing copied. */

export interface DerElement {
  /** The identifier octet. */
  readonly tag: number;
  readonly content: Buffer;
  /** Identifier, length and content: what a signature is made over. */
  readonly whole: Buffer;
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  /** [0], constructed. */
  context0: 0xa0,
} as const;

/** What stands in `bytes`. @throws RangeError when an element is cut off, or its length is not DER */
export function* elements(bytes: Buffer): Generator<DerElement> {
  let at = 0;
  while (at < bytes.length) {
    const [start, length] = lengthAt(bytes, at + 1);
    const end = start + length;
    if (end > bytes.length) throw new RangeError('an element is cut off');
    yield { tag: bytes[at] ?? 0, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
    at = end;
  }
}

/** @returns where the content begins, and its octets */
function lengthAt(bytes: Buffer, at: number): readonly [start: number, length: number] {
  const first = bytes[at];
  if (first === undefined) throw new RangeError('an element is cut off');
  if (first < 0x80) return [at + 1, first];
  const octets = first & 0x7f;
  // 4 octets are 4 GiB; 0 is the indefinite form, which DER does not have.
  if (octets === 0 || octets > 4 || at + 1 + octets > bytes.length) throw new RangeError('a length is not DER');
  return [at + 1 + octets, bytes.readUIntBE(at + 1, octets)];
}

/** `1.2.840.10045.4.3.2`. */
export function objectIdentifier(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 0x80 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join('.');
}

/** As RFC 5280 §4.1.2.5 has it: in UTC, with seconds, without fractions. @throws RangeError for another form */
export function timeOf({ tag, content }: DerElement): Date {
  const text = content.toString('latin1');
  const [, digits = ''] = /^(\d{12}|\d{14})Z$/.exec(text) ?? [];
  const isTime = (tag === DER.utcTime && digits.length === 12) || (tag === DER.generalizedTime && digits.length === 14);
  if (!isTime) throw new RangeError(`${JSON.stringify(text)} is not a time`);
  // Two digits are of the years from 1950 to 2049.
  const century = Number(digits.slice(0, 2)) < 50 ? '20' : '19';
  const full = digits.length === 14 ? digits : century + digits;
  const time = new Date(full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z'));
  // The 32nd of a month.
  if (Number.isNaN(time.getTime())) throw new RangeError(`${JSON.stringify(text)} is not a time`);
  return time;
}
