import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { readConfig } from '../config.js';
import type { Environment } from '../config/token.js';
import { callMi, type MiCall } from '../control/mi-client.js';
import type { MiError, MiResponse } from '../control/mi-command.js';
import { canonicalIp, formatEndpoint } from '../lib/address.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { ExitStatus, Terminal } from './command.js';
import { printable, printableJson } from '../lib/printable.js';

export interface MiArguments {
  /** The configuration of the msrptap that is called. */
  readonly file: string | undefined;
  /** Counts in place of the file's httpd. */
  readonly url: string | undefined;
  /** Counts in place of the file's httpd.token, and of MSRPTAP_TOKEN. */
  readonly token: string | undefined;
  /** A file of CAs in PEM, for https. */
  readonly ca: string | undefined;
  /** METHOD, then k=v or values. */
  readonly words: readonly string[];
}

/** What a configuration that says nothing of it comes to. */
const DEFAULT_URL = 'http://127.0.0.1:8888/mi';

/** Where to dial what listens on every address of this machine. */
const DIALLED: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

const MAX_ERROR = 1_000;

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}

/** `msrptap mi`: prints the result as opensips-cli does; an error ends with 1. */
export async function mi({ file, url, token, ca, words }: MiArguments, terminal: Terminal): Promise<ExitStatus> {
  const call = readCall(words);
  if (url !== undefined && !isHttpUrl(url)) {
    throw new MsrptapError('usage', `--url: ${url} is no URL like ${DEFAULT_URL}`);
  }
  const own = token ?? terminal.token;
  const from: Target =
    file === undefined ? { url: DEFAULT_URL, token: own, trust: { ca: null } } : fromConfig(file, url, { token: own });
  const trust = ca === undefined ? from.trust : { ...from.trust, ca: [readPem(ca)] };
  const response = await callMi({ ...call, url: url ?? from.url, token: token ?? from.token, trust });
  if ('error' in response) {
    terminal.complain(`msrptap: ${replyText(response)}`);
    return 1;
  }
  terminal.print(replyText(response));
  return 0;
}

type Params = readonly string[] | Readonly<Record<string, string>> | undefined;

const NAMED = /^([A-Za-z_]\w*)=([^]*)$/;

/** @throws MsrptapError usage */
function readCall([method, ...words]: readonly string[]): { readonly method: string; readonly params: Params } {
  if (method === undefined) throw new MsrptapError('usage', 'mi needs a METHOD, as in: msrptap mi msrp_trace');
  if (words.length === 0) return { method, params: undefined };
  const named = words.map((word) => NAMED.exec(word)).filter((match) => match !== null);
  if (named.length === 0) return { method, params: words };
  if (named.length < words.length) {
    throw new MsrptapError('usage', 'parameters are either all named, as name=value, or all plain values: not both');
  }
  const params = new Map(named.map(([, name = '', value = '']) => [name, value]));
  if (params.size < named.length) throw new MsrptapError('usage', 'a parameter is given twice');
  return { method, params: Object.fromEntries(params) };
}

type Target = Pick<MiCall, 'url' | 'token' | 'trust'>;

/** @throws MsrptapError config_unreadable, config_invalid, usage */
function fromConfig(file: string, url: string | undefined, environment: Environment): Target {
  const { httpd, mi_http, tls_mgm } = readConfig(file, environment);
  if (httpd.port === 0 && url === undefined) {
    throw new MsrptapError(
      'usage',
      `${file} leaves httpd.port to the system (0): give --url, as "ready" in the log tells`,
    );
  }
  const ip = DIALLED[canonicalIp(httpd.ip)] ?? httpd.ip;
  const at = `${formatEndpoint({ ip, port: httpd.port })}/${mi_http.root}`;
  const domain = httpd.tls_domain === null ? undefined : tls_mgm.server_domain[httpd.tls_domain];
  if (domain === undefined) return { url: `http://${at}`, token: httpd.token };
  // Its own certificate too: it may be signed by nobody else. Its name is one that callers may use.
  const ca = [domain.certificate, domain.ca_list].filter((path) => path !== null).map(readPem);
  const trust = { ca: [...ca, ...rootCertificates.map((pem) => Buffer.from(pem))], name: httpd.hosts[0] };
  return { url: `https://${at}`, token: httpd.token, ...(url === undefined ? { trust } : { trust: { ca: trust.ca } }) };
}

/** @throws MsrptapError usage */
function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new MsrptapError('usage', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** What is shown of a reply, be it of anybody: lines that neither move a cursor nor turn what is read. */
export function replyText(response: MiResponse): string {
  return 'error' in response ? errorText(response.error) : resultText(response.result);
}

/** JSON with 4 blanks; a text alone as it is. */
function resultText(result: unknown): string {
  if (typeof result === 'string')
    return result
      .split('\n')
      .map((line) => printable(line, Infinity))
      .join('\n');
  return printableJson(JSON.stringify(result, null, 4));
}

function errorText({ code, message, data }: MiError): string {
  const detail = data === undefined ? '' : `: ${typeof data === 'string' ? data : JSON.stringify(data)}`;
  return printable(`error ${code}: ${message}${detail}`, MAX_ERROR);
}
