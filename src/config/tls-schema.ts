/** The section tls_mgm: domains by name, keys as in OpenSIPS. */
import { z } from 'zod';
import type { TlsVersion } from '../net/tls-domain.js';
import { oneOrMore, path, read, section, zeroOrOne } from './fields.js';
import type { Parsed } from './parsed.js';
import { MATCH_ADDRESS_FORM, parseAddressPatterns } from './socket.js';

const METHOD_FORM = 'TLSv1_2, TLSv1_3 or TLSv1_2-TLSv1_3';
const MATCH_NAME_FORM = '"*", a host name or "*.HOST", or a list of them';
const NAME_PATTERN = /^(?:\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*)(?:\.[a-z0-9_-]+)*\.?)$/i;

/** Not all digits: JavaScript would put those first, and the first domain that matches is used. */
const domainName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, {
  error: 'must have a name of letters, digits, _, . and -, no digit first',
});

const common = {
  match_ip_address: oneOrMore(read(parseAddressPatterns, MATCH_ADDRESS_FORM), MATCH_ADDRESS_FORM)
    .transform((lists) => lists.flat())
    .prefault('*')
    .describe('Servers: the own socket. Clients: the address that is dialled.'),
  match_sip_domain: oneOrMore(read(parseNamePatterns, MATCH_NAME_FORM), MATCH_NAME_FORM)
    .transform((lists) => lists.flat())
    .prefault('*')
    .describe('Servers: the server name (SNI) of the handshake. Clients: the host as configured.'),
  tls_method: read(parseMethod, METHOD_FORM).prefault('TLSv1_2-TLSv1_3'),
  verify_cert: zeroOrOne().default(1).describe('1: the certificate of the peer is verified.'),
  ca_list: path().nullable().default(null).describe('PEM file. Left out: the CAs that come with Node.js.'),
};

const serverDomain = section({
  ...common,
  certificate: path().describe('PEM file: the certificate, then the intermediate ones.'),
  private_key: path().describe('PEM file.'),
  require_cert: zeroOrOne().default(1).describe('1: a client without a certificate is refused (with verify_cert 1).'),
});

const clientDomain = section({
  ...common,
  certificate: path().nullable().default(null).describe('PEM file. Left out: none is shown.'),
  private_key: path().nullable().default(null).describe('PEM file.'),
}).superRefine(({ certificate, private_key }, context) => {
  if ((certificate === null) === (private_key === null)) return;
  const [given, missing] = certificate === null ? ['private_key', 'certificate'] : ['certificate', 'private_key'];
  context.addIssue({ code: 'custom', path: [given], message: `needs ${missing} beside it; set both or none` });
});

const domains = <T extends z.ZodType>(domain: T) =>
  z.record(domainName, domain, { error: 'must be a section of domains by name' }).default({});

export const domainsSection = section({
  server_domain: domains(serverDomain),
  client_domain: domains(clientDomain),
});

export type ServerDomainSection = z.output<typeof serverDomain>;
export type ClientDomainSection = z.output<typeof clientDomain>;

function parseNamePatterns(given: string): Parsed<readonly string[]> {
  const patterns = given.split(',').map((part) => part.trim());
  if (patterns.every((pattern) => NAME_PATTERN.test(pattern))) return { value: patterns };
  return { problem: `must be ${MATCH_NAME_FORM}, not ${JSON.stringify(given)}` };
}

const VERSIONS: Readonly<Record<string, TlsVersion>> = { tlsv1_2: 'TLSv1.2', tlsv1_3: 'TLSv1.3' };
/** Names that opensips.cfg takes for what RFC 8996 deprecates, and for "whatever there is", which includes that. */
const DEPRECATED = /^(?:sslv2|sslv3|sslv23|tlsv1|tlsv1_0|tlsv1_1|tlsany)$/;

function parseMethod(given: string): Parsed<{ min: TlsVersion; max: TlsVersion }> {
  const names = given.split('-').map((name) => name.trim().toLowerCase());
  const old = names.find((name) => DEPRECATED.test(name));
  if (old !== undefined) {
    return { problem: `must be ${METHOD_FORM}; ${JSON.stringify(given)} is not available in this version` };
  }
  const min = VERSIONS[names[0] ?? ''];
  const max = VERSIONS[names.at(-1) ?? ''];
  if (names.length > 2 || min === undefined || max === undefined || min > max) {
    return { problem: `must be ${METHOD_FORM}, not ${JSON.stringify(given)}` };
  }
  return { value: { min, max } };
}
