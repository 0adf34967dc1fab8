/** Every way in which a connection can fail or end has a Reason, stands in docs/reasons.md, and is brought about by a test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REASONS, type Reason } from '#src/lib/reasons.js';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/reasons.md'), 'utf8');

const lines = page.split('\n').filter((line) => line.startsWith('| `'));

/** The first cells of the table, with the codes in each. */
const rows = lines.map((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, code = '']) => code));

/** The file below test/, and the title of the test. */
const BROUGHT_ABOUT_BY: Readonly<Record<Reason, readonly [file: string, title: string]>> = {
  max_connections: [
    'e2e/max-connections',
    '3,000 connections on a limit of 1,000: 1,000 live, 2,000 are reset, and those that live work on',
  ],
  connections_per_source: ['e2e/limits', 'connections_per_source: one more from an address, and then one has gone'],
  accept_rate: ['e2e/limits', 'accept_rate: more in a second'],
  accept_rate_per_source: ['e2e/limits', 'accept_rate_per_source: more from one address in a second'],
  buffer_full: [
    'e2e/limits',
    'buffer_full: with limits.buffer of slow readers nobody new is let in, and those that are there go on',
  ],
  open_files: ['e2e/reasons', '%s: the open-file limit'],
  tls_handshake_timeout: ['e2e/tls-accept', 'tls_handshake_timeout: a client that says nothing'],
  tls_handshake_failed: ['e2e/tls-accept', 'a client that gives up inside the handshake with a %s'],
  tls_no_domain: ['e2e/tls-accept', 'a server name that no domain is for'],
  tls_expected: ['e2e/bad-input', 'plain MSRP on a TLS socket: an accept that failed'],
  tls_unexpected: ['e2e/tls-mismatch', 'a next hop that answers in TLS to plain MSRP: upstream: msrps:'],
  tls_version_mismatch: ['e2e/tls-mismatch', 'a next hop with another version'],
  tls_cipher_mismatch: ['e2e/tls-domains', 'ciphers_list and ec_curve'],
  tls_certificate_required: ['e2e/tls-accept', 'tls_certificate_required: a client without a certificate'],
  tls_certificate_untrusted: ['e2e/tls-accept', 'tls_certificate_untrusted: a client with a certificate of another CA'],
  tls_certificate_expired: ['e2e/tls-dial', 'an expired certificate'],
  tls_certificate_wrong_name: ['e2e/tls-dial', 'a certificate for another address'],
  tls_certificate_revoked: [
    'e2e/tls-revocation',
    'a list that is over does not make what it revoked good again, nor what it did not',
  ],
  tls_crl_unusable: [
    'e2e/tls-revocation',
    'a list that is over does not make what it revoked good again, nor what it did not',
  ],
  tls_certificate_invalid: [
    'e2e/tls-accept',
    'tls_certificate_invalid: a client with a certificate that is for servers alone',
  ],
  tls_certificate_refused: ['e2e/tls-mismatch', 'a client that does not trust the certificate of the server_domain'],
  proxy_header_invalid: ['e2e/proxy-protocol', '%s from who has to send one'],
  proxy_header_timeout: ['e2e/proxy-protocol', 'no header in time'],
  proxy_header_forbidden: [
    'e2e/proxy-protocol',
    'a header from elsewhere is refused, of both versions, with TLS or without',
  ],
  to_path_invalid: ['e2e/to-path', 'a request without To-Path'],
  to_path_forbidden: ['e2e/to-path', 'an address or a port that is not allowed'],
  to_path_timeout: ['e2e/to-path', 'nothing in time'],
  to_path_overflow: ['e2e/to-path', 'too much before it'],
  loop: ['e2e/to-path', 'two that send by To-Path, pointed at each other'],
  connect_refused: ['e2e/next-hop-failures', 'a next hop that refuses on %s: a RST, never a clean end'],
  connect_timeout: [
    'e2e/next-hop-failures',
    'a next hop that never answers: connect_timeout, and what was said until then is mirrored',
  ],
  connect_unreachable: ['e2e/reasons', 'a next hop that no route leads to'],
  connect_failed: ['e2e/reasons', 'a next hop that cannot be dialled for any other reason'],
  local_ports: ['e2e/reasons', 'no local port is left'],
  dns_not_found: ['e2e/reasons', 'a name that nobody has (%s)'],
  dns_failed: ['e2e/reasons', 'a name server that fails'],
  dns_timeout: ['e2e/reasons', 'a name server that does not answer'],
  transaction_timeout: ['e2e/transactions', 'transaction_timeout: a request that nobody answers'],
  peer_closed: ['e2e/next-hop-failures', 'a next hop that closes a new connection cleanly: so does the client see it'],
  link_closed: ['e2e/endings', 'a client that resets: so does the next hop see it'],
  reset: ['e2e/endings', 'a client that resets: so does the next hop see it'],
  timed_out: ['net/connection', '%s is %s'],
  tls_error: ['e2e/reasons', 'a client that breaks TLS'],
  socket_error: ['net/connection', '%s is %s'],
  send_timeout: ['e2e/endings', 'send_timeout: a reader takes nothing while there is something to send'],
  first_byte_timeout: ['e2e/limits', 'first_byte_timeout: nobody says anything'],
  message_timeout: ['e2e/limits', 'message_timeout: a message that does not go on'],
  idle_timeout: ['e2e/endings', 'idle_timeout: nobody says a word'],
  half_close_timeout: ['e2e/endings', 'half_close_timeout: the other side never ends'],
  parse_error: ['e2e/bad-input', 'from a next hop: the same, the other way round'],
  headers_too_large: ['e2e/bad-input', 'a header section of 17 KiB'],
  too_many_headers: ['e2e/limits', '%s: limits.%s'],
  path_too_long: ['e2e/limits', 'path_too_long: limits.path_uris'],
  max_msg_chunks: ['e2e/max-msg-chunks', "a drip-fed message is dropped with the document's 4"],
  drained: ['e2e/drain', 'after drain_timeout cuts what has not ended'],
  closed_by_mi: ['e2e/mi-links', 'close resets one link, with a reason, and no other'],
  internal_error: ['e2e/reasons', 'a fault inside msrptap costs one link'],
};

