/** docs/opensips.md goes through the document in its order. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
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

const pages = ['README.md', ...readdirSync(DOCS).map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));

test.each(pages)('every file, and every heading, that %s links to is there', (name) => {
  const file = join(DOCS, '..', name);
  for (const [, link = ''] of readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
    const [path = '', heading] = link.split('#');
    const target = path === '' ? file : resolve(file, '..', path);
    expect(existsSync(target), link).toBe(true);
    if (heading !== undefined) expect(anchors(readFileSync(target, 'utf8')), link).toContain(heading);
  }
});

test('the README leads to each of them', () => {
  const readme = readFileSync(join(DOCS, '../README.md'), 'utf8');
  for (const name of pages.slice(1)) expect(readme).toContain(`](${name})`);
});

/** Its headings, as links name them. */
function anchors(markdown: string): string[] {
  const headings = markdown.matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
