/** What the HTTP port answers, without the port: a route is a function from a request to an answer. */
import type { IncomingMessage } from 'node:http';
import { MsrptapError } from '../lib/errors.js';
import { readBody } from './http-body.js';
import { handleMi, MAX_REQUEST } from './mi.js';
import type { CommandTable } from './mi-command.js';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The request's body was not read to its end. */
  readonly hangUp?: boolean;
}

export interface Route {
  readonly methods: readonly string[];
  /** Wants the token where one is set. */
  readonly guarded: boolean;
  readonly answer: (request: IncomingMessage) => Answer | Promise<Answer>;
}

/** Before it is ready, and while it drains, a load balancer should send nothing. */
export type Readiness = 'starting' | 'ready' | 'draining';

export interface RouteOptions {
  /** null: no MI here. */
  readonly commands: CommandTable | null;
  /** Told what an MI command threw. */
  readonly onThrow: (method: string, thrown: unknown) => void;
  readonly scrape: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly readiness: () => Readiness;
  /** mi_http.root and prometheus.root: paths, with or without the slash they begin with. */
  readonly miRoot?: string | undefined;
  readonly metricsRoot?: string | undefined;
}

const GET = ['GET', 'HEAD'];
const JSON_TYPE = /^application\/json *(?:;.*)?$/i;
const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };

/** @throws MsrptapError config_invalid when two of them would have the same path */
export function httpRoutes(options: RouteOptions): ReadonlyMap<string, Route> {
  const { scrape, readiness, metricsRoot = 'metrics' } = options;
  const routes: readonly (readonly [string, Route])[] = [
    ['/healthz', { methods: GET, guarded: false, answer: () => text(200, 'ok') }],
    ['/readyz', { methods: GET, guarded: false, answer: () => text(readiness() === 'ready' ? 200 : 503, readiness()) }],
    ...miRoutes(options),
    [path(metricsRoot), { methods: GET, guarded: true, answer: () => answerScrape(scrape) }],
  ];
  const table = new Map(routes);
  if (table.size < routes.length) {
    const used = routes.map(([name]) => name).join(', ');
    throw new MsrptapError('config_invalid', `mi_http.root and prometheus.root need paths of their own, not ${used}`);
  }
  return table;
}

function miRoutes({ commands, miRoot = 'mi', onThrow }: RouteOptions): readonly (readonly [string, Route])[] {
  if (commands === null) return [];
  const answer = (request: IncomingMessage) => answerMi(request, commands, onThrow);
  return [[path(miRoot), { methods: ['POST'], guarded: true, answer }]];
}

export function text(status: number, line: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: `${line}\n` };
}

function path(root: string): string {
  return `/${root.replace(/^\/+|\/+$/g, '')}`;
}

async function answerMi(
  request: IncomingMessage,
  commands: CommandTable,
  onThrow: RouteOptions['onThrow'],
): Promise<Answer> {
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    return text(415, 'Content-Type must be application/json');
  }
  const body = await readBody(request, MAX_REQUEST);
  if (body === null) return { ...text(413, `a request has at most ${MAX_REQUEST} octets`), hangUp: true };
  const outcome = await handleMi(body, commands, onThrow);
  if (outcome.kind === 'silence') return { status: 202, headers: { 'Cache-Control': 'no-store' } };
  return { status: outcome.kind === 'unparsable' ? 400 : 200, headers: JSON_HEADERS, body: outcome.text };
}

async function answerScrape(scrape: RouteOptions['scrape']): Promise<Answer> {
  const { contentType, body } = await scrape();
  return { status: 200, headers: { 'Content-Type': contentType }, body };
}
