import cluster, { type Worker } from 'node:cluster';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Figures } from '../control/figures.js';
import type { Endpoint } from '../lib/address.js';
import { MsrptapError } from '../lib/errors.js';
import type { AcceptFailure } from '../net/listener.js';
import { Sources } from '../net/sources.js';
import type { CorrelationTime } from '../trace/correlations.js';
import type { SpotTime } from '../trace/spots.js';
import type { Answers, FromWorker, Request, Setup, ToWorker } from './messages.js';

/** Milliseconds to load certificates and filter on a machine that does a hundred other things. */
const START_LIMIT = 30_000;

/** Milliseconds. */
export const HANG_MS = 200;

/** How it ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Nothing is told after `onEnded`, but for log lines. */
export interface WorkerOwner {
  /** It has room for another connection, or fewer of them than before. */
  onLoad(): void;
  onLog(line: string): void;
  /** It asks whether a socket is one that another worker has opened towards a next hop. */
  onQuestion(worker: WorkerProcess, id: number, source: Endpoint): void;
  onEnded(worker: WorkerProcess, end: WorkerEnd): void;
}

interface Asked {
  readonly resolve: (result: Answers[Request['kind']]) => void;
  readonly reject: (error: Error) => void;
}

/** A worker, as the control process has it. */
export class WorkerProcess {
  readonly slot: number;
  /** Rejects with what keeps it from carrying traffic; it ends then. */
  readonly prepared: Promise<void>;
  readonly ended: Promise<void>;
  /** Of the connections that it has and that are counted. */
  readonly sources = new Sources();
  readonly #setup: Setup;
  readonly #worker: Worker;
  readonly #owner: WorkerOwner;
  readonly #asked = new Map<number, Asked>();
  #settlePrepared: (error: MsrptapError | null) => void = () => {};
  #lastId = 0;
  #given = 0;
  /** performance.now() of the last one. */
  #givenAt = 0;
  #taken = 0;
  #held = 0;
  #figures: Figures = {};
  #isOver = false;

  constructor(setup: Setup, owner: WorkerOwner) {
    this.slot = setup.slot;
    this.#setup = setup;
    this.#owner = owner;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('main.js', import.meta.url)),
      args: [],
      // Buffers as they are, and faster than JSON.
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#worker = cluster.fork();
    this.prepared = this.#prepare();
    // Told by whoever waits for it.
    this.prepared.catch(() => {});
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message));
    this.#worker.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code: number | null, signal: string | null) => {
        this.#onExit({ code, signal });
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  /** Whether it has taken all that it was given: one connection is under way at a time, so none is lost in a queue. */
  get isFree(): boolean {
    return !this.#isOver && this.#given === this.#taken;
  }

  /** Whether it leaves what it was given waiting for longer than a busy event loop does. */
  get hangs(): boolean {
    return this.#given > this.#taken && performance.now() - this.#givenAt > HANG_MS;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Connections it has, handshakes and the one under way included. */
  get held(): number {
    return this.#held + (this.#given - this.#taken);
  }

  /** Those it told last. */
  get figures(): Figures {
    return this.#figures;
  }

  /** Has them told anew. One that does not answer keeps those it told last. @param limit milliseconds */
  async askFigures(limit: number): Promise<void> {
    try {
      this.#figures = await this.ask({ kind: 'figures' }, limit);
    } catch {
      // It hangs, or has ended: then the pool has what it counted.
    }
  }

  /** It carries traffic from here on. */
  join(trace: boolean, spots: readonly SpotTime[]): void {
    this.#tell({ kind: 'join', trace, spots });
  }

  /** @param sent called when the channel has taken them, or never will */
  tellCorrelations(correlations: readonly CorrelationTime[], sent: () => void): void {
    this.#tell({ kind: 'correlations', correlations }, sent);
  }

  /** @param source as what it counts until it closes; null: it is not counted */
  hand(listener: string, socket: Socket, source: string | null): void {
    this.#given += 1;
    if (source !== null) this.sources.add(source);
    this.#givenAt = performance.now();
    // What becomes of it is the worker's business: Node would have the server here ask for it.
    Object.assign(socket, { server: null });
    this.#worker.send({ kind: 'connection', listener, source } satisfies ToWorker, socket, () => {});
  }

  refused(listener: string, failure: AcceptFailure): void {
    this.#tell({ kind: 'refused', listener, failure });
  }

  useOwnSockets(sockets: readonly Endpoint[]): void {
    this.#tell({ kind: 'ownSockets', sockets });
  }

  /** To a question of its. */
  answer(id: number, isOne: boolean): void {
    this.#tell({ kind: 'upstream', id, isOne });
  }

  hurry(): void {
    this.#tell({ kind: 'hurry' });
  }

  kill(): void {
    this.#worker.kill('SIGKILL');
  }

  /**
   * @param limit milliseconds
   * @throws MsrptapError what it was refused with; worker_failed when it does not answer in time, or ended
   */
  ask<Kind extends Request['kind']>(request: Request & { readonly kind: Kind }, limit: number): Promise<Answers[Kind]>;
  ask(request: Request, limit: number): Promise<Answers[Request['kind']]> {
    if (this.#isOver) return Promise.reject(this.#failed('ended'));
    this.#lastId += 1;
    const id = this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Answers[Request['kind']]>((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      timer = setTimeout(() => reject(this.#failed(`did not answer within ${limit} ms`)), limit);
      this.#tell({ kind: 'request', id, request });
    });
    return answered.finally(() => {
      clearTimeout(timer);
      this.#asked.delete(id);
    });
  }

  async #prepare(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const failure = await new Promise<MsrptapError | null>((resolve) => {
      this.#settlePrepared = resolve;
      timer = setTimeout(() => resolve(this.#failed(`did not start within ${START_LIMIT} ms`)), START_LIMIT);
    });
    clearTimeout(timer);
    if (failure === null) return;
    this.kill();
    throw failure;
  }

  #tell(message: ToWorker, sent: () => void = () => {}): void {
    // One that is gone needs no message.
    if (!this.#isOver && this.#worker.isConnected()) this.#worker.send(message, () => sent());
  }

  #onMessage(message: FromWorker): void {
    if (message.kind === 'log') return this.#owner.onLog(message.line);
    if (this.#isOver) return;
    switch (message.kind) {
      case 'hello':
        return this.#tell({ kind: 'setup', setup: this.#setup });
      case 'prepared':
        return this.#settlePrepared(null);
      case 'failed':
        return this.#settlePrepared(new MsrptapError(message.failure.code, message.failure.message));
      case 'answer':
        return this.#asked.get(message.id)?.resolve(message.result);
      case 'refusal':
        return this.#asked.get(message.id)?.reject(new MsrptapError(message.failure.code, message.failure.message));
      case 'load':
        [this.#taken, this.#held] = [message.taken, message.held];
        for (const source of message.gone) this.sources.remove(source);
        return this.#owner.onLoad();
      case 'isUpstream':
        return this.#owner.onQuestion(this, message.id, message.source);
      case 'figures':
        this.#figures = message.figures;
    }
  }

  #onExit(end: WorkerEnd): void {
    this.#isOver = true;
    this.#settlePrepared(this.#failed(`ended when it started (${describe(end)})`));
    for (const { reject } of this.#asked.values()) reject(this.#failed('ended'));
    this.#owner.onEnded(this, end);
  }

  #failed(what: string): MsrptapError {
    return new MsrptapError('worker_failed', `worker ${this.slot} ${what}`);
  }
}

function describe({ code, signal }: WorkerEnd): string {
  return signal ?? `exit status ${code}`;
}
