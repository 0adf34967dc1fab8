/** The section tls_mgm: domains by name, keys as in OpenSIPS. */
import { z } from 'zod';
import { TLS_VERSIONS, type TlsVersion } from '../net/tls-domain.js';
import { oneOrMore, path, read, section, text, zeroOrOne } from './fields.js';
import type { Parsed } from './parsed.js';
import { MATCH_ADDRESS_FORM, parseAddressPatterns } from './socket.js';

const METHOD_FORM = 'TLSv1_2, TLSv1_3, a range as TLSv1_2-TLSv1_3, or, for old peers, one that names TLSv1 or TLSv1_1';
const MATCH_NAME_FORM = '"*", a host name or "*.HOST", or a list of them';
const NAME_PATTERN = /^(?:\*|(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*)(?:\.[a-z0-9_-]+)*\.?)$/i;

/** What OpenSSL reads by itself; whether it knows the names is seen when the domain is loaded. */
const ciphersList = () =>
  text(/^[\x21-\x7e]{1,4096}$/, 'a list of ciphers as openssl-ciphers(1) has it, with : between them');
const ecCurve = () =>
  text(/^[A-Za-z0-9_.:-]{1,256}$/, 'the name of a curve, as prime256v1 or X25519, or several with : between them');

/**
 * Not all digits: JavaScript would put those first, and the first domain that matches is used. And not `__proto__`, which
 * each object has by itself.
 */
export const DOMAIN_NAME = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const domainName = z.string().regex(DOMAIN_NAME, {
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
  tls_method: read(parseMethod, METHOD_FORM)
    .prefault('TLSv1_2-TLSv1_3')
    .describe('A version, or a range. An end that is left out: TLSv1_2, TLSv1_3.'),
  verify_cert: zeroOrOne().default(1).describe('1: the certificate of the peer is verified.'),
  ca_list: path().nullable().default(null).describe('PEM file. Without it and ca_dir: the CAs that come with Node.js.'),
  ca_dir: path().nullable().default(null).describe('A folder of PEM files, whose CAs join those of ca_list.'),
  crl_dir: path().nullable().default(null).describe('A folder of PEM CRLs. Left out: revocation is not looked at.'),
  crl_check_all: zeroOrOne()
    .default(0)
    .describe('1: a CRL is needed for every certificate of the chain, not for the first.'),
  ciphers_list: ciphersList()
    .nullable()
    .default(null)
    .describe('As openssl ciphers. Left out: the default of Node.js.'),
  ec_curve: ecCurve()
    .nullable()
    .default(null)
    .describe('Curves and groups, with : between them. Left out: those of OpenSSL.'),
  dh_params: path().nullable().default(null).describe('PEM file. Left out: no DHE ciphers with TLS 1.2.'),
};

/** crl_check_all tells how crl_dir is used. */
function crlsNeedFolder(
  { crl_dir, crl_check_all }: { readonly crl_dir: string | null; readonly crl_check_all: 0 | 1 },
  context: z.RefinementCtx,
): void {
  if (crl_check_all === 0 || crl_dir !== null) return;
  context.addIssue({ code: 'custom', path: ['crl_check_all'], message: 'needs crl_dir beside it; set both or none' });
}

const serverDomain = section({
  ...common,
  certificate: path().describe('PEM file: the certificate, then the intermediate ones.'),
  private_key: path().describe('PEM file.'),
  require_cert: zeroOrOne().default(1).describe('1: a client without a certificate is refused (with verify_cert 1).'),
}).superRefine(crlsNeedFolder);

const clientDomain = section({
  ...common,
  certificate: path().nullable().default(null).describe('PEM file. Left out: none is shown.'),
  private_key: path().nullable().default(null).describe('PEM file.'),
}).superRefine(({ certificate, private_key, ...others }, context) => {
  crlsNeedFolder(others, context);
  if ((certificate === null) === (private_key === null)) return;
  const [given, missing] = certificate === null ? ['private_key', 'certificate'] : ['certificate', 'private_key'];
  context.addIssue({ code: 'custom', path: [given], message: `needs ${missing} beside it; set both or none` });
});

const domains = <T extends z.ZodType>(domain: T) =>
  z.record(domainName, domain, { error: 'must be a section of domains by name' }).default({});

export const domainsSection = section({
  server_domain: domains(serverDomain).describe(
    'For msrps listeners, by name. The one that matches best is used: docs/tls.md.',
  ),
  client_domain: domains(clientDomain).describe(
    'For next hops and HEP destinations over TLS, by name. The one that matches best is used: docs/tls.md.',
  ),
});

export type ServerDomainSection = z.output<typeof serverDomain>;
export type ClientDomainSection = z.output<typeof clientDomain>;

function parseNamePatterns(given: string): Parsed<readonly string[]> {
  const patterns = given.split(',').map((part) => part.trim());
  if (patterns.every((pattern) => NAME_PATTERN.test(pattern))) return { value: patterns };
  return { problem: `must be ${MATCH_NAME_FORM}, not ${JSON.stringify(given)}` };
}

/** `TLSv1_2`, as opensips.cfg writes it, in lower case. */
const VERSIONS: ReadonlyMap<string, TlsVersion> = new Map(
  TLS_VERSIONS.map((version) => [version.replace('.', '_').toLowerCase(), version]),
);
/** Names that opensips.cfg takes for what no OpenSSL has any more, and for "whatever there is", which includes TLSv1. */
const NO_LONGER = /^(?:sslv2|sslv3|sslv23|tlsany)$/i;

/** An end of a range that is left out is not below TLSv1_2: what is deprecated is to be asked for by name. */
function parseMethod(given: string): Parsed<{ min: TlsVersion; max: TlsVersion }> {
  const names = given.split('-').map((name) => name.trim().toLowerCase());
  const [from = '', to = from] = names;
  if (names.some((name) => NO_LONGER.test(name))) {
    return {
      problem: `must be ${METHOD_FORM}, not ${JSON.stringify(given)}; TLSv1_2-TLSv1_3 takes all that is not deprecated`,
    };
  }
  const isRange = names.length === 2;
  const min = VERSIONS.get(isRange && from === '' ? 'tlsv1_2' : from);
  const max = VERSIONS.get(isRange && to === '' ? 'tlsv1_3' : to);
  if (names.length > 2 || min === undefined || max === undefined || min > max) {
    return { problem: `must be ${METHOD_FORM}, not ${JSON.stringify(given)}` };
  }
  return { value: { min, max } };
}
