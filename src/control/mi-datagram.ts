/** OpenSIPS' mi_datagram over UDP: a JSON-RPC request a datagram, and its reply in another. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { formatEndpoint, type Endpoint } from '../lib/address.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { openSocket, type OpenSocket } from '../lib/socket-fd.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import type { CommandTable } from './mi-command.js';
import { handleMi, refuseLargeReply } from './mi.js';

export interface MiDatagramOptions extends Endpoint {
  /** Milliseconds after which a reply that is not ready is not sent any more: nobody waits for it. */
  readonly socketTimeout: number;
  readonly commands: CommandTable;
  readonly log: Log;
}

/** What OpenSIPS answers to what it cannot read. */
const UNREADABLE = '400 Parse_error';

/** Requests that wait or are run, and octets of replies that the kernel has not taken; what comes then is dropped, as UDP may. */
const MAX_UNDER_WAY = 64;
const MAX_UNSENT = 4 * 1_024 * 1_024;

/** What an IP packet holds, without the headers of IP and UDP. */
const MAX_DATAGRAM = 65_507;

/** Our own replies, and those of another MI: two that answer each other would never stop. */
const IS_REPLY = /^(?:400 Parse_error|\{"jsonrpc":"2\.0","(?:result|error)":)/;
const REPLY_HEAD = 32;

export class MiDatagram {
  readonly #options: MiDatagramOptions;
  readonly #limited: RateLimitedLog;
  readonly #socket: Socket;
  #underWay = 0;
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: MiDatagramOptions) {
    this.#options = options;
    this.#limited = new RateLimitedLog(options.log);
    this.#socket = createSocket({ type: isIPv6(options.ip) ? 'udp6' : 'udp4' });
    this.#socket.on('message', (request, from) => this.#received(request, from));
  }

  /**
   * @param fd one that is bound already
   * @returns where it listens
   * @throws MsrptapError listen_failed
   */
  async listen(fd?: number): Promise<Endpoint> {
    const { ip, port } = this.#options;
    // In the cluster's first process too, the socket is this process's own.
    const listening = once(this.#socket, 'listening');
    try {
      // Of one that is bound already it is told at once.
      this.#socket.bind(fd === undefined ? { address: ip, port, exclusive: true } : { fd, exclusive: true });
      await listening;
    } catch (error) {
      const where = `udp:${formatEndpoint({ ip, port })}`;
      throw new MsrptapError('listen_failed', `mi_datagram.socket_name: cannot bind ${where}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#socket.on('error', (error) =>
      this.#limited.write('warn', 'the MI datagram socket', { error: error.message }),
    );
    const { address, port: bound } = this.#socket.address();
    return { ip: address, port: bound };
  }

  /** For a process that takes it over. */
  get open(): readonly OpenSocket[] {
    return openSocket('mi_datagram', this.#socket);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
    this.#limited.flush();
  }

  #received(request: Buffer, from: RemoteInfo): void {
    // Port 0 stands for "no reply is wanted" [RFC 768], and to send one there throws.
    if (from.port === 0) return;
    if (IS_REPLY.test(request.toString('latin1', 0, REPLY_HEAD))) return;
    if (this.#underWay >= MAX_UNDER_WAY) {
      this.#limited.write('warn', 'an MI datagram was dropped: too many requests at once', {});
      return;
    }
    this.#underWay += 1;
    // One after the other: who sends two commands means them in that order.
    const late = performance.now() + this.#options.socketTimeout;
    this.#turn = this.#turn.then(() => this.#answer(request, from, late));
  }

  async #answer(request: Buffer, from: RemoteInfo, late: number): Promise<void> {
    const { commands, log } = this.#options;
    const outcome = await handleMi(request, commands, (method, thrown) =>
      log.error({ err: thrown, method }, 'an MI command failed'),
    );
    this.#underWay -= 1;
    if (outcome.kind === 'silence') return;
    if (performance.now() > late) {
      this.#limited.write('warn', 'an MI reply came too late for socket_timeout', {});
      return;
    }
    this.#send(outcome.kind === 'unparsable' ? UNREADABLE : outcome.text, from);
  }

  #send(reply: string, { port, address }: RemoteInfo): void {
    if (this.#isClosed || this.#socket.getSendQueueSize() > MAX_UNSENT) return;
    const fits = Buffer.byteLength(reply) <= MAX_DATAGRAM;
    this.#socket.send(fits ? reply : refuseLargeReply(reply, MAX_DATAGRAM), port, address, (error) => {
      if (error !== null) this.#limited.write('warn', 'an MI reply was not sent', { error: error.message });
    });
  }
}
