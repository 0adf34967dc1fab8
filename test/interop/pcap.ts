/** Capture files (pcap, of IP packets) made from mirrored messages, so that a protocol analyser reads them. */
import { isIPv6 } from 'node:net';
import { parseHostPort } from '#src/lib/address.js';

export interface Segment {
  /** `ip:port`, `[v6]:port`; both of one address family. */
  readonly source: string;
  readonly destination: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly payload: Buffer;
}

/** Packets begin with their IPv4 or IPv6 header (LINKTYPE_RAW). */
const LINK_TYPE = 101;
const TCP = 6;
const TCP_HEADER_BYTES = 20;
const ACK_PSH = 0x18;
const WINDOW = 65_535;

/** Each payload as one TCP segment, as a sniffer would have seen it; checksums are left at 0. */
export function pcap(segments: readonly Segment[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(0xa1b2c3d4, 0);
  header.writeUInt16BE(2, 4);
  header.writeUInt16BE(4, 6);
  header.writeUInt32BE(262_144, 16);
  header.writeUInt32BE(LINK_TYPE, 20);
  /** Octets sent so far, by direction. */
  const sent = new Map<string, number>();
  const records = segments.map((segment) => {
    const [there, back] = [`${segment.source}>${segment.destination}`, `${segment.destination}>${segment.source}`];
    const packet = ipPacket(segment, sent.get(there) ?? 0, sent.get(back) ?? 0);
    sent.set(there, (sent.get(there) ?? 0) + segment.payload.length);
    return Buffer.concat([recordHeader(segment.time, packet.length), packet]);
  });
  return Buffer.concat([header, ...records]);
}

function recordHeader(time: number, length: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(Math.floor(time / 1_000_000), 0);
  header.writeUInt32BE(time % 1_000_000, 4);
  header.writeUInt32BE(length, 8);
  header.writeUInt32BE(length, 12);
  return header;
}

function ipPacket({ source, destination, payload }: Segment, sequence: number, acknowledged: number): Buffer {
  const [from, to] = [hostPort(source), hostPort(destination)];
  const tcp = Buffer.alloc(TCP_HEADER_BYTES);
  tcp.writeUInt16BE(from.port, 0);
  tcp.writeUInt16BE(to.port, 2);
  tcp.writeUInt32BE(sequence + 1, 4);
  tcp.writeUInt32BE(acknowledged + 1, 8);
  tcp.writeUInt8((TCP_HEADER_BYTES / 4) << 4, 12);
  tcp.writeUInt8(ACK_PSH, 13);
  tcp.writeUInt16BE(WINDOW, 14);
  const length = tcp.length + payload.length;
  const ip = isIPv6(from.host) ? ipv6Header(from.host, to.host, length) : ipv4Header(from.host, to.host, length);
  return Buffer.concat([ip, tcp, payload]);
}

function ipv4Header(source: string, destination: string, length: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + length, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(TCP, 9);
  ipv4Octets(source).copy(header, 12);
  ipv4Octets(destination).copy(header, 16);
  return header;
}

function ipv6Header(source: string, destination: string, length: number): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(length, 4);
  header.writeUInt8(TCP, 6);
  header.writeUInt8(64, 7);
  ipv6Octets(source).copy(header, 8);
  ipv6Octets(destination).copy(header, 24);
  return header;
}

function ipv4Octets(ip: string): Buffer {
  return Buffer.from(ip.split('.').map(Number));
}

/** Of the two kinds that stand in these tests: ::1, and ::ffff:a.b.c.d. */
function ipv6Octets(ip: string): Buffer {
  if (ip === '::1') return Buffer.concat([Buffer.alloc(15), Buffer.of(1)]);
  const ipv4 = /^::ffff:([\d.]+)$/.exec(ip)?.[1];
  if (ipv4 === undefined) throw new Error(`not expected here: ${ip}`);
  return Buffer.concat([Buffer.alloc(10), Buffer.of(0xff, 0xff), ipv4Octets(ipv4)]);
}

function hostPort(text: string): { readonly host: string; readonly port: number } {
  const parsed = parseHostPort(text, 0);
  if (parsed === null) throw new Error(`no socket: ${text}`);
  return parsed;
}
