import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { converse } from '../demo/conversation.js';
import { startEndpoint } from '../demo/endpoint.js';
import { introduction, type Scene, summary } from '../demo/page.js';
import { startProxy } from '../demo/proxy.js';
import { listenHep } from '../hep/listen.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import { LogStream } from '../lib/log-stream.js';
import { fired } from '../lib/fired.js';
import type { ExitStatus, Terminal } from './command.js';
import { PacketPage } from './packet-page.js';
import { Refusals } from './refusals.js';

/** Milliseconds for the conversation, which takes some ten. */
const CONVERSATION_TIMEOUT = 10_000;
/** Milliseconds that its last packets get to arrive. */
const ARRIVAL_TIMEOUT = 5_000;
/** One CLOSED for each connection of a link. */
const CLOSES = 2;

/** `msrptap demo`: an MSRP endpoint, the proxy before it, and a HEP receiver that prints; until a signal. */
export async function demo(terminal: Terminal): Promise<ExitStatus> {
  const stage = new Stage();
  try {
    const page = new PacketPage(terminal);
    const scene = await stage.build(terminal, page);
    terminal.print(introduction(scene));
    if (await play(scene, terminal.stop)) {
      await page.closed(CLOSES, AbortSignal.any([terminal.stop, AbortSignal.timeout(ARRIVAL_TIMEOUT)]));
      terminal.print(summary(page, scene));
      await fired(terminal.stop);
    }
    return 0;
  } finally {
    await stage.clear();
  }
}

/** What stands, and how it is taken down: the proxy first, so that its last packets still arrive. */
class Stage {
  readonly #undo: (() => Promise<unknown> | void)[] = [];

  async build(terminal: Terminal, page: PacketPage): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'msrptap-demo-'));
    this.#undo.push(() => rm(folder, { recursive: true }));
    const refusals = new Refusals(terminal);
    this.#undo.push(() => refusals.end());
    const homer = await listenHep({ transport: 'tcp', host: '127.0.0.1', port: 0 }, page.show, refusals.tell);
    this.#undo.push(() => homer.close());
    const bob = await startEndpoint();
    this.#undo.push(() => bob.close());
    const stream = new LogStream();
    this.#undo.push(() => stream.close());
    const configFile = join(folder, 'msrptap.yaml');
    const { app, address } = await startProxy(configFile, bob.address, homer.address, stream);
    this.#undo.push(() => app.drain(terminal.stopNow));
    terminal.onReload(() => void app.reload());
    return { proxy: address, httpd: app.httpd, bob: bob.address, homer: homer.address, configFile };
  }

  async clear(): Promise<void> {
    const undo = this.#undo.pop();
    if (undo === undefined) return;
    try {
      await undo();
    } finally {
      await this.clear();
    }
  }
}

/**
 * @returns false when `stop` ended it
 * @throws MsrptapError demo_failed
 */
async function play({ proxy, bob }: Scene, stop: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.timeout(CONVERSATION_TIMEOUT);
  const run = randomBytes(3).toString('hex');
  try {
    await converse(proxy, bob, run, AbortSignal.any([stop, timeout]));
    return true;
  } catch (error) {
    if (stop.aborted) return false;
    const why = timeout.aborted ? `no end within ${CONVERSATION_TIMEOUT} ms` : messageOf(error);
    throw new MsrptapError('demo_failed', `the conversation through the proxy failed: ${why}`, { cause: error });
  }
}
