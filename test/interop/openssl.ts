/** The openssl command as an MSRP endpoint over TLS. Whatever a test starts here ends with it. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { parseHostPort, type Endpoint } from '#src/lib/address.js';
import { program } from './programs.js';

/** What s_server prints last before what it receives. */
const END_OF_PREAMBLE = /\nSecure Renegotiation IS(?: NOT)? supported\n/;

export class OpenSsl {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #news = new EventEmitter();
  #output = Buffer.alloc(0);
  #errors = '';
  #isOver = false;

  private constructor(args: readonly string[]) {
    this.#child = spawn(program('openssl'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (bytes: Buffer) => {
      this.#output = Buffer.concat([this.#output, bytes]);
      this.#news.emit('news');
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    // It may be gone before it has read everything.
    this.#child.stdin.on('error', () => {});
    this.#child.once('close', () => {
      this.#isOver = true;
      this.#news.emit('news');
    });
    onTestFinished(async () => {
      this.#child.kill('SIGKILL');
      if (!this.#isOver) await once(this.#child, 'close');
    });
  }

  /** Connects; the certificate of the server has to be one for localhost. @param args of openssl-s_client(1) */
  static client({ ip, port }: Endpoint, ...args: readonly string[]): OpenSsl {
    const address = ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
    const verified = ['-servername', 'localhost', '-verify_hostname', 'localhost', '-verify_return_error'];
    // Only what is received on stdout; and the end of stdin ends the connection.
    return new OpenSsl(['s_client', '-connect', address, ...verified, '-quiet', '-no_ign_eof', ...args]);
  }

  /** Listens on a free port of `ip`, for one connection. @param args of openssl-s_server(1) */
  static async server(ip: string, ...args: readonly string[]): Promise<{ server: OpenSsl; socket: Endpoint }> {
    const accept = ip.includes(':') ? `[${ip}]:0` : `${ip}:0`;
    const server = new OpenSsl(['s_server', '-accept', accept, '-naccept', '1', ...args]);
    const socket = await server.#until(() => /^ACCEPT (.*)\n/m.exec(server.#output.toString('latin1'))?.[1]);
    const { host, port } = parseHostPort(socket, 0) ?? { host: ip, port: 0 };
    return { server, socket: { ip: host, port } };
  }

  /** Nothing that is sent may begin with a letter that s_client and s_server take for a command; M is none. */
  send(bytes: Buffer): void {
    this.#child.stdin.write(bytes);
  }

  /** Ends the connection, with TLS's close_notify. */
  finish(): void {
    this.#child.stdin.end();
  }

  /** The next `octets` octets that come through the connection. */
  async receive(octets: number): Promise<Buffer> {
    return this.#until(() => {
      const start = this.#preambleBytes;
      if (this.#output.length < start + octets) return undefined;
      const received = this.#output.subarray(start, start + octets);
      this.#output = Buffer.concat([this.#output.subarray(0, start), this.#output.subarray(start + octets)]);
      return received;
    });
  }

  /** What it complained of. Resolves when it has ended. */
  async complaints(): Promise<string> {
    while (!this.#isOver) await once(this.#news, 'news');
    return this.#errors;
  }

  /** What stands on stdout, but for what was taken with receive(): s_server's description of the connection. */
  get output(): string {
    return this.#output.toString('latin1');
  }

  get #preambleBytes(): number {
    if (!this.#child.spawnargs.includes('s_server')) return 0;
    const end = END_OF_PREAMBLE.exec(this.#output.toString('latin1'));
    return end === null ? Infinity : end.index + end[0].length;
  }

  /** Resolves with what `find` finds. @throws Error when the program ends before */
  async #until<Found>(find: () => Found | undefined): Promise<Found> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#isOver) throw new Error(`openssl has ended: ${this.#errors}`);
      await once(this.#news, 'news');
    }
  }
}
