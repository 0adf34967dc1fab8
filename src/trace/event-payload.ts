import type { ConnectionFacts, Ending, FailedAttempt, Leg, LinkFacts, Proto, TimedOutTransaction } from '../events.js';
import { type Endpoint, UNSPECIFIED, formatEndpoint } from '../lib/address.js';
import { REASONS, shownDetail, type Reason } from '../lib/reasons.js';

/** An event as it is traced: the keys of OpenSIPS' trace events first, then this project's own. */
export interface EventPayload {
  readonly Protocol: 'MSRP' | 'MSRPS';
  readonly Event: 'ACCEPTED' | 'CONNECTED' | 'CLOSED' | 'TRANSACTION';
  readonly Status: 'SUCCESS' | 'FAILURE';
  readonly Message: string;
  readonly Leg: Leg;
  readonly Link: string;
  readonly Source: string;
  readonly Destination: string;
  Session?: string;
  readonly Reason?: Reason;
  readonly BytesIn?: number;
  readonly BytesOut?: number;
  readonly MessagesIn?: number;
  readonly MessagesOut?: number;
  /** Seconds. */
  readonly Duration?: number;
  readonly Method?: string;
  readonly TransactionId?: string;
  /** Seconds since the last octet of the request. */
  readonly Age?: number;
  /** How many failures it stands for; left out: one. */
  readonly Count?: number;
}

/** An event with the addresses of its packet. */
export interface TraceEvent {
  readonly payload: EventPayload;
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** ACCEPTED or CONNECTED. The source is who opened the connection. */
export function opened({ id }: LinkFacts, connection: ConnectionFacts): TraceEvent {
  const { leg, near, far } = connection;
  const accepted = leg === 'downstream';
  const [source, destination] = accepted ? [far, near] : [near, far];
  return {
    source,
    destination,
    payload: {
      Protocol: protocol(connection.proto),
      Event: accepted ? 'ACCEPTED' : 'CONNECTED',
      Status: 'SUCCESS',
      Message: accepted ? 'Connection accepted...' : 'Successfully connected...',
      Leg: leg,
      Link: id,
      Source: formatEndpoint(source),
      Destination: formatEndpoint(destination),
    },
  };
}

/** An accept or a dial that gave no connection. */
export function failed(attempt: FailedAttempt): TraceEvent {
  const { leg, near, far, name, reason } = attempt;
  const accepted = leg === 'downstream';
  const [source, destination] = accepted ? [far, near] : [near, far];
  return {
    source,
    destination,
    payload: {
      Protocol: protocol(attempt.proto),
      Event: accepted ? 'ACCEPTED' : 'CONNECTED',
      Status: 'FAILURE',
      Message: `${accepted ? 'Failed to accept' : 'Failed to connect'}... ${explain(reason, attempt.detail)}`,
      Leg: leg,
      Link: attempt.link,
      Source: formatEndpoint(source),
      Destination: far.ip === UNSPECIFIED.ip && !accepted && name !== undefined ? name : formatEndpoint(destination),
      Reason: reason,
    },
  };
}

/** CLOSED. The source is who sent the first FIN or RST. */
export function closed({ id }: LinkFacts, connection: ConnectionFacts, ending: Ending): TraceEvent {
  const { near, far } = connection;
  const [source, destination] = ending.by === 'far' ? [far, near] : [near, far];
  return {
    source,
    destination,
    payload: {
      Protocol: protocol(connection.proto),
      Event: 'CLOSED',
      Status: ending.status,
      Message: explain(ending.reason, ending.detail),
      Leg: connection.leg,
      Link: id,
      Source: formatEndpoint(source),
      Destination: formatEndpoint(destination),
      Reason: ending.reason,
      BytesIn: connection.bytesIn,
      BytesOut: connection.bytesOut,
      MessagesIn: connection.messagesIn,
      MessagesOut: connection.messagesOut,
      Duration: Math.max(0, ending.at - connection.openedAt) / 1_000_000,
    },
  };
}

/** TRANSACTION: a request got no response. The source is who sent it, on the connection that it came in on. */
export function timedOut(
  { id }: LinkFacts,
  connection: ConnectionFacts,
  { method, transactionId, age }: TimedOutTransaction,
): TraceEvent {
  const { leg, near, far } = connection;
  return {
    source: far,
    destination: near,
    payload: {
      Protocol: protocol(connection.proto),
      Event: 'TRANSACTION',
      Status: 'FAILURE',
      Message: REASONS.transaction_timeout,
      Leg: leg,
      Link: id,
      Source: formatEndpoint(far),
      Destination: formatEndpoint(near),
      Reason: 'transaction_timeout',
      Method: method,
      TransactionId: transactionId,
      Age: Math.round(age) / 1_000,
    },
  };
}

/** A failure, in the words of one of many that have no events of their own. */
export function standingFor(event: TraceEvent, count: number): TraceEvent {
  return { ...event, payload: { ...event.payload, Count: count } };
}

/**
 * JSON (homer5_on 0), or text parts joined by `delimiter` (homer5_on 1): OpenSIPS' four, then key=value.
 */
export function encodeEvent(event: EventPayload, session: string, delimiter: string | null): Buffer {
  const { Protocol, Event, Status, Message, Leg: leg, Link, Source, Destination, ...rest } = event;
  const all = {
    Protocol,
    Event,
    Status,
    Message,
    Leg: leg,
    Link,
    Source,
    Destination,
    ...(session === '' ? {} : { Session: session }),
    ...rest,
  };
  if (delimiter === null) return Buffer.from(JSON.stringify(all));
  const own = Object.entries(all).slice(4);
  return Buffer.from(
    [Protocol, Event, Status, Message, ...own.map(([key, value]) => `${key}=${value}`)].join(delimiter),
  );
}

function protocol(proto: Proto): 'MSRP' | 'MSRPS' {
  return proto === 'msrp' ? 'MSRP' : 'MSRPS';
}

function explain(reason: Reason, detail: string): string {
  const text = REASONS[reason];
  return detail === '' || detail === text ? text : `${text} (${shownDetail(detail)})`;
}
