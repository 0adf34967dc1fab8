import { listenHep, type ListenAt } from '../hep/listen.js';
import { formatEndpoint, parseHostPort } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import { fired } from '../lib/fired.js';
import type { ExitStatus, Terminal } from './command.js';
import { packetJson, packetLine } from './packet-line.js';
import { Refusals } from './refusals.js';

export interface HepListenArguments {
  /** At most one word: udp:HOST:PORT or tcp:HOST:PORT. */
  readonly where: readonly string[];
  readonly json: boolean;
}

/** The port that Homer's agents listen on. */
const HEP_PORT = 9060;
const DEFAULT_WHERE = `udp:127.0.0.1:${HEP_PORT}`;

/** `msrptap hep-listen`: receives HEP and prints it, a packet a line, until a signal. */
export async function hepListen({ where, json }: HepListenArguments, terminal: Terminal): Promise<ExitStatus> {
  const at = listenAt(where);
  const refusals = new Refusals(terminal);
  const listener = await listenHep(
    at,
    (packet, from) => terminal.print(json ? packetJson(packet, from) : packetLine(packet).line),
    refusals.tell,
  );
  terminal.complain(`listening for HEP on ${at.transport}:${formatEndpoint(listener.address)}`);
  await fired(terminal.stop);
  await listener.close();
  refusals.end();
  return 0;
}

/** @throws MsrptapError usage */
function listenAt([where = DEFAULT_WHERE, ...rest]: readonly string[]): ListenAt {
  if (rest.length > 0) throw new MsrptapError('usage', `too many arguments: ${rest.join(' ')}`);
  const [, transport, address] = /^(udp|tcp):(.+)$/.exec(where) ?? [];
  const at = address === undefined ? null : parseHostPort(address, HEP_PORT);
  if (at === null) {
    throw new MsrptapError('usage', `hep-listen takes udp:HOST:PORT or tcp:HOST:PORT, not ${JSON.stringify(where)}`);
  }
  return { transport: transport === 'udp' ? 'udp' : 'tcp', ...at };
}
