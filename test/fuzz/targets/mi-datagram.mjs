// @ts-check
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { MiDatagram } from '#src/control/mi-datagram.js';
import { silentLog } from '#src/lib/log.js';
import { check } from './check.mjs';
import { COMMANDS, JSON_WORDS, REQUESTS } from './mi-commands.mjs';

/** @import { Socket } from 'node:dgram' */
/** @import { Target } from '../target.mjs' */

/** Asked behind each input: its answer is the last, for datagrams are answered in their order. */
const LAST = 'the last one';
const QUESTION = JSON.stringify({ jsonrpc: '2.0', method: 'version', id: LAST });

/** Milliseconds for an answer, on a machine however busy. */
const PATIENCE = 10_000;

/** Started with the first input. @type {Promise<{ readonly server: MiDatagram, readonly socket: Socket }> | null} */
let asking = null;

async function start() {
  const server = new MiDatagram({
    ip: '127.0.0.1',
    port: 0,
    socketTimeout: PATIENCE,
    commands: COMMANDS,
    log: silentLog,
  });
  const { port } = await server.listen();
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return { server, socket };
}

/** @type {Target} */
export const miDatagram = {
  name: 'mi-datagram',
  what: 'datagrams to the MI socket: one answer at most each, and it goes on answering',
  seeds: REQUESTS.map((text) => Buffer.from(text)),
  words: [...JSON_WORDS, '400 Parse_error', '{"jsonrpc":"2.0","result":'],
  maxLength: 400,
  async run(input) {
    asking ??= start();
    const { socket } = await asking;
    /** @type {string[]} */
    const answers = [];
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(() => reject(new Error('not so: it goes on answering'))), PATIENCE);
      /** @param {Buffer} datagram */
      const onMessage = (datagram) => {
        answers.push(datagram.toString());
        if (answers.at(-1)?.includes(LAST)) settle(() => resolve(null));
      };
      /** @param {() => void} then */
      const settle = (then) => {
        clearTimeout(timer);
        socket.off('message', onMessage);
        then();
      };
      socket.on('message', onMessage);
      socket.send(input);
      socket.send(QUESTION);
    });
    check(answers.length <= 2, 'one answer at most');
  },
  async close() {
    const started = await asking;
    asking = null;
    started?.socket.close();
    started?.server.close();
  },
};