test('the page has each code of REASONS once, and no other', () => {
  expect(rows.flat().toSorted()).toEqual(Object.keys(REASONS).toSorted());
});

test('each row says what happened, and what to do', () => {
  for (const line of lines) {
    const [event, happened, todo] = line.split('|').slice(2, 5);
    for (const name of (event ?? '').trim().split(', '))
      expect(['ACCEPTED', 'CONNECTED', 'TRANSACTION', 'CLOSED']).toContain(name);
    expect(happened?.trim(), line).not.toBe('');
    expect(todo?.trim(), line).not.toBe('');
  }
});

test.each(['tls.md', 'next-hop.md'])('what the page leaves to %s stands there', (file) => {
  const text = readFileSync(join(ROOT, 'docs', file), 'utf8');
  const row = lines.filter((line) => line.includes(`](${file}#`));
  expect(row).not.toEqual([]);
  for (const [, code = ''] of row.join('\n').matchAll(/`([a-z_]+)`/g)) expect(text).toContain(`| \`${code}\` `);
});

test.each(Object.entries(BROUGHT_ABOUT_BY))('%s is what a test is about', (reason, [file, title]) => {
  expect(statement(readFileSync(join(ROOT, 'test', `${file}.test.ts`), 'utf8'), title), `${file}: ${title}`).toMatch(
    new RegExp(`\\b${reason}\\b`),
  );
});

/** The whole call of the test with that title, its table of cases included, as the formatter sets it. */
function statement(source: string, title: string): string {
  const calls = source.match(/^( *)test\b[^]*?^\1\}\);$/gm) ?? [];
  return (
    calls.find((call) => [`'${title}'`, `"${title}"`, `\`${title}\``].some((each) => call.includes(each))) ?? 'none'
  );
}
