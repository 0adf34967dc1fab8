import { isUtf8 } from 'node:buffer';
import type { Message } from '../msrp/message.js';
import { Parser } from '../msrp/parser.js';
import { sessionIdOf } from '../msrp/uri.js';
import { printable } from '../lib/printable.js';

const MAX_START_LINE = 120;
const MAX_VALUE = 80;
const MAX_EXCERPT = 80;

/** The markers that stand for what was not mirrored. */
const CUT = /\[msrptap: cut after (\d{1,15}) bytes\]$/;
const LEFT_OUT = /\[msrptap: (\d{1,15}) bytes of [^\r\n\]]{1,255} not mirrored\]$/;
/** Octets that hold the longest marker. */
const MARKER_ROOM = 512;

const TEXT_TYPE = /^(?:text|message)\//i;

/** Headers, other than those that every message has, that say what a message is about. */
const TELLING = ['Status', 'Use-Nickname'] as const;

const FLAGS = { '+': 'more follows', '#': 'aborted' } as const;

/**
 * An MSRP message on one line.
 * @param knownSession what the reader sees anyway, and is not told again
 * @returns null when it is none, or its headers are not whole
 */
export function messageText(payload: Buffer, knownSession: string): string | null {
  const parser = new Parser();
  parser.parse(payload);
  const message = parser.pieces[0]?.message;
  if (message === undefined || !message.headComplete) return null;
  const startLine = message.head.toString('utf8', 0, message.head.indexOf('\r\n'));
  const parts = [printable(startLine, MAX_START_LINE), ...headerWords(message, knownSession)];
  const body = payload.subarray(message.headLength, message.headLength + message.bodyLength);
  if (body.length > 0) parts.push(bodyText(message, body));
  if (message.flag === '+' || message.flag === '#') parts.push(`(${FLAGS[message.flag]})`);
  return parts.join(' ');
}

function headerWords(message: Message, knownSession: string): string[] {
  const words: string[] = [];
  const session = sessionIdOf(message.toPath.at(-1) ?? '');
  if (session !== knownSession && session !== '') words.push(`to ${printable(session, MAX_VALUE)}`);
  for (const name of TELLING) {
    const value = message.header(name);
    if (value !== undefined) words.push(`${name}: ${printable(value, MAX_VALUE)}`);
  }
  const range = message.header('Byte-Range');
  const isPart = message.flag !== '$' || !(range ?? '1-').startsWith('1-');
  if (range !== undefined && isPart) words.push(`Byte-Range: ${printable(range, MAX_VALUE)}`);
  return words;
}

/** Its type, its size before anything was left out of it, and how it begins. */
function bodyText({ contentType = 'no Content-Type' }: Message, body: Buffer): string {
  const { kept, leftOut, cutAfter } = withoutMarkers(body);
  const type = printable(contentType, MAX_VALUE);
  const size = cutAfter === null ? `${kept.length + leftOut} bytes` : `cut after ${cutAfter} bytes of the message`;
  const missing = leftOut === 0 ? '' : ` [msrptap: ${leftOut} bytes not mirrored]`;
  if (kept.length === 0) return `${type} ${size}${missing}`;
  const excerpt =
    isUtf8(kept) || TEXT_TYPE.test(contentType)
      ? `"${printable(readablePart(contentType, kept.toString('utf8')), MAX_EXCERPT)}"`
      : '(not text)';
  return `${type} ${size} ${excerpt}${missing}`;
}

/** What a message/cpim says, without its two header sections [RFC 3862 §2]. */
function readablePart(contentType: string, text: string): string {
  if (!/^message\/cpim\b/i.test(contentType)) return text;
  const content = text.split('\r\n\r\n').slice(2).join('\r\n\r\n');
  return content === '' ? text : content;
}

function withoutMarkers(body: Buffer): { kept: Buffer; leftOut: number; cutAfter: number | null } {
  let kept = body;
  const strip = (marker: RegExp): number | null => {
    const found = marker.exec(kept.toString('latin1', Math.max(0, kept.length - MARKER_ROOM)));
    if (found === null) return null;
    kept = kept.subarray(0, kept.length - found[0].length);
    return Number(found[1]);
  };
  const cutAfter = strip(CUT);
  const leftOut = strip(LEFT_OUT) ?? 0;
  return { kept, leftOut, cutAfter };
}
