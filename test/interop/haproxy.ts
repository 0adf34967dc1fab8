/** HAProxy in TCP mode: a load balancer that tells and is told whose connections it carries. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { formatEndpoint, type Endpoint } from '#src/lib/address.js';
import { program } from './programs.js';

export interface HaproxyOptions {
  /** On 127.0.0.1 when left out. */
  readonly ip?: string;
  /** Parameters of its `bind` and `server` lines, as `accept-proxy` and `send-proxy-v2`. */
  readonly bind?: string;
  readonly server?: string;
}

/** The socket that it is given, as the first descriptor behind stdin, stdout and stderr. */
const SOCKET_FD = 3;

/** Starts it in front of `nextHop`. @returns where it listens */
export async function startHaproxy(nextHop: Endpoint, options: HaproxyOptions = {}): Promise<Endpoint> {
  const { ip = '127.0.0.1', bind = '', server = '' } = options;
  const directory = mkdtempSync(join(tmpdir(), 'msrptap-haproxy-'));
  const config = join(directory, 'haproxy.cfg');
  writeFileSync(
    config,
    `global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen msrp
  bind fd@${SOCKET_FD} ${bind}
  server next_hop ${formatEndpoint(nextHop)} ${server}
`,
  );
  // It inherits a socket that listens: so there is no port to be guessed, and who connects before it runs waits.
  const listening = createServer();
  listening.listen(0, ip);
  await once(listening, 'listening');
  const { address, port } = listening.address() as AddressInfo;
  const { fd } = (listening as Server & { readonly _handle: { readonly fd: number } })._handle;
  const child = spawn(program('haproxy'), ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe', fd] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  listening.close();
  const closed = once(child, 'close');
  onTestFinished(async () => {
    const { exitCode } = child;
    child.kill('SIGKILL');
    await closed;
    rmSync(directory, { recursive: true });
    expect(exitCode, said).toBe(null);
  });
  return { ip: address, port };
}
