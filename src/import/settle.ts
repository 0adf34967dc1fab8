/** Makes of what was carried over a configuration in which nothing is wrong but what is missing. */
import { textProblems } from '../config/read.js';
import { formatPath, type Path } from '../config/problems.js';
import { comment, render, type Entry, type Place } from './entries.js';

/** Of each a problem is found in the first round; another may show once the first is out of the way. */
const MAX_ROUNDS = 16;

/** What opensips.cfg has no word for, or leaves to a default of its own. */
const PLACES: readonly Place[] = [
  {
    key: 'listeners',
    standIn: '[{ socket: "msrp:127.0.0.1:0", upstream: "msrp:192.0.2.1" }]',
    text: 'there was no socket=msrp:… that can be carried over',
  },
  {
    key: 'upstream',
    standIn: 'msrp:192.0.2.1',
    text: 'msrp:HOST:PORT (fill in the next hop, or to_path; OpenSIPS finds it by its script)',
  },
  {
    key: 'certificate',
    standIn: 'cert.pem',
    text: 'PATH (fill in; OpenSIPS takes tls/cert.pem beside opensips.cfg)',
  },
  {
    key: 'private_key',
    standIn: 'key.pem',
    text: 'PATH (fill in; OpenSIPS takes tls/ckey.pem beside opensips.cfg)',
  },
  {
    key: 'token',
    standIn: '0123456789abcdef',
    text: 'SECRET (fill in at least 16 characters: ip is not a loopback address, and OpenSIPS asks nobody)',
  },
];

/** Of a socket that does not fit the rest, the rest may be what is wrong. */
const STAYS = /^listeners\[\d+\]\.socket$/;

/**
 * The lines of the configuration: values that msrptap refuses commented out, and places for what is missing. What is
 * wrong with neither stands at the end.
 */
export function settle(entries: readonly Entry[]): string[] {
  const paths = new Set(pathsOf(entries));
  const refused = new Map<string, string>();
  const missing = new Map<string, readonly Place[]>();
  const open = new Map<string, string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const lines = render(entries, { refused, missing, places: 'stand-ins' });
    const problems = textProblems(`${lines.join('\n')}\n`, 'msrptap.yaml');
    open.clear();
    for (const { path, message } of problems) {
      const [, around = '', key = ''] = /^(?:(.*)\.)?([^.]*)$/.exec(path) ?? [];
      const place = PLACES.find((each) => each.key === key && /^is (?:missing|required)/.test(message));
      if (place !== undefined) missing.set(around, [...(missing.get(around) ?? []), place]);
      else if (paths.has(path) && !STAYS.test(path)) refused.set(path, message);
      else open.set(path, message);
    }
    if (problems.length === open.size) break;
  }
  const rest = [...open].flatMap(([path, message]) => comment(`still to be settled: ${path}: ${message}`));
  return [...render(entries, { refused, missing, places: 'comments' }), ...(rest.length === 0 ? [] : ['', ...rest])];
}

function pathsOf(entries: readonly Entry[], around: Path = []): string[] {
  return entries.flatMap(({ key, content }, index) => {
    const path = [...around, key ?? index];
    return [formatPath(path), ...(typeof content === 'string' ? [] : pathsOf(content, path))];
  });
}
