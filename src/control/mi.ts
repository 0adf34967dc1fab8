/**
 * The management interface: JSON-RPC 2.0 as OpenSIPS speaks it, whatever carried the request. The replies are its own
 * to the letter, so that opensips-cli and scripts written for it find what they know.
 */
import { memberSource } from './json-source.js';
import { fault, invalidParams, type Command, type CommandTable, type MiResponse } from './mi-command.js';

/**
 * Octets of a request. Real ones have a hundred; the bound is also what bounds the nesting, which neither JSON.parse
 * nor anything here walks recursively.
 */
export const MAX_REQUEST = 65_536;

export type MiOutcome =
  /** `unparsable`: the request was no JSON; over HTTP that is a status of its own. */
  | { readonly kind: 'reply' | 'unparsable'; readonly text: string }
  /** The request was a notification [JSON-RPC 2.0 §4.1]. */
  | { readonly kind: 'silence' };

export interface MiRequest {
  readonly method: string;
  /** undefined: none, which is also what an empty array or object says. */
  readonly params: readonly unknown[] | Readonly<Record<string, unknown>> | undefined;
}

const PARSE_ERROR = fault(-32700, 'Parse error');
const INVALID_REQUEST = fault(-32600, 'Invalid Request');
const METHOD_NOT_FOUND = fault(-32601, 'Method not found');
const SERVER_ERROR = fault(-32000, 'Server error');

export type OnThrow = (method: string, thrown: unknown) => void;

/**
 * Answers one request.
 * @param onThrow told what a command threw; the caller of the command only learns "Server error"
 */
export async function handleMi(
  request: string | Uint8Array,
  commands: CommandTable,
  onThrow: OnThrow = () => {},
): Promise<MiOutcome> {
  if (Buffer.byteLength(request) > MAX_REQUEST) return { kind: 'reply', text: refuseTooLong() };
  const text = decode(request);
  const json = text === null ? undefined : parse(text);
  if (text === null || json === undefined) return { kind: 'unparsable', text: write(PARSE_ERROR, 'null') };
  // Batches are arrays, and OpenSIPS answers those as what is not an object: Invalid Request.
  if (!isObject(json)) return reply(INVALID_REQUEST, 'null');

  const id = memberSource(text, 'id');
  const call = asRequest(json);
  if (call === null) return reply(INVALID_REQUEST, id ?? 'null');
  const response = await dispatch(call, commands, onThrow);
  return id === undefined ? { kind: 'silence' } : reply(response, id);
}

/** What a request over MAX_REQUEST gets. */
export function refuseTooLong(): string {
  return write(fault(-32600, 'Invalid Request', `longer than ${MAX_REQUEST} octets`), 'null');
}

/** In the place of a reply that its transport cannot carry. */
export function refuseLargeReply(large: string, most: number): string {
  const why = `the reply has ${Buffer.byteLength(large)} octets, and this transport carries ${most}`;
  return write(fault(-32000, 'Server error', why), memberSource(large, 'id') ?? 'null');
}

function decode(request: string | Uint8Array): string | null {
  if (typeof request === 'string') return request;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(request);
  } catch {
    return null;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asRequest({ jsonrpc, method, params }: Readonly<Record<string, unknown>>): MiRequest | null {
  if (jsonrpc !== '2.0' || typeof method !== 'string') return null;
  if (params === undefined) return { method, params };
  if (Array.isArray(params)) return { method, params: params.length === 0 ? undefined : params };
  if (isObject(params)) return { method, params: Object.keys(params).length === 0 ? undefined : params };
  return null;
}

/** Runs a command, whatever the form of the request was. Never rejects. @param onThrow as of handleMi */
export async function dispatch(
  { method, params }: MiRequest,
  commands: CommandTable,
  onThrow: OnThrow,
): Promise<MiResponse> {
  const command = commands.get(method);
  if (command === undefined) return METHOD_NOT_FOUND;
  try {
    return await run(command, params);
  } catch (thrown) {
    onThrow(method, thrown);
    return SERVER_ERROR;
  }
}

/** Finds the recipe as OpenSIPS does: by the number of parameters, then by their names. */
function run({ recipes }: Command, params: MiRequest['params']): MiResponse | Promise<MiResponse> {
  const count = params === undefined ? 0 : Object.keys(params).length;
  const candidates = recipes.filter((recipe) => recipe.params.length === count);
  const [first, ...others] = candidates;
  if (first === undefined) return invalidParams('Too few or too many parameters');
  if (params === undefined) return first.run();
  if (isPositional(params)) {
    return others.length === 0 ? first.run(...params) : invalidParams('Ambiguous call, use named parameters instead');
  }
  const recipe = candidates.find((candidate) => candidate.params.every((name) => Object.hasOwn(params, name)));
  return recipe?.run(...recipe.params.map((name) => params[name])) ?? invalidParams('Named parameters do not match');
}

function isPositional(params: NonNullable<MiRequest['params']>): params is readonly unknown[] {
  return Array.isArray(params);
}

function reply(response: MiResponse, id: string): MiOutcome {
  return { kind: 'reply', text: write(response, id) };
}

/** In OpenSIPS' order of members. `id` is JSON already. */
function write(response: MiResponse, id: string): string {
  const answer =
    'error' in response ? `"error":${JSON.stringify(response.error)}` : `"result":${JSON.stringify(response.result)}`;
  return `{"jsonrpc":"2.0",${answer},"id":${id}}`;
}
