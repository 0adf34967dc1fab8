/**
 * The text form of MI requests and replies over the FIFO, which the proto_msrp document prints: a command with its
 * arguments a line each; `200 OK`, or a code and a reason, then `name:: value` lines, then an empty line.
 */
import type { CommandTable, MiError, MiResponse } from './mi-command.js';
import { dispatch, type MiRequest, type OnThrow } from './mi.js';

/** What was asked in so many lines. */
export interface TextRequest {
  readonly method: string;
  /** Those between the first line and the empty one. */
  readonly lines: readonly string[];
}

/** The request was cut off: what is not ended by an empty line is not run, for half a command may mean another. */
export const INCOMPLETE = '400 an empty line has to end the request\n\n';
export const TOO_LONG = '400 the request is too long\n\n';

/** Answers one request. Never rejects. @param onThrow told what a command threw */
export async function handleText(
  { method, lines }: TextRequest,
  commands: CommandTable,
  onThrow: OnThrow = () => {},
): Promise<string> {
  const params = paramsIn(lines);
  if (params === null) return failure(method, { code: 400, message: 'parameters are all named or none is' });
  const response = await dispatch({ method, params }, commands, onThrow);
  return 'error' in response ? failure(method, response.error) : success(response);
}

const NAMED = /^\s*(\w+)\s*::\s*([^]*)$/;

/** `name:: value`, or a value alone (also as `:: value`); blanks around it do not count, and quotes keep them. */
function paramsIn(lines: readonly string[]): MiRequest['params'] | null {
  if (lines.length === 0) return undefined;
  const named = lines.map((line) => NAMED.exec(line)).filter((match) => match !== null);
  if (named.length === 0) return lines.map((line) => valueIn(line.replace(/^\s*::/, '')));
  if (named.length < lines.length) return null;
  return Object.fromEntries(named.map(([, name = '', value = '']) => [name, valueIn(value)]));
}

function valueIn(text: string): string {
  const value = text.trim();
  return /^"(?:[^"\\]|\\.)*"$/.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}

function success({ result }: Extract<MiResponse, { result: unknown }>): string {
  return `200 OK\n${result === 'OK' ? '' : tree(undefined, result, 0)}\n`;
}

function failure(method: string, { code, message, data }: MiError): string {
  const reason = data === undefined ? message : `${message}: ${oneLine(data)}`;
  switch (code) {
    case -32601:
      return `500 command '${oneLine(method)}' not available\n\n`;
    case -32602:
      return `400 ${data === undefined ? message : oneLine(data)}\n\n`;
    default:
      return `${code < 0 ? 500 : code} ${reason}\n\n`;
  }
}

/** Members are lines, what is inside them stands below, a tabulator further in; a list is a line for each of its items. */
function tree(name: string | undefined, value: unknown, depth: number): string {
  const start = '\t'.repeat(depth) + (name === undefined ? '' : `${oneLine(name)}:: `);
  if (Array.isArray(value)) return value.map((item: unknown) => tree(name, item, depth)).join('');
  if (typeof value !== 'object' || value === null) return `${start}${value === null ? '' : oneLine(value)}\n`;
  const inner = name === undefined ? depth : depth + 1;
  const members = Object.entries(value).map(([key, member]) => tree(key, member, inner));
  return `${name === undefined ? '' : `${start.trimEnd()}\n`}${members.join('')}`;
}

/** Whatever it holds, it must not look like another line. */
function oneLine(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
