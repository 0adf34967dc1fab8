import { printable } from '../lib/printable.js';

const MAX_TEXT = 300;

/** The text of a traced connection event, and which event it is. */
export interface EventText {
  readonly event: string;
  readonly text: string;
}

/** Reads an event's JSON payload, OpenSIPS' own included. @returns null when the payload is something else */
export function readEvent(payload: Buffer): EventText | null {
  const fields = parse(payload);
  if (fields === null) return null;
  const { Protocol, Event, Status, Leg, Message, Reason } = fields;
  if (typeof Protocol !== 'string' || typeof Event !== 'string' || typeof Status !== 'string') return null;
  const words = [Protocol, Event, Status, Leg, Message].filter((word) => typeof word === 'string');
  if (Status === 'FAILURE' && typeof Reason === 'string') words.push(`(${Reason})`);
  if (Event === 'CLOSED') words.push(figures(fields));
  return { event: Event, text: printable(words.join(' ').trimEnd(), MAX_TEXT) };
}

function parse(payload: Buffer): Readonly<Record<string, unknown>> | null {
  // Most payloads are MSRP: an exception for each of them would cost more than it tells.
  if (payload[0] !== 0x7b) return null;
  try {
    const json: unknown = JSON.parse(payload.toString('utf8'));
    return typeof json === 'object' && json !== null ? { ...json } : null;
  } catch {
    return null;
  }
}

function figures({ BytesIn, BytesOut, Duration }: Readonly<Record<string, unknown>>): string {
  if (typeof BytesIn !== 'number' || typeof BytesOut !== 'number' || typeof Duration !== 'number') return '';
  return `(${BytesIn} bytes in, ${BytesOut} out, ${Duration.toFixed(3)} s)`;
}
