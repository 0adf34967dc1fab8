/** What an MSRP endpoint answers to a request. Pure, but for the transaction-ids. */
import { randomBytes } from 'node:crypto';
import type { Message } from '../msrp/message.js';
import { writeRequest, writeResponse } from '../msrp/writer.js';

const METHODS: ReadonlySet<string> = new Set(['SEND', 'NICKNAME']);

/** 16 characters; nobody can guess it, so no body holds its end-line [RFC 4975 §7.1]. */
export function newTransactionId(): string {
  return randomBytes(8).toString('hex');
}

/** @returns null when none is due: for a REPORT [RFC 4975 §7.1.2], and where Failure-Report says so [§7.2] */
export function responseTo(request: Message): Buffer | null {
  const [own] = request.toPath;
  const [previous] = request.fromPath;
  if (own === undefined || previous === undefined || request.method === 'REPORT') return null;
  const isKnown = METHODS.has(request.method);
  const wanted = request.header('Failure-Report')?.toLowerCase() ?? 'yes';
  if (request.method === 'SEND' && wanted !== 'yes') return null;
  return writeResponse({
    transactionId: request.transactionId,
    ...(isKnown ? { status: 200, comment: 'OK' } : { status: 501, comment: 'Method not implemented' }),
    // To the previous hop for SEND, back along the whole path for the others [RFC 4975 §7.2].
    toPath: request.method === 'SEND' ? previous : request.fromPath,
    fromPath: own,
  });
}

const RANGE = /^(\d{1,15})-(?:\d{1,15}|\*)\/(\d{1,15}|\*)$/;

/** The success report of one chunk [RFC 4975 §7.1.2]. @returns null when none is asked for */
export function reportOn(send: Message): Buffer | null {
  const messageId = send.header('Message-ID');
  if (send.method !== 'SEND' || send.bodyLength === 0 || messageId === undefined) return null;
  if (send.header('Success-Report')?.toLowerCase() !== 'yes') return null;
  const own = send.toPath.at(-1);
  if (own === undefined || send.fromPath.length === 0) return null;
  const [, start = '1', total = '*'] = RANGE.exec(send.header('Byte-Range') ?? '1-*/*') ?? [];
  const end = Number(start) + send.bodyLength - 1;
  return writeRequest({
    transactionId: newTransactionId(),
    method: 'REPORT',
    toPath: send.fromPath,
    fromPath: own,
    headers: [
      ['Message-ID', messageId],
      ['Byte-Range', `${start}-${end}/${total}`],
      ['Status', '000 200 OK'],
    ],
  });
}

/** The same chat, sent back. @returns null when it is none: only whole texts are echoed */
export function echoOf(send: Message, body: Buffer | null): Buffer | null {
  const contentType = send.contentType ?? '';
  const isWhole = send.flag === '$' && (send.header('Byte-Range') ?? '1-').startsWith('1-');
  if (send.method !== 'SEND' || !isWhole || !/^text\/plain\b/i.test(contentType)) return null;
  const own = send.toPath.at(-1);
  if (body === null || body.length === 0 || own === undefined || send.fromPath.length === 0) return null;
  return writeRequest({
    transactionId: newTransactionId(),
    method: 'SEND',
    toPath: send.fromPath,
    fromPath: own,
    headers: [
      ['Message-ID', newTransactionId()],
      ['Byte-Range', `1-${body.length}/${body.length}`],
    ],
    contentType,
    body,
  });
}
