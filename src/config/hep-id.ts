import { parseHostPort } from '../lib/address.js';
import type { Parsed } from './parsed.js';
import type { HepId } from './types.js';

/** Where Homer listens; OpenSIPS' default too. */
const HEP_PORT = 9060;

export const HEP_ID_FORM = '"[NAME]HOST[:PORT];transport=tcp|udp|tls;version=3"';

const FORM = /^\s*\[\s*(?<name>[A-Za-z0-9_.-]{1,64})\s*\]\s*(?<host>[^;\s]+)\s*(?<options>(?:;[^;]*)*)$/;
const OPTION = /^(?<key>[a-z]+)\s*=\s*(?<value>\S+)$/;

type Transport = HepId['transport'];

/** Reads a hep_id of proto_hep: blanks are allowed, keys and values are case-insensitive, a final `;` does no harm. */
export function parseHepId(text: string): Parsed<HepId> {
  const wrong = { problem: `must be ${HEP_ID_FORM}, not ${JSON.stringify(text)}` };
  const groups = FORM.exec(text)?.groups;
  const at = parseHostPort(groups?.['host'] ?? '', HEP_PORT);
  if (groups === undefined || at === null) return wrong;
  if (at.port === 0) return { problem: 'must have a port from 1 to 65535, not 0' };

  let transport: Transport = 'tcp';
  const seen = new Set<string>();
  for (const option of optionsOf(groups['options'] ?? '')) {
    const { key, value } = OPTION.exec(option)?.groups ?? {};
    if (key === undefined || value === undefined) return wrong;
    if (seen.has(key)) return { problem: `${key} stands twice in ${JSON.stringify(text)}` };
    seen.add(key);
    if (key === 'transport') {
      if (!isTransport(value)) return { problem: `transport must be tcp, udp or tls, not ${JSON.stringify(value)}` };
      transport = value;
    } else if (key === 'version') {
      if (value !== '3') return { problem: `version must be 3: only HEPv3 is sent, not ${JSON.stringify(value)}` };
    } else {
      return { problem: `has no option ${JSON.stringify(key)}; there are transport and version` };
    }
  }
  return { value: { name: groups['name'] ?? '', host: at.host, port: at.port, transport } };
}

function optionsOf(text: string): string[] {
  const parts = text.split(';').map((part) => part.trim().toLowerCase());
  // Before the first `;` stands nothing, and after the last one nothing needs to.
  const options = parts.slice(1);
  return options.at(-1) === '' ? options.slice(0, -1) : options;
}

function isTransport(value: string): value is Transport {
  return value === 'tcp' || value === 'udp' || value === 'tls';
}
