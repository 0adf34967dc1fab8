import { parseSocket } from '../config/socket.js';
import type { CfgSocket } from './cfg-statements.js';
import { textEntry, type Entry } from './entries.js';
import type { Notes } from './notes.js';

/** As many as make sense; a range of ports is as many sockets. */
const MAX_LISTENERS = 256;

const ADDRESS = /^(?<proto>msrps?):(?<host>\*|\[[^\]]*\]|[^:]*)(?::(?<from>\d{1,5})(?:-(?<to>\d{1,5}))?)?$/i;

/** The sockets of MSRP; those of other protocols are not msrptap's. */
export function listeners(sockets: readonly CfgSocket[], notes: Notes): Entry[] {
  const found: Entry[] = [];
  for (const socket of sockets) {
    if (!/^msrps?:/i.test(socket.address)) continue;
    for (const entry of listenersOf(socket, notes)) {
      if (found.length < MAX_LISTENERS) found.push(entry);
      else notes.add(socket.line, `more than ${MAX_LISTENERS} sockets: this one is left out`);
    }
  }
  return found;
}

function listenersOf({ address, options, line }: CfgSocket, notes: Notes): Entry[] {
  const { proto = '', host = '', from, to } = ADDRESS.exec(address)?.groups ?? {};
  const above: string[] = [];
  if (from === undefined) above.push('no port in opensips.cfg: OpenSIPS takes one at random, msrptap 2855');
  if (host === '*')
    above.push('OpenSIPS listens on the IPv6 addresses too: add a listener on [::] in place of this one');
  for (const option of options) notes.add(line, `the socket option "${option}" is not carried over`);

  const last = Math.min(Number(to ?? from ?? 0), Number(from ?? 0) + MAX_LISTENERS);
  const ports = Array.from({ length: last - Number(from ?? 0) + 1 }, (_, index) => Number(from ?? 0) + index);
  return ports.flatMap((port) => {
    const ip = host === '*' ? '0.0.0.0' : host;
    const socket = `${proto.toLowerCase()}:${ip}${from === undefined ? '' : `:${port}`}`;
    const parsed = parseSocket(ADDRESS.test(address) ? socket : address);
    if ('value' in parsed) return [{ key: null, content: [textEntry('socket', socket, above)] }];
    notes.add(line, `the socket ${address} is not carried over: it ${parsed.problem}`);
    return [];
  });
}
