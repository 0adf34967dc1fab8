/** A msrptap, in a process of its own, whose MI is reached on all its transports. */
import { join } from 'node:path';
import type { Endpoint } from '#src/lib/address.js';
import { DatagramCaller } from './datagram.js';
import { FifoCaller, scratchFolder } from './fifo.js';
import { endpointOf, TapProcess, type Setup } from './tap.js';

export const MI_TRANSPORTS = ['mi_http', 'mi_fifo', 'mi_datagram'] as const;
export type MiTransport = (typeof MI_TRANSPORTS)[number];

export class MiTap {
  readonly tap: TapProcess;
  readonly fifo: string;
  readonly replies: string;
  readonly datagram: Endpoint;
  readonly #callers: Readonly<Record<MiTransport, (request: string) => Promise<string>>>;
  readonly #silent: Readonly<Record<MiTransport, (request: string) => Promise<string>>>;

  static async start(setup: Setup = {}): Promise<MiTap> {
    const replies = scratchFolder();
    const fifo = join(replies, 'commands');
    const tap = await TapProcess.start({
      ...setup,
      // Noise comes as fast as it can be sent.
      httpd: { requests_per_second: 1_000_000 },
      mi_fifo: { fifo_name: fifo, reply_dir: replies },
      // However long a loaded machine takes.
      mi_datagram: { socket_name: 'udp:127.0.0.1:0', socket_timeout: 60_000 },
    });
    const ready = tap.log.find(({ msg }) => msg === 'ready');
    const datagram = endpointOf(String(ready?.['mi_datagram']).replace(/^udp:/, ''));
    return new MiTap(tap, fifo, replies, datagram, await DatagramCaller.start(datagram));
  }

  private constructor(tap: TapProcess, fifo: string, replies: string, datagram: Endpoint, udp: DatagramCaller) {
    const pipe = new FifoCaller(fifo, replies);
    this.tap = tap;
    this.fifo = fifo;
    this.replies = replies;
    this.datagram = datagram;
    this.#callers = {
      mi_http: async (request) => (await tap.http('/mi', request)).body,
      mi_fifo: (request) => pipe.call(request),
      mi_datagram: (request) => udp.call(request),
    };
    this.#silent = {
      mi_http: async (request) => (await tap.http('/mi', request)).body,
      mi_fifo: (request) => pipe.unanswered(request),
      mi_datagram: (request) => udp.unanswered(request),
    };
  }

  /** The reply, as it came. */
  raw(transport: MiTransport, request: string): Promise<string> {
    return this.#callers[transport](request);
  }

  /** What came of a request that gets no reply: ''. */
  unanswered(transport: MiTransport, request: string): Promise<string> {
    return this.#silent[transport](request);
  }

  /** A call, and its result or error. */
  async call(transport: MiTransport, method: string, ...params: readonly unknown[]): Promise<MiAnswer> {
    return JSON.parse(await this.raw(transport, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as MiAnswer;
  }
}

export interface MiAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}
