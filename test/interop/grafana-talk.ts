/** What two endpoints of the scene say to each other. */
import type { Peer } from '../helpers/endpoint.js';
import type { Chat } from '../helpers/wire.js';

export interface Link {
  readonly client: Peer;
  readonly server: Peer;
  readonly chat: Chat;
}

/** Octets. */
const CHUNK = 600;
const CHUNKS = 3;

/** The chunks of a picture that are sent, each with how it goes on or ends. */
export type Picture = readonly (readonly [chunk: number, flag: '+' | '$' | '#'])[];

export const WHOLE: Picture = [
  [0, '+'],
  [1, '+'],
  [2, '$'],
];
export const WITH_A_GAP: Picture = [
  [0, '+'],
  [2, '$'],
];
export const GIVEN_UP: Picture = [
  [0, '+'],
  [1, '#'],
];

export async function sendPicture({ client, server, chat }: Link, picture: Picture): Promise<void> {
  let id: string | null = null;
  for (const [chunk, flag] of picture) {
    const range = `${chunk * CHUNK + 1}-${(chunk + 1) * CHUNK}/${CHUNKS * CHUNK}`;
    const headers = [['Byte-Range', range]] as const;
    const request = chat.ask({ type: 'image/png', body: 'x'.repeat(CHUNK), flag, headers });
    id ??= messageId(request);
    await exchange(client, server, reworded(request, messageId(request), id), (each) => chat.ok(each));
  }
}

/** A message whose sender hears of its arrival, by a REPORT and by an IMDN. */
export async function deliver({ client, server, chat }: Link): Promise<void> {
  const wanted = chat.ask({ body: 'arrived?', headers: [['Success-Report', 'yes']] });
  await exchange(client, server, wanted, (request) => chat.ok(request));
  await carried(server, client, report(chat, wanted, '000 200 OK'));
  await exchange(server, client, chat.tell({ type: 'message/imdn+xml', body: '<imdn/>' }), (request) =>
    chat.ok(request),
  );
}

/** A message that is taken, and then reported not to have arrived, so often. */
export async function failToDeliver({ client, server, chat }: Link, times: number): Promise<void> {
  const request = chat.ask('arrived?');
  await exchange(client, server, request, (each) => chat.ok(each));
  const reports = Array.from({ length: times }, () => report(chat, request, '000 408 Timeout'));
  await carried(server, client, Buffer.concat(reports));
}

export async function typeAlong({ client, server, chat }: Link): Promise<void> {
  const request = chat.ask({ type: 'application/im-iscomposing+xml', body: '<isComposing/>' });
  await exchange(client, server, request, (each) => chat.ok(each));
}

export async function exchange(
  from: Peer,
  to: Peer,
  request: Buffer,
  answer: (request: Buffer) => Buffer,
): Promise<void> {
  await carried(from, to, request);
  await carried(to, from, answer(request));
}

/** By the other side, one way or the other. */
export async function ended(peer: Peer): Promise<void> {
  await peer.end;
  peer.reset();
}

export async function carried(from: Peer, to: Peer, bytes: Buffer): Promise<void> {
  from.send(bytes);
  await to.receive(bytes.length);
}

export function reworded(message: Buffer, from: string, to: string): Buffer {
  return Buffer.from(message.toString('latin1').replace(from, to), 'latin1');
}

function report(chat: Chat, on: Buffer, status: string): Buffer {
  const request = reworded(chat.tell({ headers: [['Status', status]] }), ' SEND', ' REPORT');
  return reworded(request, messageId(request), messageId(on));
}

function messageId(request: Buffer): string {
  const [header = ''] = /Message-ID: \S+/.exec(request.toString('latin1')) ?? [];
  return header;
}
