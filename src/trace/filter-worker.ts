/**
 * The thread in which a filter module lives: loads it, then answers calls in order. What it begins with is noted before, so
 * that the main thread knows which call hangs or ended the thread.
 */
import { types } from 'node:util';
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { RateLimitedLog, type LogSink } from '../lib/rate-limited-log.js';
import { received } from './filter-batch.js';
import { describeThrown } from './filter-error.js';
import { judge, type MessageQuestion, type MessageRoute } from './filter-message.js';
import type { Answer, FromWorker, ToWorker, WorkerSetup } from './filter-messages.js';
import { takeLines } from './filter-output.js';
import { decide, type Route, type RouteInput } from './filter-route.js';
import { syntaxErrorLine } from './filter-syntax.js';

/**
 * A module that keeps this much more than it had after loading is leaking. The thread must go before V8 reaches its hard
 * limit: one failing big allocation there (a Map that doubles, say) ends the whole process.
 */
const WORN_BYTES = 64 * 1024 * 1024;
/** Milliseconds. */
const WORN_CHECK_INTERVAL = 1_000;

/** Milliseconds of work whose answers go to the main thread as one. */
const ANSWER_INTERVAL = 10;

/** Lines in 10 s of what a module writes: a line for each connection is how routes are debugged. */
const OUTPUT_LINES = 100;

const EXPECTED = 'it must be the route: export default function route({ si, sp, socket_in }, { drop, exit }) { … }';

const port = parentPort;
if (port === null) throw new Error('filter-worker runs in a worker thread only');
const { file, begun: begunBuffer }: WorkerSetup = workerData;
const begun = new Int32Array(begunBuffer);

function post(message: FromWorker): void {
  port?.postMessage(message);
}

/** What a module exports. */
interface Filter {
  readonly route: Route;
  readonly message: MessageRoute | null;
}

function isRoute(value: unknown): value is Route {
  return typeof value === 'function';
}

function isMessageRoute(value: unknown): value is MessageRoute {
  return typeof value === 'function' && !types.isGeneratorFunction(value);
}

async function load(): Promise<Filter | null> {
  if (!existsSync(file)) {
    post({ kind: 'failed', code: 'filter_load_failed', message: `${file}: there is no such file` });
    return null;
  }
  let exported: { readonly default?: unknown; readonly message?: unknown };
  try {
    exported = await import(pathToFileURL(file).href);
  } catch (thrown) {
    post({ kind: 'failed', code: 'filter_load_failed', message: `${file}: ${describeLoadError(thrown)}` });
    return null;
  }
  if (types.isGeneratorFunction(exported.default)) {
    // Called, it would only make an iterator, and decide nothing.
    const message = `${file}: the default export is a generator (function*); ${EXPECTED}`;
    post({ kind: 'failed', code: 'filter_route_missing', message });
    return null;
  }
  const { default: route, message } = exported;
  if (message !== undefined && !isMessageRoute(message)) {
    const wrong = typeof message === 'function' ? 'a generator (function*)' : `no function but ${kindOf(message)}`;
    post({ kind: 'failed', code: 'filter_load_failed', message: `${file}: the export "message" is ${wrong}` });
    return null;
  }
  if (isRoute(route)) return { route, message: message ?? null };
  const found = 'default' in exported ? `is not a function but ${kindOf(exported.default)}` : 'is missing';
  post({ kind: 'failed', code: 'filter_route_missing', message: `${file}: the default export ${found}; ${EXPECTED}` });
  return null;
}

function describeLoadError(thrown: unknown): string {
  const text = describeThrown(thrown);
  if (!(thrown instanceof SyntaxError) || /:\d+\)$/.test(text)) return text;
  const line = syntaxErrorLine(file);
  return line === null ? `${text} (in a module that it imports)` : `${text} (${file}:${line})`;
}

/** Buffers stand outside the heap, and no resource limit of the thread knows of them. */
function memoryKept(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

const toMain: LogSink = {
  info: (fields, message) => post({ kind: 'log', level: 'info', fields, message }),
  warn: (fields, message) => post({ kind: 'log', level: 'warn', fields, message }),
  error: (fields, message) => post({ kind: 'log', level: 'error', fields, message }),
};
const log = new RateLimitedLog(toMain);
const output = new RateLimitedLog(toMain, { lines: OUTPUT_LINES });
for (const stream of [process.stdout, process.stderr]) {
  takeLines(stream, (text) => output.write('info', 'filter output', { text }));
}
// Without a listener it would end the thread, and with it the decisions of other connections.
process.on('unhandledRejection', (reason) => {
  log.write('warn', 'filter module: unhandled rejection', { error: describeThrown(reason) });
});

function answer({ route, message }: Filter, question: RouteInput | MessageQuestion): Answer {
  if (!('held' in question)) return decide(route, question);
  // Asked for another load of the module, which exported it.
  return message === null ? { outcome: 'return' } : judge(message, question);
}

const filter = await load();
if (filter !== null) {
  port.on('message', (batch: ToWorker) => {
    let answers: Answer[] = [];
    let since = performance.now();
    for (const { id, question } of received(batch)) {
      Atomics.store(begun, 0, id);
      answers.push(answer(filter, question));
      const now = performance.now();
      if (now - since < ANSWER_INTERVAL) continue;
      post({ kind: 'answers', answers });
      answers = [];
      since = now;
    }
    if (answers.length > 0) post({ kind: 'answers', answers });
  });
  const loaded = memoryKept();
  setInterval(() => {
    const bytes = memoryKept() - loaded;
    if (bytes > WORN_BYTES) post({ kind: 'worn', bytes });
  }, WORN_CHECK_INTERVAL).unref();
  post({ kind: 'loaded', judges: filter.message !== null });
}
