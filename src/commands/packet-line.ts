/** HEP packets for people, one line each, and for programs, one JSON object each. */
import { isUtf8 } from 'node:buffer';
import type { HepPacket } from '../hep/decode.js';
import { type Endpoint, formatEndpoint } from '../lib/address.js';
import { readEvent } from './packet-event.js';
import { messageText } from './packet-message.js';
import { printable, printableJson } from '../lib/printable.js';

const MAX_CORRELATION_ID = 80;
const MAX_OTHER = 160;
const MICROS_PER_SECOND = 1_000_000;

export interface PacketLine {
  /** other: neither an MSRP message nor a connection event. */
  readonly kind: 'event' | 'message' | 'other';
  /** Which event it is, as CLOSED; '' for what is none. */
  readonly event: string;
  readonly line: string;
}

/** `time type source → destination [correlation id] what`; nothing in it moves a cursor, and its length is bounded. */
export function packetLine(packet: HepPacket): PacketLine {
  const { kind, event, text } = contentOf(packet);
  const id = printable(packet.correlationId ?? '-', MAX_CORRELATION_ID);
  const pair = `${formatEndpoint(packet.source)} → ${formatEndpoint(packet.destination)}`;
  return { kind, event, line: `${timeOfDay(packet.timeMicros)} ${packet.payloadType} ${pair} [${id}] ${text}` };
}

interface Content extends Omit<PacketLine, 'line'> {
  readonly text: string;
}

function contentOf({ payload, correlationId = '' }: HepPacket): Content {
  const event = readEvent(payload);
  if (event !== null) return { kind: 'event', ...event };
  const isMessage = payload.toString('latin1', 0, 5) === 'MSRP ';
  const text = isMessage ? messageText(payload, correlationId) : null;
  return { kind: isMessage ? 'message' : 'other', event: '', text: text ?? otherText(payload) };
}

function otherText(payload: Buffer): string {
  const size = `${payload.length} bytes`;
  return isUtf8(payload) ? `${size} "${printable(payload.toString('utf8'), MAX_OTHER)}"` : `${size} (not text)`;
}

/** Local time, as whoever sits at the terminal has it. */
function timeOfDay(micros: number): string {
  return `${dateOf(micros).toTimeString().slice(0, 8)}.${fraction(micros)}`;
}

/** Every field of the packet; the payload as text when it is UTF-8, else in base64. */
export function packetJson(packet: HepPacket, from: Endpoint): string {
  const { payload } = packet;
  const object = {
    time: `${dateOf(packet.timeMicros).toISOString().slice(0, 19)}.${fraction(packet.timeMicros)}Z`,
    received_from: formatEndpoint(from),
    source: formatEndpoint(packet.source),
    destination: formatEndpoint(packet.destination),
    family: packet.family,
    protocol: packet.protocol,
    payload_type: packet.payloadType,
    capture_id: packet.captureId,
    node_name: packet.nodeName,
    auth_key: packet.authKey,
    correlation_id: packet.correlationId,
    ...(isUtf8(payload) ? { payload: payload.toString('utf8') } : { payload_base64: payload.toString('base64') }),
  };
  return printableJson(JSON.stringify(object));
}

function dateOf(micros: number): Date {
  return new Date(Math.floor(micros / 1_000));
}

function fraction(micros: number): string {
  return String(micros % MICROS_PER_SECOND).padStart(6, '0');
}
