/** The transports of MI beside HTTP. Names as in OpenSIPS; what differs from its defaults says why. */
import { milliseconds, path, read, section, text } from './fields.js';
import { MI_SOCKET_FORM, parseMiSocket } from './socket.js';

const mode = () => text(/^0?[0-7]{3}$/, 'an octal file mode in quotes, as "0600"');
const owner = (what: string) => text(/^(?:\d{1,10}|[A-Za-z_][A-Za-z0-9_.-]{0,31})$/, `the name or number of a ${what}`);

export const miFifo = section({
  fifo_name: path().default('/tmp/opensips_fifo').describe('Where commands are written to; made at start.'),
  fifo_mode: mode()
    .default('0600')
    .describe('Octal. OpenSIPS has 0660; who may write to it, may do everything that MI can.'),
  fifo_user: owner('user').nullable().default(null).describe('Who owns it; needs the privilege to give files away.'),
  fifo_group: owner('group').nullable().default(null).describe('The group that it belongs to.'),
  reply_dir: path().default('/tmp/').describe('The folder of the reply FIFOs, which callers make.'),
});

export const miDatagram = section({
  socket_name: read(parseMiSocket, MI_SOCKET_FORM).describe('A loopback address: datagrams carry no token.'),
  socket_timeout: milliseconds(1)
    .default(2_000)
    .describe('Milliseconds after which a reply that is not ready is not sent.'),
});
