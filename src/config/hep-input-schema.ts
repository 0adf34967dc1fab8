/** hep_input: where the copy of SIP is taken. A socket, or a section with it. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseHostPort } from '../lib/address.js';
import { mustBe, printable, ranges, read, SECRET, section } from './fields.js';
import type { Parsed } from './parsed.js';
import type { HepInputConfig } from './types.js';

export const HEP_INPUT_FORM = 'udp:IP:PORT or tcp:IP:PORT, an IPv6 address in brackets';

type Socket = Pick<HepInputConfig, 'transport' | 'ip' | 'port'>;

const socket = () => read(parseSocket, HEP_INPUT_FORM);

export const hepInput = z
  .union(
    [
      socket(),
      section({
        socket: socket().describe('Where HEPv3 packets of SIP are taken.'),
        from: ranges().nullable().default(null).describe('Who may send. Required unless socket is a loopback address.'),
        auth_key: printable()
          .nullable()
          .default(null)
          .describe('What packets must carry as their auth key (chunk 0x000e).')
          .meta(SECRET),
      }),
    ],
    mustBe(`${HEP_INPUT_FORM}; or { socket, from, auth_key }`),
  )
  .transform((given): HepInputConfig => {
    if (!('socket' in given)) return { ...given, from: null, auth_key: null };
    const { socket: at, from, auth_key } = given;
    return { ...at, from, auth_key };
  });

function parseSocket(text: string): Parsed<Socket> {
  const [, transport, rest = ''] = /^(udp|tcp):(.+)$/.exec(text) ?? [];
  const at = parseHostPort(rest, 0);
  if (transport === undefined || at === null || isIP(at.host) === 0 || !/:\d+$/.test(rest)) {
    return { problem: `must be ${HEP_INPUT_FORM}, not ${JSON.stringify(text)}` };
  }
  return { value: { transport: transport === 'udp' ? 'udp' : 'tcp', ip: at.host, port: at.port } };
}
