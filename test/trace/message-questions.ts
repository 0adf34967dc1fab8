/** Messages as the tracer gives them to a filter. */
import { Parser } from '#src/msrp/parser.js';
import type { MessageQuestion } from '#src/trace/filter-message.js';
import { hold } from '#src/trace/message-held.js';
import { octetsNeeded, type MirrorRules } from '#src/trace/mirror.js';

export const RULES: MirrorRules = { trace_body: 'text', trace_max_payload: 12_288 };

export const TO_PATH = 'To-Path: msrp://relay.example.com:2855/r1;tcp msrp://bob.example.com:8888/9di4ea;tcp';
export const FROM_PATH = 'From-Path: msrp://alice.example.com:7654/iau39s;tcp';

/** @param type '' for no body */
export function send(body: string, type = 'text/plain', headers: readonly string[] = []): string {
  const head = ['MSRP d93kswow SEND', TO_PATH, FROM_PATH, 'Message-ID: 12339', ...headers];
  const content = type === '' ? [] : [`Content-Type: ${type}`, '', body];
  return [...head, ...content, '-------d93kswow$', ''].join('\r\n');
}

/** Of the first message in `text`, which may be cut short. */
export function question(text: string | Buffer, rules: Partial<MirrorRules> = {}): MessageQuestion {
  const all = { ...RULES, ...rules };
  const octets = Buffer.from(text);
  const parser = new Parser();
  parser.parse(octets);
  const piece = parser.pieces[0];
  if (piece === undefined) throw new Error('no message');
  const { message, start, end } = piece;
  const held = hold(message, octets.subarray(start, Math.min(end, start + octetsNeeded(message, all))), all);
  // As the read's buffer, which is used again.
  octets.fill('X');
  return { held, rules: all, direction: 'up', si: '10.0.0.1', sp: 40_000 };
}
