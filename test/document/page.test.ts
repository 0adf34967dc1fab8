/** docs/opensips.md goes through the document in its order. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const DOCS = join(import.meta.dirname, '../../docs');
const page = readFileSync(join(DOCS, 'opensips.md'), 'utf8');

test('the parameters and the MI function of the document, in its order', () => {
  const headings = [...page.matchAll(/^#{2,3} ([a-z_]+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual([
    'send_timeout',
    'max_msg_chunks',
    'tls_handshake_timeout',
    'cert_check_on_conn_reusage',
    'trace_destination',
    'trace_on',
    'trace_filter_route',
    'msrp_trace',
  ]);
});

test('each of them is held against what the document says', () => {
  for (const part of page.split(/^### /m).slice(1)) expect(part).toMatch(/^> /m);
});

test.each(['opensips.md', 'configuration.md'])('every file that %s links to is there', (file) => {
  const links = [...readFileSync(join(DOCS, file), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)];
  expect(links.length).toBeGreaterThan(2);
  for (const [, link = ''] of links) expect(existsSync(join(DOCS, link)), link).toBe(true);
});
