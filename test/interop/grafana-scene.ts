/** What the dashboard and the alerts are to show: msrptap under good and bad traffic, scraped by a real Prometheus. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Certs } from '../helpers/certs.js';
import { dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { freePort } from '../helpers/scene.js';
import { TapProcess } from '../helpers/tap.js';
import { tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { Prometheus } from './prometheus.js';
import { ROOT } from '../grafana/files.js';

/**
 * Drops every second connection, and breaks now and then: Linux gives out even ports. Of messages it drops receipts, and
 * hides what is long.
 */
const ROUTE = `export default ({ sp }, { drop }) => {
  if (sp % 4 === 0) drop();
  if (sp % 16 === 2) throw new Error('a route that is broken');
};
export function message({ method, content_type, body_length }, { drop }) {
  if (method === 'REPORT') drop();
  if (method === 'NICKNAME') throw new Error('a function that is broken');
  if (content_type !== null && body_length > 500) return { body: 'headers' };
}`;

/** Much longer than an answer takes here, and over before the next silent next hop. */
const TRANSACTION_TIMEOUT_MS = 1_000;

export interface Scene {
  readonly tap: TapProcess;
  readonly prometheus: Prometheus;
  readonly traffic: Traffic;
}

type Troubled = (seconds: number) => boolean;

/**
 * Two workers; a next hop, and one that is dead; Homer, and one that is gone. Traffic flows until the test ends.
 * @param isTroubled whether things go wrong so many seconds after the beginning
 */
export async function startScene(certs: Certs, isTroubled: Troubled = () => true): Promise<Scene> {
  const [trace, hop] = [await Trace.start(), await NextHop.start()];
  const filters = mkdtempSync(join(tmpdir(), 'msrptap-filters-'));
  onTestFinished(() => rmSync(filters, { recursive: true }));
  writeFileSync(join(filters, 'route.js'), ROUTE);
  const nobody = await freePort('127.0.0.1');
  const tap = await TapProcess.start({
    workers: 2,
    listeners: [
      { socket: 'msrp:127.0.0.1:0', upstream: hop.url },
      { socket: 'msrps:127.0.0.1:0', upstream: hop.url },
      { socket: 'msrp:127.0.0.1:0', upstream: `msrp:127.0.0.1:${nobody}` },
    ],
    tls_mgm: tlsDomains(certs),
    filters,
    trace,
    proto_msrp: {
      trace_destination: ['homer', 'gone'],
      trace_filter_route: 'route',
      transaction_timeout: TRANSACTION_TIMEOUT_MS,
    },
    // The least there may be, so that it is soon full.
    proto_hep: { hep_id: [`[homer]127.0.0.1:${trace.port}`, `[gone]127.0.0.1:${nobody}`], hep_queue_bytes: 16_384 },
    limits: { max_connections: 60 },
  });
  const prometheus = await Prometheus.start({
    target: tap.httpd,
    interval: 1,
    rules: [join(ROOT, 'grafana/rules.yaml')],
  });
  return { tap, prometheus, traffic: new Traffic(tap, hop, certs, isTroubled) };
}

interface Link {
  readonly client: Peer;
  readonly server: Peer;
  readonly chat: Chat;
}

const TURN_MS = 100;
/** Turns from one ebb to the next. */
const TIDE = 600;
const FEWEST_LINKS = 6;
const MOST_LINKS = 24;
/** Turns from one mishap to the next. */
const BETWEEN_MISHAPS = 3;
/** Connections of a client that speaks no TLS, from one round of mishaps to the next, in which up to 22 others come. */
const WRONG_CLIENTS = 5;
/** Requests to a next hop that says nothing: enough to be seen among all. */
const UNANSWERED = 60;

/** Chats come and go, most of what they say is answered well; now and then something goes wrong. */
export class Traffic {
  readonly #tap: TapProcess;
  readonly #hop: NextHop;
  readonly #certs: Certs;
  readonly #isTroubled: Troubled;
  readonly #links: Link[] = [];
  /** Whose next hop does not answer. */
  #silent: Link | undefined;
  readonly #mishaps: readonly (() => Promise<void>)[];
  #turn = 0;
  #said = 0;
  #isOver = false;
  /** Rejects with what went wrong on the way that was not to. */
  readonly done: Promise<void>;

