import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/**
 * The core never imports what observes it, and what is pure imports no sockets: which folder may import which. A name
 * without a slash is a file of src; `types:` allows type imports only.
 */
const RULES: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  msrp: ['lib'],
  net: ['lib', 'msrp'],
  hep: ['lib'],
  sip: ['lib', 'msrp/uri'],
  events: ['types:lib', 'types:msrp', 'types:net'],
  proxy: ['lib', 'msrp', 'net', 'events'],
  trace: ['lib', 'msrp', 'hep', 'events'],
  transactions: ['lib', 'msrp', 'events'],
  sessions: ['lib', 'msrp', 'types:events'],
  config: ['lib', 'types:events', 'types:net', 'net/tls-domain', 'hep'],
  control: ['lib', 'events', 'sessions/kinds', 'types:msrp', 'types:sessions'],
  check: ['lib', 'net', 'trace', 'config'],
  import: ['lib', 'check', 'config'],
  demo: ['lib', 'msrp', 'config', 'app', 'types:events'],
  carrier: ['types:config', 'types:control', 'types:trace/correlations', 'types:trace/spots', 'types:lib'],
  'hep-input': ['lib', 'hep', 'sip', 'types:config'],
  workers: [
    'lib',
    'net',
    'config',
    'control',
    'trace/correlations',
    'trace/filter-watch',
    'trace/spots',
    'traffic',
    'types:carrier',
    'types:events',
  ],
  management: [
    'lib',
    'config',
    'control',
    'hep-input',
    'net/server-tls',
    'net/tls-facts',
    'net/tls-judge',
    'trace/spots',
    'types:carrier',
    'types:net',
  ],
  'handed-on': ['types:carrier', 'types:config', 'types:trace/correlations', 'types:trace/spots', 'types:lib'],
  app: [
    'lib',
    'handed-on',
    'traffic',
    'workers',
    'management',
    'reloader',
    'check',
    'config',
    'control/version',
    'types:control',
    'types:carrier',
  ],
  reloader: ['lib', 'config', 'types:control'],
  traffic: [
    'lib',
    'msrp',
    'net',
    'proxy',
    'trace',
    'transactions',
    'sessions',
    'hep',
    'config',
    'control',
    'types:events',
    'types:carrier',
  ],
  commands: ['lib', 'app', 'check', 'config', 'control', 'demo', 'hep', 'import', 'msrp', 'types:handed-on'],
  cli: ['lib', 'commands', 'control', 'config/token', 'types:handed-on'],
};

/** Node modules that reach outside; what is a function of its input imports none of them. */
const EFFECTS = /^node:(?:net|tls|dgram|dns|http|fs|child_process|worker_threads)/;
/** Of node:net, the functions that only look at a text. */
const ADDRESS_TEST = /^\{(?: isIP(?:v4|v6)?,?)+ \}$/;
const PURE = [
  'msrp/',
  'sip/',
  'import/',
  'hep/packet',
  'hep/decode',
  'hep/stream',
  'trace/mirror',
  'trace/sessions',
  'trace/event-payload',
  'trace/filter-route',
  'trace/filter-message.ts',
  'trace/filter-run',
  'trace/message-',
  'hep/thinning',
  'control/mi.ts',
  'control/commands',
  'control/fifo-requests',
  'control/mi-text',
  'control/link-rows',
  'control/pages',
  'control/families',
  'sessions/',
  'proxy/chunk-budget',
  'proxy/repeated-requests',
  'proxy/to-path.ts',
  'proxy/upstreams',
  'transactions/',
  'net/proxy-protocol',
];

const SRC = resolve(import.meta.dirname, '../src');
const IMPORT = /^(?:import|export)\s+(?<type>type\s)?(?:(?<names>[^'"]*?)\sfrom\s+)?['"](?<from>[^'"]+)['"]/gm;

interface Import {
  readonly file: string;
  readonly from: string;
  readonly typeOnly: boolean;
  readonly names: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = files.flatMap((file) =>
  [...readFileSync(join(SRC, file), 'utf8').matchAll(IMPORT)].map(({ groups }): Import => ({
    file,
    from: groups?.['from'] ?? '',
    typeOnly: groups?.['type'] !== undefined,
    names: groups?.['names'] ?? '',
  })),
);

/** `hep/queue.ts` → `hep`; `events.ts` → `events`. */
function part(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '');
}

/** The file that is imported, as the rules name it. */
function targetOf({ file, from }: Import): string {
  return relative(SRC, resolve(SRC, dirname(file), from)).replace(/\.js$/, '');
}

function isAllowed(each: Import): boolean {
  const { file, typeOnly } = each;
  const own = part(file);
  const target = targetOf(each);
  const rules = RULES[own];
  if (part(target) === own) return true;
  if (rules === undefined) return false;
  return [target, part(target)].some((name) => rules.includes(name) || (typeOnly && rules.includes(`types:${name}`)));
}

test('the reader of imports finds them', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(imports).toContainEqual({
    file: 'proxy/options.ts',
    from: '../msrp/parser-pool.js',
    typeOnly: false,
    names: '{ ParserPool }',
  });
});

test('each folder imports only what it may', () => {
  const broken = imports.filter(({ from }) => from.startsWith('.')).filter((each) => !isAllowed(each));
  expect(broken).toEqual([]);
});

test('commands and demo are imported by nobody but the command line', () => {
  const used = imports.filter(
    (each) =>
      ['commands', 'demo'].includes(part(targetOf(each))) && !['cli', 'commands', 'demo'].includes(part(each.file)),
  );
  expect(used).toEqual([]);
});

test('hep-js is imported by hep/packet.ts alone', () => {
  expect(imports.filter(({ from }) => from === 'hep-js').map(({ file }) => file)).toEqual(['hep/packet.ts']);
});

test('what is pure imports no socket, no file, no thread', () => {
  const impure = imports.filter(
    ({ file, from, typeOnly, names }) =>
      PURE.some((start) => file.startsWith(start)) && EFFECTS.test(from) && !typeOnly && !ADDRESS_TEST.test(names),
  );
  expect(impure).toEqual([]);
});

test('arguments, signals and standard streams are known to cli.ts, workers, the thread and the log stream alone', () => {
  const uses = /\bprocess\.(?:argv|env|exit|kill|on\w*|prepend\w*|std\w+)\b/;
  const knows = files.filter((file) => uses.test(readFileSync(join(SRC, file), 'utf8')));
  expect(knows.toSorted()).toEqual([
    'cli.ts',
    'cli/succession.ts',
    'lib/log-stream.ts',
    'trace/filter-worker.ts',
    'workers/main.ts',
  ]);
});
