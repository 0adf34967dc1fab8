/** The values that labels can have: closed sets, because what a peer sends must not make series. */
import type { Direction, Leg, Proto } from '../events.js';
import { REASONS, type Reason } from '../lib/reasons.js';

export const LEGS: readonly Leg[] = ['downstream', 'upstream'];
export const PROTOS: readonly Proto[] = ['msrp', 'msrps'];
export const REASON_CODES = Object.keys(REASONS).filter((code): code is Reason => code in REASONS);

/** [RFC 4975 §7.1], [RFC 4976 §4.3], [RFC 7701 §8]. */
export const METHODS = ['SEND', 'REPORT', 'AUTH', 'NICKNAME', 'other'] as const;
export type Method = (typeof METHODS)[number];

/** Those that get responses: a REPORT is not answered [RFC 4975 §7.1.2]. */
export const ANSWERED_METHODS: readonly Method[] = METHODS.filter((method) => method !== 'REPORT');

/** The registered ones [IANA, MSRP Response Codes]. */
export const STATUS_CODES = [
  ...(['200', '400', '401', '403', '404', '408', '413', '415'] as const),
  ...(['423', '424', '425', '428', '481', '501', '506', 'other'] as const),
] as const;
export type StatusCode = (typeof STATUS_CODES)[number];

const METHOD_OF: ReadonlyMap<string, Method> = new Map(METHODS.map((method) => [method, method]));
const CODE_OF: ReadonlyMap<number, StatusCode> = new Map(STATUS_CODES.map((code) => [Number(code), code]));

// Nearly all are a SEND or a 200: those are not looked up.

export function methodLabel(method: string): Method {
  if (method === 'SEND') return 'SEND';
  return METHOD_OF.get(method) ?? 'other';
}

export function codeLabel(status: number): StatusCode {
  if (status === 200) return '200';
  return CODE_OF.get(status) ?? 'other';
}

export function perLeg<Value>(make: () => Value): Record<Leg, Value> {
  return { downstream: make(), upstream: make() };
}

export function perDirection<Value>(make: () => Value): Record<Direction, Value> {
  return { up: make(), down: make() };
}