  constructor(tap: TapProcess, hop: NextHop, certs: Certs, isTroubled: Troubled) {
    this.#isTroubled = isTroubled;
    this.#tap = tap;
    this.#hop = hop;
    this.#certs = certs;
    this.#mishaps = [
      () => this.#garbage(),
      () => this.#resetByNextHop(),
      () => this.#plainWhereTlsIs(),
      () => this.#deadNextHop(),
      () => this.#strayLines(),
      () => this.#silentNextHop(),
    ];
    this.done = this.#play();
    // A test that fails before has its own error.
    this.done.catch(() => {});
  }

  stop(): Promise<void> {
    this.#isOver = true;
    return this.done;
  }

  async #play(): Promise<void> {
    while (!this.#isOver) {
      const next = new Promise((resolve) => setTimeout(resolve, TURN_MS));
      await this.#comeAndGo();
      await Promise.all(this.#links.map((link, index) => this.#converse(link, index)));
      if (this.#turn % BETWEEN_MISHAPS === 0 && this.#isTroubled((this.#turn * TURN_MS) / 1_000)) {
        await this.#mishaps[(this.#turn / BETWEEN_MISHAPS) % this.#mishaps.length]?.();
      }
      this.#turn += 1;
      await next;
    }
  }

  /** One link a turn at most; the oldest goes. */
  async #comeAndGo(): Promise<void> {
    const tide = (1 - Math.cos((2 * Math.PI * this.#turn) / TIDE)) / 2;
    const wanted = FEWEST_LINKS + tide * (MOST_LINKS - FEWEST_LINKS);
    if (this.#links.length < wanted) this.#links.push(await this.#open());
    // Some change all the time.
    else if (this.#turn % 4 === 0 || this.#links.length > wanted + 1) await this.#close(this.#links.shift());
  }

  async #open(): Promise<Link> {
    const [plain, tls] = this.#tap.sockets;
    if (plain === undefined || tls === undefined) throw new Error('it does not listen');
    if (this.#turn % 3 !== 0) return { ...(await linkThrough(plain, this.#hop)), chat: new Chat() };
    const accepted = this.#hop.accept();
    return { client: await dial(tls, trusting(this.#certs)), server: await accepted, chat: new Chat() };
  }

  async #close(link: Link | undefined): Promise<void> {
    if (link === undefined) return;
    link.client.finish();
    await link.server.end;
    link.server.finish();
    await link.client.end;
  }

  async #converse({ client, server, chat }: Link, index: number): Promise<void> {
    this.#said += 1;
    const body = 'x'.repeat(40 + ((this.#turn * 7 + index * 131) % 900));
    if (index % 3 === 2) {
      await exchange(server, client, chat.tell(body), (request) => chat.ok(request));
      return;
    }
    const refused = this.#said % 20 === 0;
    await exchange(client, server, chat.ask(body), (request) =>
      refused ? reworded(chat.ok(request), ' 200 OK', ' 413 Too large') : chat.ok(request),
    );
    if (this.#said % 10 === 0) await this.#deliver(client, server, chat);
    if (this.#said % 50 === 0) {
      const nickname = reworded(chat.ask(), ' SEND', ' NICKNAME');
      await exchange(client, server, nickname, (request) => reworded(chat.ok(request), ' 200 OK', ' 425 Taken'));
    }
  }

  /** Its sender wants to hear of its arrival. */
  async #deliver(client: Peer, server: Peer, chat: Chat): Promise<void> {
    const wanted = chat.ask({ body: 'arrived?', headers: [['Success-Report', 'yes']] });
    await exchange(client, server, wanted, (request) => chat.ok(request));
    const [messageId = ''] = /Message-ID: \S+/.exec(wanted.toString('latin1')) ?? [];
    const report = reworded(chat.tell({ headers: [['Status', '000 200 OK']] }), ' SEND', ' REPORT');
    await carried(server, client, reworded(report, /Message-ID: \S+/, messageId));
  }

  async #garbage(): Promise<void> {
    const { client } = await linkThrough(this.#tap.socket, this.#hop);
    client.send('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n');
    await ended(client);
  }

  async #resetByNextHop(): Promise<void> {
    const { client, server } = await linkThrough(this.#tap.socket, this.#hop);
    const chat = new Chat();
    await exchange(client, server, chat.ask('hello'), (request) => chat.ok(request));
    server.reset();
    await ended(client);
  }

  /** So many that more than a tenth of all clients fail, however many others come in the time that a busy machine takes. */
  async #plainWhereTlsIs(): Promise<void> {
    for (let tries = 0; tries < WRONG_CLIENTS; tries += 1) {
      const client = await dial(this.#tap.sockets[1] ?? this.#tap.socket);
      client.send(new Chat().ask('hello'));
      await ended(client);
    }
  }

  async #deadNextHop(): Promise<void> {
    // It may be reset before this end knows that it stands.
    const client = await dial(this.#tap.sockets[2] ?? this.#tap.socket).catch(() => null);
    if (client !== null) await ended(client);
  }

  async #strayLines(): Promise<void> {
    const [link] = this.#links;
    if (link !== undefined) await carried(link.client, link.server, Buffer.from('\r\n\r\n'));
  }

  /** It stays until the next one, so that responses are missed before the link ends. */
  async #silentNextHop(): Promise<void> {
    await this.#close(this.#silent);
    const chat = new Chat();
    this.#silent = { ...(await linkThrough(this.#tap.socket, this.#hop)), chat };
    const requests = Array.from({ length: UNANSWERED }, () => chat.ask('is anybody there?'));
    await carried(this.#silent.client, this.#silent.server, Buffer.concat(requests));
  }
}

async function exchange(from: Peer, to: Peer, request: Buffer, answer: (request: Buffer) => Buffer): Promise<void> {
  await carried(from, to, request);
  await carried(to, from, answer(request));
}

/** By the other side, one way or the other. */
async function ended(peer: Peer): Promise<void> {
  await peer.end;
  peer.reset();
}

async function carried(from: Peer, to: Peer, bytes: Buffer): Promise<void> {
  from.send(bytes);
  await to.receive(bytes.length);
}

function reworded(message: Buffer, from: string | RegExp, to: string): Buffer {
  return Buffer.from(message.toString('latin1').replace(from, to), 'latin1');
}
