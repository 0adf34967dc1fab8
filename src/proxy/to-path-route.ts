import type { NextHop, Read } from '../events.js';
import { type Endpoint, UNSPECIFIED } from '../lib/address.js';
import { nowMicros } from '../lib/clock.js';
import { Deadline } from '../lib/deadline.js';
import type { Reason } from '../lib/reasons.js';
import type { Message } from '../msrp/message.js';
import type { Connection } from '../net/connection.js';
import type { Dial, DialFailure } from '../net/dial.js';
import { MAX_REPEATED, RepeatedRequests } from './repeated-requests.js';
import { type Origination, type OriginationOwner, type Route, type RouteContext, dial } from './route.js';
import { type ToPathRules, nextHopOf } from './to-path.js';

export interface ToPathOptions {
  /** Milliseconds from the accept (msrps: from the end of the handshake) to the first request. */
  readonly timeout: number;
  /** Octets that may come before its header section is complete. */
  readonly max_bytes: number;
}

/** Whether a socket is one that this program has opened towards a next hop, in whichever of its processes. */
export type IsOwnUpstream = (source: Endpoint) => boolean | Promise<boolean>;

/** How many characters of a URI that a peer sent are told. */
const MAX_SHOWN = 200;

/** The next hop is the first URI of the To-Path of the connection's first request. */
export class ToPathRoute implements Route {
  readonly fixed = null;
  readonly options: ToPathOptions;
  readonly rules: ToPathRules;
  readonly context: RouteContext;
  readonly isOwnUpstream: IsOwnUpstream;
  readonly repeated = new RepeatedRequests();

  constructor(options: ToPathOptions, rules: ToPathRules, context: RouteContext, isOwnUpstream: IsOwnUpstream) {
    this.options = options;
    this.rules = rules;
    this.context = context;
    this.isOwnUpstream = isOwnUpstream;
  }

  originate(downstream: Connection, owner: OriginationOwner): Origination {
    return new ToPathOrigination(this, downstream, owner);
  }
}

/** waiting: for the first request; asking: whether the connection is a loop; dialling; over: told, or without a word. */
type State = 'waiting' | 'asking' | 'dialling' | 'over';

class ToPathOrigination implements Origination {
  readonly #route: ToPathRoute;
  readonly #downstream: Connection;
  readonly #owner: OriginationOwner;
  readonly #deadline: Deadline;
  #state: State = 'waiting';
  #octets = 0;
  #nextHop: NextHop | null = null;
  #dial: Dial | null = null;
  #forget: (() => void) | null = null;

  constructor(route: ToPathRoute, downstream: Connection, owner: OriginationOwner) {
    this.#route = route;
    this.#downstream = downstream;
    this.#owner = owner;
    const { timeout } = route.options;
    this.#deadline = new Deadline(timeout, () => this.#refuse('to_path_timeout', `no request within ${timeout} ms`));
  }

  onRead({ pieces, buffer }: Read): void {
    if (this.#state !== 'waiting') return;
    const { max_bytes } = this.#route.options;
    for (const { message } of pieces) {
      if (message.kind === 'request' && message.headComplete) {
        this.#decide(message);
        return;
      }
    }
    this.#octets += buffer.length;
    if (this.#octets >= max_bytes) this.#refuse('to_path_overflow', `no request within ${max_bytes} octets`);
  }

  onReadEnd(): boolean {
    if (this.#state !== 'waiting') return false;
    this.#end();
    return true;
  }

  abort(reason: Reason): void {
    if (this.#state === 'dialling') this.#dial?.abort(reason);
    else if (this.#state !== 'over') this.#refuse(reason, 'given up');
  }

  #decide(request: Message): void {
    const [uri] = request.toPath;
    const nextHop = uri === undefined ? 'it has no To-Path' : nextHopOf(uri);
    if (typeof nextHop === 'string') {
      this.#refuse('to_path_invalid', uri === undefined ? nextHop : `${uri.slice(0, MAX_SHOWN)}: ${nextHop}`);
      return;
    }
    this.#nextHop = nextHop;
    this.#forget = this.#route.repeated.add(request.head);
    if (this.#forget === null) {
      this.#refuse('loop', `${MAX_REPEATED} connections that stand began with this request`);
      return;
    }
    this.#deadline.cancel();
    const own = this.#route.isOwnUpstream(this.#downstream.source);
    if (typeof own === 'boolean') this.#judged(own);
    else void this.#ask(own);
  }

  async #ask(own: Promise<boolean>): Promise<void> {
    this.#state = 'asking';
    const isOwn = await own;
    if (this.#state === 'asking') this.#judged(isOwn);
  }

  #judged(isOwnUpstream: boolean): void {
    const nextHop = this.#nextHop;
    if (isOwnUpstream || nextHop === null) {
      this.#refuse('loop', 'the connection comes from msrptap itself');
      return;
    }
    this.#state = 'dialling';
    this.#dial = dial(
      this.#downstream,
      { ...nextHop, refuse: (address) => this.#route.rules.refuse(address) },
      this.#route.context,
      (connection) => {
        this.#end();
        this.#owner.onConnection(connection, this.#forget);
      },
      (failure) => this.#failed(nextHop, failure),
    );
  }

  #failed(nextHop: NextHop, failure: DialFailure): void {
    const { reason, detail } = failure;
    this.#end();
    this.#forget?.();
    this.#owner.onAttemptFailed(nextHop, failure, true);
    this.#owner.onFailed({ reason, detail, culprit: isOfClient(reason) ? 'downstream' : 'upstream' });
  }

  /** Without a dial. */
  #refuse(reason: Reason, detail: string): void {
    if (this.#state === 'over') return;
    const nextHop = this.#nextHop;
    if (nextHop === null) {
      this.#end();
      this.#owner.onFailed({ reason, detail, culprit: 'downstream' });
    } else {
      this.#failed(nextHop, { near: UNSPECIFIED, far: UNSPECIFIED, reason, detail, at: nowMicros() });
    }
  }

  #end(): void {
    this.#state = 'over';
    this.#deadline.cancel();
  }
}

/** What the client asked for is refused; anything else is between msrptap and the next hop. */
function isOfClient(reason: Reason): boolean {
  return reason === 'loop' || reason === 'to_path_forbidden';
}
