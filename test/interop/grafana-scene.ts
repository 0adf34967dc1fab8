/** What the dashboard and the alerts are to show: msrptap under good and bad traffic, scraped by a real Prometheus. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Certs } from '../helpers/certs.js';
import { dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { freePort } from '../helpers/free-port.js';
import { TapProcess } from '../helpers/tap.js';
import { tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { ROOT } from '../grafana/files.js';
import {
  carried,
  deliver,
  ended,
  exchange,
  failToDeliver,
  GIVEN_UP,
  reworded,
  sendPicture,
  typeAlong,
  WHOLE,
  WITH_A_GAP,
  type Link,
} from './grafana-talk.js';
import { Prometheus } from './prometheus.js';

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

/** Long enough for a session to be called stalled, which takes 5 s. */
const TRANSACTION_TIMEOUT_MS = 7_000;

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

const TURN_MS = 100;
/** Turns from one ebb to the next. */
const TIDE = 600;
const FEWEST_LINKS = 6;
const MOST_LINKS = 24;
/** Turns from one mishap to the next. */
const BETWEEN_MISHAPS = 3;
/** Connections that fail, of each kind, in a round of mishaps: enough to be seen among some 20 others. */
const FAILURES = 5;
/** Requests to a next hop that says nothing: enough to be seen among all. */
const UNANSWERED = 20;
/** Links whose next hop says nothing: three come in each round of mishaps, and each stays until its responses are missed. */
const SILENT_LINKS = 15;
/** Pictures that do not arrive as a whole, in a round of mishaps: enough to be seen among those that do. */
const BROKEN_PICTURES = 4;
/** Messages that are reported not to have arrived, in a round of mishaps. */
const UNDELIVERED = 30;

/** Chats come and go, most of what they say is answered well; now and then something goes wrong. */
export class Traffic {
  readonly #tap: TapProcess;
  readonly #hop: NextHop;
  readonly #certs: Certs;
  readonly #isTroubled: Troubled;
  readonly #links: Link[] = [];
  /** Whose next hops do not answer. */
  readonly #silent: Link[] = [];
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
      () => this.#strangeClient(),
      () => this.#silentNextHops(),
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
      if (!this.#isTroubled((this.#turn * TURN_MS) / 1_000)) {
        await this.#close(this.#silent.shift());
      } else if (this.#turn % BETWEEN_MISHAPS === 0) {
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

  async #converse(link: Link, index: number): Promise<void> {
    const { client, server, chat } = link;
    const said = (this.#said += 1);
    const body = 'x'.repeat(40 + ((this.#turn * 7 + index * 131) % 900));
    if (index % 3 === 2) {
      await exchange(server, client, chat.tell(body), (request) => chat.ok(request));
      return;
    }
    if (said % 7 === 0) await typeAlong(link);
    const refused = said % 20 === 0;
    await exchange(client, server, chat.ask(body), (request) =>
      refused ? reworded(chat.ok(request), ' 200 OK', ' 413 Too large') : chat.ok(request),
    );
    if (said % 10 === 0) await deliver(link);
    if (said % 25 === 0) await sendPicture(link, WHOLE);
    if (said % 50 === 0) {
      const nickname = reworded(chat.ask(), ' SEND', ' NICKNAME');
      await exchange(client, server, nickname, (request) => reworded(chat.ok(request), ' 200 OK', ' 425 Taken'));
    }
  }

  async #garbage(): Promise<void> {
    for (let tries = 0; tries < FAILURES; tries += 1) {
      const { client } = await linkThrough(this.#tap.socket, this.#hop);
      client.send('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n');
      await ended(client);
    }
  }

  async #resetByNextHop(): Promise<void> {
    const { client, server } = await linkThrough(this.#tap.socket, this.#hop);
    const chat = new Chat();
    await exchange(client, server, chat.ask('hello'), (request) => chat.ok(request));
    server.reset();
    await ended(client);
  }

  async #plainWhereTlsIs(): Promise<void> {
    for (let tries = 0; tries < FAILURES; tries += 1) {
      const client = await dial(this.#tap.sockets[1] ?? this.#tap.socket);
      client.send(new Chat().ask('hello'));
      await ended(client);
    }
  }

  async #deadNextHop(): Promise<void> {
    for (let tries = 0; tries < FAILURES; tries += 1) {
      // It may be reset before this end knows that it stands.
      const client = await dial(this.#tap.sockets[2] ?? this.#tap.socket).catch(() => null);
      if (client !== null) await ended(client);
    }
  }

  /** Lines between messages, pictures with gaps or without an end, and messages that a relay behind it cannot deliver. */
  async #strangeClient(): Promise<void> {
    const [link] = this.#links;
    if (link === undefined) return;
    await carried(link.client, link.server, Buffer.from('\r\n\r\n'));
    for (let count = 0; count < BROKEN_PICTURES; count += 1) {
      await sendPicture(link, WITH_A_GAP);
      if (count % 2 === 0) await sendPicture(link, GIVEN_UP);
    }
    await failToDeliver(link, UNDELIVERED);
  }

  /** Two that never say anything, and one that stops: they stay until responses have been missed. */
  async #silentNextHops(): Promise<void> {
    while (this.#silent.length >= SILENT_LINKS) await this.#close(this.#silent.shift());
    for (const isAnswered of [false, false, true]) {
      const link = { ...(await linkThrough(this.#tap.socket, this.#hop)), chat: new Chat() };
      const { client, server, chat } = link;
      this.#silent.push(link);
      if (isAnswered) await exchange(client, server, chat.ask('hello'), (request) => chat.ok(request));
      const requests = Array.from({ length: UNANSWERED }, () => chat.ask('is anybody there?'));
      await carried(client, server, Buffer.concat(requests));
    }
  }
}
