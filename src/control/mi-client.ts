/** One call to the MI of a running msrptap, over HTTP. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { MiResponse } from './mi-command.js';

/** Whom a caller believes to be the msrptap that is meant. */
export interface MiTrust {
  /** PEM; null: the CAs that come with Node.js. */
  readonly ca: readonly Buffer[] | null;
  /** The name in its certificate; undefined: the host of the URL. */
  readonly name?: string | undefined;
}

export interface MiCall {
  /** Of the MI, as http://127.0.0.1:8888/mi */
  readonly url: string;
  readonly token?: string | undefined;
  /** For https. */
  readonly trust?: MiTrust | undefined;
  readonly method: string;
  readonly params?: readonly unknown[] | Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds; longer than a command takes. */
  readonly timeout?: number;
}

const TIMEOUT = 10_000;

/** Octets of a reply. All links there may be make a few million; a bound, because anything may listen at the URL. */
const MAX_REPLY = 16 * 1_048_576;

/**
 * @throws MsrptapError mi_unreachable when nobody answers there, mi_failed when what answers is no MI or wants a token
 */
export async function callMi(call: MiCall): Promise<MiResponse> {
  const { status, body } = await post(call);
  if (status === 401) {
    const cause = call.token === undefined ? 'it wants a token' : 'it does not accept this token';
    throw new MsrptapError(
      'mi_failed',
      `${call.url}: ${cause}: give the one that httpd.token or httpd.token_file sets, as MSRPTAP_TOKEN in the environment or with --token`,
    );
  }
  const response = readReply(body);
  if (response !== null) return response;
  throw new MsrptapError('mi_failed', `${call.url}: HTTP ${status} and no JSON-RPC reply: is it msrptap's httpd?`);
}

async function post({ url, token, trust, method, params, timeout = TIMEOUT }: MiCall) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  try {
    return await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const signal = AbortSignal.timeout(timeout);
      const target = new URL(url);
      const options = { method: 'POST', headers, agent: false, signal, ...tlsOptions(trust) };
      const request = target.protocol === 'https:' ? httpsRequest : httpRequest;
      request(target, options, (response) => {
        read(response).then((text) => resolve({ status: response.statusCode ?? 0, body: text }), reject);
      })
        .on('error', (error) => reject(signal.aborted ? new Error(`no reply within ${timeout} ms`) : error))
        .end(body);
    });
  } catch (error) {
    throw unreachable(url, error);
  }
}

function tlsOptions(trust: MiTrust | undefined): { ca?: Buffer[]; servername?: string } {
  return {
    ...(trust === undefined || trust.ca === null ? {} : { ca: [...trust.ca] }),
    ...(trust?.name === undefined ? {} : { servername: trust.name }),
  };
}

async function read(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_REPLY) throw new Error(`a reply of more than ${MAX_REPLY} octets`);
    parts.push(part);
  }
  return Buffer.concat(parts, size).toString('utf8');
}

/** Objects and lists in each other: no reply has more than a few, and who shows one goes down into all of them. */
const MAX_NESTING = 32;

/** null: it is no reply of an MI. */
export function readReply(body: string): MiResponse | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null || !('jsonrpc' in json) || isNested(json, MAX_NESTING)) return null;
  if ('result' in json) return { result: json.result };
  if (!('error' in json) || typeof json.error !== 'object' || json.error === null) return null;
  const { error } = json;
  if (!('code' in error) || typeof error.code !== 'number') return null;
  if (!('message' in error) || typeof error.message !== 'string') return null;
  const { code, message } = error;
  return { error: 'data' in error ? { code, message, data: error.data } : { code, message } };
}

/** Whether there are more than so many in each other. */
function isNested(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isNested(inner, levels - 1));
}

function unreachable(url: string, cause: unknown): MsrptapError {
  const help = isCertificateProblem(cause)
    ? 'give the CA that signed the certificate of httpd.tls_domain with --ca, and a URL with a name of that certificate'
    : 'is msrptap running, and are httpd.ip, httpd.port, httpd.tls_domain and mi_http.root those of this URL?';
  return new MsrptapError('mi_unreachable', `no MI at ${url} (${messageOf(cause)}): ${help}`, { cause });
}

/** What Node.js finds wrong with a certificate, in the words of OpenSSL but for the first. */
const CERTIFICATE_PROBLEM = /^(?:ERR_TLS_CERT_ALTNAME_INVALID|CERT_.*|UNABLE_TO_.*|.*SELF_SIGNED.*)$/;

function isCertificateProblem(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && CERTIFICATE_PROBLEM.test(String(cause.code));
}
