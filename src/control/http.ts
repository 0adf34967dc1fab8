import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { formatEndpoint, type Endpoint } from '../lib/address.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import { openSocket, type OpenSocket } from '../lib/socket-fd.js';
import type { Log } from '../lib/log.js';
import { OneATurn } from '../lib/one-a-turn.js';
import { discardBody } from './http-body.js';
import { HttpConnections } from './http-connections.js';
import { HttpGate, type HttpGateOptions, type Refusal } from './http-gate.js';
import { createHttpSocket, type HttpSocket, type HttpTls } from './http-tls.js';
import { httpRoutes, text, type Answer, type Readiness, type Route, type RouteOptions } from './http-routes.js';

/** Milliseconds. Scrapes and MI calls are short and come from near by: whoever needs longer holds a place for nothing. */
export interface HttpTimeouts {
  /** For a request's headers. */
  readonly headers: number;
  /** For a whole request. */
  readonly request: number;
  /** Between two requests of a connection. */
  readonly keepAlive: number;
  /** Without a byte either way, a client that does not take its answer included. */
  readonly idle: number;
  /** What a client gets to hand over the rest of a request that was refused for its length. */
  readonly discard: number;
  /** For requests under way when the server closes. */
  readonly close: number;
}

export const HTTP_TIMEOUTS: HttpTimeouts = {
  headers: 5_000,
  request: 10_000,
  keepAlive: 5_000,
  idle: 30_000,
  discard: 1_000,
  close: 1_000,
};

/** Octets; Node's default. */
const MAX_HEADERS = 16_384;

/** How often Node looks for connections that ran out of time. Its own 30 s would make 5 s mean 35. */
const CHECK_INTERVAL = 500;

/** The section of the configuration that an HTTP port is of. */
export type HttpPort = 'httpd' | 'prometheus';

export interface HttpServerOptions
  extends Omit<RouteOptions, 'readiness' | 'onThrow'>, Omit<HttpGateOptions, 'scheme'> {
  readonly log: Log;
  /** Default: httpd. */
  readonly section?: HttpPort;
  /** Default: plain HTTP. */
  readonly tls?: HttpTls | null;
  readonly timeouts?: Partial<HttpTimeouts>;
}

/** An HTTP port: MI, metrics, health and readiness, or all of it but MI. */
export class HttpServer {
  /** What /readyz answers. */
  readiness: Readiness = 'starting';

  readonly #log: Log;
  readonly #section: HttpPort;
  readonly #timeouts: HttpTimeouts;
  readonly #gate: HttpGate;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #connections = new HttpConnections();
  readonly #turns = new OneATurn();
  readonly #socket: HttpSocket;

  /** @throws MsrptapError config_invalid when two routes would have the same path */
  constructor(options: HttpServerOptions) {
    const { log, section = 'httpd', tls = null } = options;
    this.#log = log;
    this.#section = section;
    this.#timeouts = { ...HTTP_TIMEOUTS, ...options.timeouts };
    this.#gate = new HttpGate({ ...options, scheme: tls === null ? 'http' : 'https' }, log);
    this.#routes = httpRoutes({
      ...options,
      readiness: () => this.readiness,
      onThrow: (method, thrown) => this.#log.error({ err: thrown, method }, 'an MI command failed'),
    });
    const { headers, request, keepAlive, idle } = this.#timeouts;
    this.#socket = createHttpSocket({
      tls,
      onRefused: (stream, why) => this.#gate.refuseHandshake(stream, why),
      headersTimeout: headers,
      requestTimeout: request,
      keepAliveTimeout: keepAlive,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL, headers),
      maxHeaderSize: MAX_HEADERS,
    });
    const { server } = this.#socket;
    server.setTimeout(idle);
    server.on('connection', (socket: Socket) => this.#connections.opened(socket));
    server.on('request', (incoming, response) => void this.#serve(incoming, response));
  }

  /** Who may ask, from now on. */
  admit(options: Omit<HttpGateOptions, 'scheme'>): void {
    this.#gate.use(options);
  }

  /** Requests that were refused for who sent them, so far. */
  get refused(): Readonly<Record<Refusal, number>> {
    return this.#gate.refused;
  }

  /** Certificates for the connections to come. */
  useTls(tls: HttpTls): void {
    this.#socket.useTls(tls);
  }

  /**
   * @param port 0: any free one
   * @param inherited where the socket may be, bound already
   * @returns where it listens
   * @throws MsrptapError listen_failed
   */
  async listen(ip: string, port: number, inherited?: InheritedSockets): Promise<Endpoint> {
    const { server } = this.#socket;
    const handle = inherited?.take({ ip, port });
    if (handle === undefined) server.listen({ host: ip, port });
    else server.listen(handle);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw listenError(this.#section, { ip, port }, error);
    }
    server.on('error', (error) => this.#log.warn({ err: error }, this.#section));
    const address = server.address();
    return typeof address === 'object' && address !== null ? { ip: address.address, port: address.port } : { ip, port };
  }

  /** For a process that takes it over. */
  get open(): readonly OpenSocket[] {
    return openSocket(this.#section, this.#socket.server);
  }

  /** Answers what is under way, then closes; connections that stay open between requests do not hold it up. */
  async close(): Promise<void> {
    this.#gate.flush();
    const { server } = this.#socket;
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    const overdue = setTimeout(() => server.closeAllConnections(), this.#timeouts.close);
    await closed;
    clearTimeout(overdue);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await this.#connections.turnOf(request, response))) return;
    let answer: Answer;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      // Gone before the end of its own request: nobody is there to answer.
      if (request.destroyed && !request.complete) return;
      this.#log.error({ err: error, path: pathOf(request) }, 'an HTTP request failed');
      answer = text(500, 'internal error');
    }
    const { status, headers = {}, body = '', hangUp = false } = answer;
    response.writeHead(status, {
      ...headers,
      'Content-Length': Buffer.byteLength(body),
      ...(hangUp || !this.#socket.server.listening ? { Connection: 'close' } : {}),
    });
    if (hangUp) {
      response.write(body);
      await discardBody(request, this.#timeouts.discard);
      response.end();
    } else {
      response.end(body);
    }
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const route = this.#routes.get(pathOf(request));
    const refusal = this.#gate.refuse(request, route);
    if (refusal !== null) return refusal;
    if (route === undefined) return text(404, 'not found');
    if (!route.methods.includes(request.method ?? '')) {
      return text(405, 'method not allowed', { Allow: route.methods.join(', ') });
    }
    // Figures and lists take milliseconds each, in a process that may be the one that carries the traffic.
    if (route.guarded) await this.#turns.next();
    return route.answer(request);
  }
}

/** Without what stands behind a question mark, which may be anything that somebody took for a place of the token. */
function pathOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  return path;
}

function listenError(section: HttpPort, where: Endpoint, cause: unknown): MsrptapError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const help = listenHelp(section)[code] ?? messageOf(cause);
  return new MsrptapError('listen_failed', `${section}.port: cannot listen on ${formatEndpoint(where)}: ${help}`, {
    cause,
  });
}

function listenHelp(section: HttpPort): Readonly<Record<string, string>> {
  return {
    EADDRINUSE: `another process has it: stop that one, or set ${section}.port to a free port`,
    EADDRNOTAVAIL: `${section}.ip is no address of this machine`,
    EACCES: `${section}.port needs privileges that this user does not have: take one from 1024`,
  };
}
