/** An opensips.cfg as the msrptap.yaml that does the same, as far as one can. */
import { configJsonSchema } from '../config/schema.js';
import { printable } from '../lib/printable.js';
import { readCfg, type Cfg } from './cfg-statements.js';
import { comment, type Entry } from './entries.js';
import { listeners } from './listeners.js';
import { Notes } from './notes.js';
import { routeSkeleton } from './route-skeleton.js';
import { sections } from './sections.js';
import { settle } from './settle.js';
import { tlsDomains } from './tls-domains.js';

const SCRIPT_MODULES: Readonly<Record<string, string>> = {
  msrp_relay: 'the relay of RFC 4976 (AUTH) has no counterpart: msrptap stands before or behind it',
  msrp_gateway: 'the gateway between MSRP and SIP MESSAGE has no counterpart: msrptap stands before or behind it',
  msrp_ua: 'the MSRP endpoint has no counterpart: msrptap stands before or behind it',
};

const NAME_OF_ROUTE = 'trace_filter_route';

/**
 * @param text of an opensips.cfg
 * @param name of its file, for the comments
 * @returns YAML: what could be carried over, what msrptap refuses commented out, places for what is missing, and at its
 *   end, in comments, what could not be carried over, the body of the route among it
 */
export function importCfg(text: string, name: string): string {
  const cfg = readCfg(text);
  const notes = new Notes();
  const body = settle(entriesOf(cfg, notes));
  for (const { line, text: remark } of cfg.remarks) notes.add(line, remark);
  const route = routeOf(cfg);
  return [...head(name), '', ...spaced(body), ...tail(notes, cfg), ...route, ''].join('\n');
}

function entriesOf(cfg: Cfg, notes: Notes): Entry[] {
  const schema = configJsonSchema();
  const found = listeners(cfg.sockets, notes);
  const domains = tlsDomains(cfg.parameters, schema, notes);
  const [msrp, hep, ...others] = sections(cfg, schema, notes);
  const parts = [
    { name: 'listeners', entries: found },
    msrp,
    hep,
    { name: 'tls_mgm', entries: domains },
    ...others,
  ].filter((part) => part !== undefined && part.entries.length > 0);
  return parts.map((part) => ({ key: part?.name ?? null, content: part?.entries ?? [] }));
}

function head(name: string): string[] {
  return [
    ...comment(
      `From ${printable(name, 200)}, by msrptap import. msrptap check -f THIS-FILE says what is still missing.`,
    ),
    '# What opensips.cfg does not set has the defaults of msrptap: docs/configuration.md names both.',
  ];
}

/** A blank line before each section. */
function spaced(lines: readonly string[]): string[] {
  return lines.flatMap((line, index) => (index > 0 && /^[a-z]/.test(line) ? ['', line] : [line]));
}

function tail(notes: Notes, { modules }: Cfg): string[] {
  const lines = notes.lines();
  const about = Object.entries(SCRIPT_MODULES).filter(([module]) => modules.has(module));
  const known = about.flatMap(([module, text]) => comment(`${module}: ${text}`));
  if (lines.length + known.length === 0) return [];
  return ['', '# Not carried over:', ...known, ...lines];
}

function routeOf({ parameters, routes }: Cfg): string[] {
  const given = parameters.findLast(({ module, name }) => module === 'proto_msrp' && name === NAME_OF_ROUTE);
  if (given === undefined) return [];
  const route = routes.get(given.value);
  if (route === undefined) {
    return ['', ...comment(`trace_filter_route: there is no route[${printable(given.value, 100)}] in this file.`)];
  }
  return [
    '',
    `# filters/${printable(route.name, 100)}.js has to be written, after route[${printable(route.name, 100)}] (line ${route.line}). To begin with:`,
    '#',
    ...routeSkeleton(route).map((line) => `#   ${line}`),
  ];
}
