import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { plainIp } from '../lib/address.js';
import type { Log } from '../lib/log.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import { bearerGuard, type Guard } from './http-auth.js';
import { hostGuard, isOwnOrigin, type HostGuard } from './http-hosts.js';
import { text, type Answer, type Route } from './http-routes.js';
import { SourceRate } from '../lib/source-rate.js';

export interface HttpGateOptions {
  /** What URLs of this port begin with. */
  readonly scheme: 'http' | 'https';
  /** httpd.token: guards what changes or tells anything; health and readiness stay open. Default: nobody is asked. */
  readonly token?: string | undefined;
  /** httpd.hosts. Default: none. */
  readonly hosts?: readonly string[] | undefined;
  /** httpd.requests_per_second, of each address. Default: {@link REQUESTS_PER_SECOND}. */
  readonly requestsPerSecond?: number | undefined;
}

/** A scraper and some operators ask a few, and a script that switches tracing for many sessions some hundred. */
const REQUESTS_PER_SECOND = 1_000;

/** Why requests were refused before anything was done for them. */
export const REFUSALS = ['certificate', 'host', 'origin', 'rate', 'token'] as const;
export type Refusal = (typeof REFUSALS)[number];
export const NOTHING_REFUSED: Readonly<Record<Refusal, number>> = {
  certificate: 0,
  host: 0,
  origin: 0,
  rate: 0,
  token: 0,
};

const ANSWERS: Readonly<Record<Exclude<Refusal, 'certificate'>, () => Answer>> = {
  // [RFC 9110 §15.5.20]
  host: () => text(421, 'this host is not served here: use an IP address or localhost, or add the name to httpd.hosts'),
  origin: () => text(403, 'pages of other sites may not ask here'),
  rate: () => text(429, 'too many requests', { 'Retry-After': '1' }),
  token: () => text(401, 'httpd.token is required', { 'WWW-Authenticate': 'Bearer realm="msrptap"' }),
};

/** Who may ask what over HTTP; everybody else gets the reason, is counted, and is told of in the log. */
export class HttpGate {
  #isHost: HostGuard;
  #hasToken: Guard;
  #rate: SourceRate;
  readonly #log: RateLimitedLog;
  readonly #counts: Record<Refusal, number> = { ...NOTHING_REFUSED };

  readonly #scheme: 'http' | 'https';

  constructor({ scheme, token, hosts, requestsPerSecond }: HttpGateOptions, log: Log) {
    this.#scheme = scheme;
    this.#isHost = hostGuard(hosts ?? []);
    this.#hasToken = bearerGuard(token);
    this.#rate = new SourceRate(requestsPerSecond ?? REQUESTS_PER_SECOND);
    this.#log = new RateLimitedLog(log);
  }

  /** Others, for the requests to come. Of those refused, none is forgotten. */
  use({ token, hosts, requestsPerSecond }: Omit<HttpGateOptions, 'scheme'>): void {
    this.#isHost = hostGuard(hosts ?? []);
    this.#hasToken = bearerGuard(token);
    this.#rate = new SourceRate(requestsPerSecond ?? REQUESTS_PER_SECOND);
  }

  /** Requests refused so far. */
  get refused(): Readonly<Record<Refusal, number>> {
    return this.#counts;
  }

  /** @returns null: it may go on */
  refuse(request: IncomingMessage, route: Route | undefined): Answer | null {
    const why = this.#why(request, route);
    if (why === null) return null;
    // Nothing of what was sent: it may be a token with a slip in it.
    this.#note(request.socket, why);
    return ANSWERS[why]();
  }

  /** A client whose certificate is not good enough, or missing. */
  refuseHandshake(socket: Socket, detail: string): void {
    this.#note(socket, 'certificate', { detail });
  }

  flush(): void {
    this.#log.flush();
  }

  #note({ remoteAddress = '' }: Socket, reason: Refusal, more: Readonly<Record<string, string>> = {}): void {
    this.#counts[reason] += 1;
    this.#log.write('warn', 'HTTP request refused', { from: plainIp(remoteAddress), reason, ...more });
  }

  #why({ headers, headersDistinct, socket }: IncomingMessage, route: Route | undefined): keyof typeof ANSWERS | null {
    // Of two, one reader takes the first and another the last [RFC 9112 §3.2].
    if ((headersDistinct['host'] ?? []).length > 1 || !this.#isHost(headers.host)) return 'host';
    if (!isOwnOrigin(headers.origin, headers.host, this.#scheme)) return 'origin';
    // A flood behind one address must not make a load balancer behind the same one think that nobody is well here.
    if (route?.guarded === false) return null;
    if (!this.#rate.take(socket.remoteAddress ?? '')) return 'rate';
    return route !== undefined && !this.#hasToken(headers.authorization) ? 'token' : null;
  }
}
