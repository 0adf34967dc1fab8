/** A conversation between two MSRP endpoints, written out as it stands on the wire. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Peer } from '../helpers/endpoint.js';

export interface Said {
  readonly by: 'client' | 'next hop';
  readonly octets: Buffer;
}

/** A session-id with every kind of character that it may have [RFC 4975 §9]. */
export function newSession(): string {
  return `i~n.t-e_r+o=p/${randomBytes(4).toString('hex')}`;
}

/** Every octet there is, a line that looks like an end-line, and NULs at its end. */
export const BINARY_BODY = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)),
  Buffer.from('\r\n-------another1$\r\n\0\0'),
]);

export const CHAT_TEXT = 'Grüße an Zoë, 日本, Ελλάδα: 👋🏽👩‍👩‍👧 😀';

/** @param session the session-id of the next hop, which the whole conversation is known by */
export function conversation(session: string): readonly Said[] {
  const client = 'msrp://client.example.com:7394/c1.4sx-09;tcp';
  const nextHop = `msrp://next-hop.example.com:12763/${session};tcp`;
  const up = `To-Path: ${nextHop}\nFrom-Path: ${client}\n`;
  const down = `To-Path: ${client}\nFrom-Path: ${nextHop}\n`;

  return [
    // The active side binds the session to the connection [RFC 4975 §5.4].
    by('client', `MSRP bind0001 SEND\n${up}Message-ID: 1.bind\nByte-Range: 1-0/0\n-------bind0001$\n`),
    by('next hop', `MSRP bind0001 200 OK\n${down}-------bind0001$\n`),

    by(
      'client',
      `MSRP chat0002 SEND\n${up}Message-ID: 2.chat\nByte-Range: 1-${Buffer.byteLength(CHAT_TEXT)}/${Buffer.byteLength(CHAT_TEXT)}\n` +
        `Content-Type: text/plain;charset=utf-8\n\n${CHAT_TEXT}\n-------chat0002$\n`,
    ),
    by('next hop', `MSRP chat0002 200 OK\n${down}-------chat0002$\n`),

    by(
      'next hop',
      `MSRP cpim0003 SEND\n${down}Message-ID: 3.cpim\nByte-Range: 1-*/*\nContent-Type: message/cpim\n\n` +
        'From: <sip:anonymous@anonymous.invalid>\nTo: <sip:alice@example.com>\nDateTime: 2026-03-01T12:00:00Z\n\n' +
        'Content-Type: text/html; charset=utf-8\n\n<p>“quoted” & 🎉</p>\n-------cpim0003$\n',
    ),
    by('client', `MSRP cpim0003 200 OK\n${up}-------cpim0003$\n`),

    {
      by: 'client',
      octets: Buffer.concat([
        wire(
          `MSRP file0004 SEND\n${up}Message-ID: 4.file\nSuccess-Report: yes\nByte-Range: 1-${BINARY_BODY.length}/*\n` +
            'Content-Type: image/png\n\n',
        ),
        BINARY_BODY,
        wire('\n-------file0004+\n'),
      ]),
    },
    by('next hop', `MSRP file0004 200 OK\n${down}-------file0004$\n`),
    by(
      'client',
      `MSRP file0005 SEND\n${up}Message-ID: 4.file\nByte-Range: 279-*/*\nContent-Type: image/png\n\n\n-------file0005#\n`,
    ),
    by(
      'next hop',
      `MSRP report06 REPORT\n${down}Message-ID: 4.file\nByte-Range: 1-278/278\nStatus: 000 200 OK\n-------report06$\n`,
    ),

    // RFC 7701
    by('client', `MSRP nick0007 NICKNAME\n${up}Use-Nickname: "Zoë 🦊"\n-------nick0007$\n`),
    by('next hop', `MSRP nick0007 425 Nickname reserved or already in use\n${down}-------nick0007$\n`),
  ];
}

function by(speaker: Said['by'], text: string): Said {
  return { by: speaker, octets: wire(text) };
}

function wire(text: string): Buffer {
  return Buffer.from(text.replaceAll('\n', '\r\n'));
}

/** One end of a connection. */
export type Talker = Pick<Peer, 'receive'> & { send(bytes: Buffer): void };

/** Plays it: each message is sent when the one before has arrived, which it must octet by octet. */
export async function converse(client: Talker, nextHop: Talker, said: readonly Said[]): Promise<void> {
  for (const { by: speaker, octets } of said) {
    const [from, to] = speaker === 'client' ? [client, nextHop] : [nextHop, client];
    from.send(octets);
    expect((await to.receive(octets.length)).toString('latin1')).toBe(octets.toString('latin1'));
  }
}

/** The client ends it, and the next hop agrees. */
export async function hangUp(client: Peer, nextHop: Peer): Promise<void> {
  client.finish();
  expect(await nextHop.end).toBe('fin');
  nextHop.finish();
  expect(await client.end).toBe('fin');
}
