/** The export `message` of a filter module: what it is given, and what becomes of a message as a function of it. */
import { types } from 'node:util';
import type { Direction } from '../events.js';
import type { Message } from '../msrp/message.js';
import { describeThrown } from './filter-error.js';
import { run, type Control, type RunOutcome } from './filter-run.js';
import { type HeldMessage, payloadOf, restore } from './message-held.js';
import { redact } from './message-redact.js';
import type { MirrorRules } from './mirror.js';

/** One request or response, as it would be mirrored. */
export interface FilteredMessage {
  /** Of a request; null for a response. */
  readonly method: string | null;
  /** Of a response, 0 to 999; null for a request. */
  readonly status: number | null;
  readonly transaction_id: string;
  /** The URIs as they are written, the next hop's first. */
  readonly to_path: readonly string[];
  readonly from_path: readonly string[];
  /** By name, both as written; values of a name that comes more than once are joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** With its parameters; null without a body. */
  readonly content_type: string | null;
  /** What of the body is mirrored otherwise, by trace_body and trace_max_payload: all of it, its beginning, or nothing. */
  readonly body: Buffer;
  /** Octets that the body had. */
  readonly body_length: number;
  /** false: its connection ended before its end-line. */
  readonly complete: boolean;
  /** up: towards the next hop. */
  readonly direction: Direction;
  /** The socket that it came from: OpenSIPS' $si and $sp. */
  readonly si: string;
  readonly sp: number;
}

/** Both end the function where they are called; what they throw to do so is not to be caught, and catching it changes nothing. */
export interface MessageControl extends Control {
  /** This message is not mirrored. */
  readonly drop: () => never;
  /** This message is mirrored as it is, as it is when nothing is returned. */
  readonly exit: () => never;
}

/** What is different in the mirrored copy. */
export interface MessageChange {
  /** Without its body, whatever trace_body says. */
  readonly body?: 'headers' | undefined;
  /** The correlation id of its packet: printable ASCII, at most 255 octets; what is not is replaced or cut. */
  readonly correlation?: string | undefined;
  /** Each match becomes `[redacted]`, headers included. */
  readonly redact?: readonly RegExp[] | undefined;
}

/**
 * Synchronous. Where it throws, hangs or returns anything else, a promise included, the message is mirrored with its
 * headers only.
 */
export type MessageRoute = (message: FilteredMessage, control: MessageControl) => MessageChange | void;

/** A message that a module is asked about. */
export interface MessageQuestion {
  readonly held: HeldMessage;
  readonly rules: MirrorRules;
  readonly direction: Direction;
  readonly si: string;
  readonly sp: number;
}

/** change: something of it was changed; invalid: what was returned says nothing. */
export type JudgeOutcome = RunOutcome | 'change' | 'invalid';

/** What becomes of a message. */
export interface Judgement {
  readonly outcome: JudgeOutcome;
  /** Its body is not mirrored. */
  readonly headersOnly?: boolean;
  readonly correlation?: string;
  /** In place of what would be mirrored. */
  readonly payload?: Uint8Array;
  /** What was wrong, on throw, promise and invalid. */
  readonly error?: string;
}

/** One object each: of those that are alike in a batch only the first is cloned. */
const PLAIN: Readonly<Record<RunOutcome, Judgement>> = {
  drop: { outcome: 'drop' },
  exit: { outcome: 'exit' },
  return: { outcome: 'return' },
  throw: { outcome: 'throw', headersOnly: true },
  promise: { outcome: 'promise', headersOnly: true },
};
const HEADERS_ONLY: Judgement = { outcome: 'change', headersOnly: true };

/** Asks a module about a message. Never throws, whatever the module does. */
export function judge(route: MessageRoute, question: MessageQuestion): Judgement {
  const { outcome, error, returned } = run((control) => route(described(question), control));
  if (error !== undefined) return { outcome, error, headersOnly: true };
  if (outcome !== 'return' || returned === undefined) return PLAIN[outcome];
  try {
    const change = readChange(returned);
    if (typeof change === 'string') return { outcome: 'invalid', error: change, headersOnly: true };
    return changed(question, change);
  } catch (thrown) {
    // A getter, or an expression that is none.
    return { outcome: 'throw', error: describeThrown(thrown), headersOnly: true };
  }
}

function described({ held, direction, si, sp }: MessageQuestion): FilteredMessage {
  const message = restore(held);
  const isRequest = message.kind === 'request';
  return {
    method: isRequest ? message.method : null,
    status: isRequest ? null : message.status,
    transaction_id: message.transactionId,
    to_path: message.toPath,
    from_path: message.fromPath,
    headers: headersOf(message),
    content_type: message.contentType ?? null,
    // A copy: it is the module's to write to.
    body: Buffer.from(held.octets.subarray(held.headLength, held.headLength + message.bodyLength)),
    body_length: message.bodyLength,
    complete: message.complete,
    direction,
    si,
    sp,
  };
}

function headersOf(message: Message): Record<string, string> {
  // Without a prototype: a peer may call a header __proto__.
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of message.headers()) {
    const known = headers[name];
    headers[name] = known === undefined ? value : `${known}, ${value}`;
  }
  return headers;
}

const KEYS: ReadonlySet<string> = new Set(['body', 'correlation', 'redact']);
const FORM = `{ body: 'headers', correlation: 'ID', redact: [/…/] }, each of them optional, or nothing`;

/** @returns what is wrong, when it is no change */
function readChange(returned: unknown): MessageChange | string {
  if (typeof returned !== 'object' || returned === null) {
    return `it returned ${returned === null ? 'null' : `a ${typeof returned}`}; it has to be ${FORM}`;
  }
  const unknown = Object.keys(returned).find((key) => !KEYS.has(key));
  if (unknown !== undefined) return `it returned ${JSON.stringify(unknown)}; it has to be ${FORM}`;
  const { body, correlation, redact: expressions }: { readonly [Key in keyof MessageChange]?: unknown } = returned;
  if (body !== undefined && body !== 'headers') return `the body that it returned is not 'headers'`;
  if (correlation !== undefined && (typeof correlation !== 'string' || correlation === '')) {
    return 'the correlation that it returned is not a text with something in it';
  }
  if (expressions !== undefined && !isListOfExpressions(expressions)) {
    return 'the redact that it returned is not a list of regular expressions';
  }
  return { body, correlation, redact: expressions };
}

function isListOfExpressions(value: unknown): value is RegExp[] {
  return Array.isArray(value) && value.every((each) => types.isRegExp(each));
}

function changed({ held, rules }: MessageQuestion, change: MessageChange): Judgement {
  const { correlation, redact: expressions = [] } = change;
  const headersOnly = change.body === 'headers';
  if (headersOnly && correlation === undefined && expressions.length === 0) return HEADERS_ONLY;
  const shown = headersOnly ? withoutBodies(rules) : rules;
  const payload =
    expressions.length === 0 ? null : redact(payloadOf(held, shown), expressions, rules.trace_max_payload);
  return {
    outcome: 'change',
    ...(headersOnly ? { headersOnly } : {}),
    ...(correlation === undefined ? {} : { correlation }),
    ...(payload === null ? {} : { payload }),
  };
}

export function withoutBodies({ trace_max_payload }: MirrorRules): MirrorRules {
  return { trace_body: 'headers', trace_max_payload };
}
