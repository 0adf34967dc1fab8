/** A worker process: carries traffic, and does what the control process says. It never outlives that one. */
import { boundYoungGeneration } from '../lib/young-generation.js';
import type { Socket } from 'node:net';
import type { Observer } from '../events.js';
import type { Endpoint } from '../lib/address.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import { createLog } from '../lib/log.js';
import { Turns } from '../lib/turns.js';
import type { SpotTime } from '../trace/spots.js';
import { Traffic } from '../traffic.js';
import type { Answers, Failure, FromWorker, Request, Setup, ToWorker } from './messages.js';

/** Log lines that may wait for the control process; what comes when they do is dropped and counted. */
const MAX_WAITING_LINES = 1_000;
/** Milliseconds between two reports of the figures that nobody asked for. */
const FIGURES_INTERVAL = 1_000;

let traffic: Traffic | null = null;
const hurry = new AbortController();
/** The halves of changes happen in the order in which they were asked for, however long one takes. */
const changes = new Turns();
let taken = 0;
let reportDue = false;
/** Sources of connections that have closed since the last report. */
let gone: string[] = [];
let waitingLines = 0;
let droppedLines = 0;
/** Questions about sockets that wait for their answers. */
const asked = new Map<number, (isOne: boolean) => void>();
let lastQuestion = 0;

function tell(message: FromWorker, sent: () => void = () => {}): void {
  // A channel that is closed ends the process, below.
  process.send?.(message, undefined, {}, sent);
}

const lines = {
  write(line: string): void {
    if (waitingLines >= MAX_WAITING_LINES) {
      droppedLines += 1;
      return;
    }
    waitingLines += 1;
    tell({ kind: 'log', line }, () => (waitingLines -= 1));
  },
};

async function prepare({ slot, config, ticketKeys }: Setup): Promise<void> {
  try {
    traffic = await Traffic.prepare({
      config,
      log: createLog(config.log.level, lines).child({ worker: slot }),
      logLinesDropped: () => droppedLines,
      observers: [released],
      ticketKeys: Buffer.from(ticketKeys),
      slot,
      isOthersUpstream,
      onGone,
    });
    tell({ kind: 'prepared' });
  } catch (error) {
    tell({ kind: 'failed', failure: failureOf(error) }, () => process.exit(1));
  }
}

function isOthersUpstream(source: Endpoint): Promise<boolean> {
  lastQuestion += 1;
  const id = lastQuestion;
  tell({ kind: 'isUpstream', id, source });
  return new Promise((resolve) => asked.set(id, resolve));
}

function answered(id: number, isOne: boolean): void {
  asked.get(id)?.(isOne);
  asked.delete(id);
}

/** Connections that end make room for others, here and in all workers. */
const released: Observer = {
  link: () => ({
    connected() {},
    connectFailed() {},
    read() {},
    transactionTimedOut() {},
    closed() {},
    ended: reportLater,
  }),
  acceptFailed: reportLater,
};

function onGone(source: string): void {
  gone.push(source);
  reportLater();
}

function reportLater(): void {
  if (reportDue) return;
  reportDue = true;
  setImmediate(report);
}

function report(): void {
  reportDue = false;
  if (traffic === null) return;
  const sources = gone;
  gone = [];
  tell({ kind: 'load', taken, held: traffic.accepted, gone: sources });
}

function take(listener: string, source: string | null, socket: Socket | undefined): void {
  taken += 1;
  // One that was reset on its way comes without a socket.
  if (socket !== undefined && traffic !== null) {
    socket.allowHalfOpen = true;
    traffic.take(listener, socket, source);
  } else if (source !== null) {
    gone.push(source);
  }
  report();
}

function join(trace: boolean, spots: readonly SpotTime[]): void {
  traffic?.takeOver(trace, spots);
  setInterval(() => void reportFigures(), FIGURES_INTERVAL);
}

async function reportFigures(): Promise<void> {
  if (traffic !== null) tell({ kind: 'figures', figures: await traffic.figures() });
}

async function answer(id: number, request: Request): Promise<void> {
  try {
    const result = await resultOf(request);
    tell({ kind: 'answer', id, result }, () => {
      if (request.kind === 'drain') process.exit(0);
    });
  } catch (error) {
    tell({ kind: 'refusal', id, failure: failureOf(error) });
  }
}

async function resultOf(request: Request): Promise<Answers[Request['kind']]> {
  const carrier = traffic;
  if (carrier === null) throw new MsrptapError('worker_failed', 'it is not prepared');
  switch (request.kind) {
    case 'make':
      await changes.run(() => carrier.make(request.change));
      return null;
    case 'commit':
      await changes.run(() => carrier.commit());
      return null;
    case 'discard':
      await changes.run(() => carrier.discard());
      return null;
    case 'figures':
      return carrier.figures();
    case 'hasUpstream':
      return carrier.hasUpstreamAt(request.source);
    case 'links':
      return (await carrier.linkPage(request.page)).told;
    case 'sessions':
      return (await carrier.sessionPage(request.page)).told;
    case 'close':
      return (await carrier.closeLink(request.link)).told;
    case 'destinations':
      return (await carrier.destinations()).told;
    case 'correlate':
      carrier.tellCorrelations([request.correlation]);
      return null;
    case 'drain':
      return carrier.drain(request.timeout, hurry.signal);
  }
}

function failureOf(error: unknown): Failure {
  return { code: error instanceof MsrptapError ? error.code : 'worker_failed', message: messageOf(error) };
}

process.on('message', (message: ToWorker, socket: Socket | undefined) => {
  switch (message.kind) {
    case 'setup':
      return void prepare(message.setup);
    case 'join':
      return join(message.trace, message.spots);
    case 'correlations':
      return traffic?.tellCorrelations(message.correlations);
    case 'request':
      return void answer(message.id, message.request);
    case 'connection':
      return take(message.listener, message.source, socket);
    case 'refused':
      return traffic?.refused(message.listener, message.failure);
    case 'ownSockets':
      return traffic?.useOwnSockets(message.sockets);
    case 'upstream':
      return answered(message.id, message.isOne);
    case 'hurry':
      hurry.abort();
  }
});

boundYoungGeneration();
tell({ kind: 'hello' });

// The control process decides: a terminal and systemd send their signals to all processes at once.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});

// Ahead of the cluster module, which ends the process here: the links must not end with a FIN that looks clean.
process.prependListener('disconnect', () => {
  traffic?.cut();
  process.exit(1);
});
