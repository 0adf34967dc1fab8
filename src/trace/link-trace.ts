import type {
  ConnectionFacts,
  Direction,
  Ending,
  FailedAttempt,
  Leg,
  LinkFacts,
  LinkObserver,
  Read,
  TimedOutTransaction,
} from '../events.js';
import type { Message } from '../msrp/message.js';
import { Arrivals, isWhole } from './arrivals.js';
import { Decisions, type DecisionsOwner } from './decisions.js';
import { type TraceEvent, closed, encodeEvent, failed, opened, timedOut } from './event-payload.js';
import { MessagePackets } from './message-packets.js';
import { mirror, mirrorCut } from './mirror.js';
import { type Path, Paths } from './paths.js';
import { SessionCalls } from './session-calls.js';
import { Sessions } from './sessions.js';
import type { PacketFlow, TracerCore } from './core.js';
import { UnnamedFailure } from './unnamed-failure.js';
import { type EventSender, WaitingEvent } from './waiting-event.js';
import { WaitingRoom } from './waiting-room.js';

/** The trace of one link: gives each of its packets a decision, a time, addresses and a correlation id. */
export class LinkTrace implements LinkObserver, EventSender, DecisionsOwner {
  readonly #link: LinkFacts;
  readonly #tracer: TracerCore;
  readonly #decisions: Decisions;
  readonly #sessions = new Sessions();
  readonly #calls: SessionCalls;
  readonly #waiting: WaitingRoom;
  readonly #paths: Paths<PacketFlow>;
  /** null: no message came in several reads so far. */
  #arrivals: Arrivals | null = null;
  #judgedPackets: MessagePackets | null = null;
  #wakeUp: NodeJS.Timeout | null = null;
  #lastTime = 0;
  /** A request came whose URIs have no session-id: events wait for one no longer. */
  #sessionless = false;
  /** The link has failed or ended: neither do they then. */
  #ending = false;
  #ended = false;
  /** The link failed, and belongs to no session. */
  #failure: UnnamedFailure | null = null;

  constructor(link: LinkFacts, tracer: TracerCore) {
    this.#link = link;
    this.#tracer = tracer;
    this.#calls = new SessionCalls(tracer.correlations, this.#sessions);
    this.#waiting = new WaitingRoom(tracer);
    this.#paths = new Paths(link.downstream, tracer.messageFlow);
    this.#decisions = new Decisions(link, tracer, this);
    this.#open(link.downstream);
  }

  connected(upstream: ConnectionFacts): void {
    this.#paths.upstreamConnected(upstream);
    // What was read before it stood has the earlier times.
    this.#waiting.flush();
    this.#open(upstream);
    // With trace_legs: both, what it shows of that has waited for its decision.
    this.#waiting.flush();
  }

  /** Asks no route: the downstream connection's decision holds. */
  connectFailed(attempt: FailedAttempt): void {
    if (attempt.isLast === false) {
      this.#event('downstream', failed(attempt), attempt.at);
      return;
    }
    this.#paths.upstreamFailed(attempt);
    this.#decisions.upstreamFailed();
    const event = failed(attempt);
    if (this.#held('FAILURE', 'downstream', event, attempt)) return;
    this.#startEnding();
    this.#event('downstream', event, attempt.at);
  }

  read(read: Read): void {
    if (this.#tracer.spots.seeksSessions) this.#decisions.lookForSession(read);
    if (!this.#decisions.matter) {
      // What is arriving is lost sight of: were it traced again, it would have a hole.
      this.#arrivals = null;
      return;
    }
    const messagesMatter = this.#decisions.mirrorsMessages;
    for (const piece of read.pieces) {
      if (!isWhole(piece)) {
        this.#arrivals ??= new Arrivals(this.#tracer.options, (message) => this.#identify(message));
        const arrived = this.#arrivals.take(piece, read, messagesMatter);
        if (arrived !== null && messagesMatter) this.#mirror(arrived.message, arrived.first, read, arrived.session);
        continue;
      }
      const { message } = piece;
      const session = this.#identify(message);
      if (messagesMatter) this.#mirror(message, read.buffer.subarray(piece.start, piece.end), read, session);
    }
    if (read.parseError !== null) this.#cut(read.direction, read.time);
  }

  transactionTimedOut(transaction: TimedOutTransaction): void {
    const { downstream, upstream } = this.#link;
    const connection = transaction.direction === 'up' ? downstream : upstream;
    if (connection === null) return;
    this.#event(connection.leg, timedOut(this.#link, connection, transaction), transaction.at);
  }

  closed(connection: ConnectionFacts, ending: Ending): void {
    const direction = connection.leg === 'downstream' ? 'up' : 'down';
    const event = closed(this.#link, connection, ending);
    if (this.#held(ending.status, connection.leg, event, ending)) {
      this.#cut(direction, ending.at);
      return;
    }
    this.#startEnding();
    this.#cut(direction, ending.at);
    const { ids } = this.#sessions;
    if (ids.length === 0) this.#event(connection.leg, event, ending.at);
    for (const id of ids) this.#event(connection.leg, event, ending.at, id);
  }

  /** The filter module has answered: of a connection, or of a message. */
  decided(): void {
    this.#waiting.flush();
    this.#doneIfOver();
  }

  /** Something is traced for a while from now on, maybe this. */
  lookForSpot(): void {
    this.#decisions.lookForSpot();
  }

  ended(): void {
    this.#ended = true;
    this.#paths.ended();
    this.#tellFailure();
    this.#startEnding();
    this.#doneIfOver();
  }

  /** Tracing was switched off: what waits is not sent any more. @returns how many packets that were */
  discard(): number {
    const count = this.#waiting.discard();
    this.#doneIfOver();
    return count;
  }

  /** @returns whether it waits for the end of the link: so does a failure of no session, which may be one of a flood */
  #held(status: Ending['status'], leg: Leg, event: TraceEvent, { reason, at }: Pick<Ending, 'reason' | 'at'>): boolean {
    if (this.#failure === null && (status === 'SUCCESS' || this.#ending || this.#sessions.ids.length > 0)) return false;
    this.#failure ??= new UnnamedFailure();
    this.#failure.add({ ...event, leg, reason, at });
    return true;
  }

  /** By events of its own, or with the others of a flood. */
  #tellFailure(): void {
    const { events = [], cause = null } = this.#failure ?? {};
    this.#failure = null;
    if (cause === null) return;
    const { failures } = this.#tracer;
    const tell = (count: number): void => this.#tracer.sendCount(cause, cause.at, count);
    // What the route dropped, or has not judged yet, is no part of what others are told.
    const isTraced = this.#decisions.of('downstream') === 'traced';
    if (isTraced && !failures.admit(`${cause.payload.Event} ${cause.reason}`, tell)) {
      this.#waiting.discard();
      return;
    }
    this.#startEnding();
    for (const { leg, at, ...event } of events) this.#event(leg, event, at);
  }

  #startEnding(): void {
    this.#ending = true;
    this.#waiting.flush();
  }

  #open(connection: ConnectionFacts): void {
    this.#decisions.open(connection);
    this.#event(connection.leg, connection, connection.openedAt);
  }

  #identify(message: Message): string {
    const session = this.#sessions.identify(message);
    if (session === '' && message.kind === 'request') this.#sessionless = true;
    this.#waiting.flush();
    return session;
  }

  /** The connection that `direction` is read from ended, or is no longer understood: a message under way is cut there. */
  #cut(direction: Direction, time: number): void {
    const cut = this.#arrivals?.cut(direction) ?? null;
    if (cut === null || !this.#decisions.mirrorsMessages) return;
    const session = cut.session === '' ? (this.#sessions.ids[0] ?? '') : cut.session;
    const { options, messageFilter } = this.#tracer;
    if (messageFilter !== null) this.#judged.add(messageFilter, cut.message, cut.first, direction, time, session);
    else this.#mirrored(mirrorCut(cut.message, cut.first, options), direction, time, session);
  }

  #mirror(message: Message, first: Buffer, { direction, time }: Read, session: string): void {
    const { options, messageFilter } = this.#tracer;
    if (messageFilter !== null) this.#judged.add(messageFilter, message, first, direction, time, session);
    else this.#mirrored(mirror(message, first, options), direction, time, session);
  }

  /** Once, as a sniffer on an unbroken wire would see it, or once for each connection that the message crosses. */
  #mirrored(payload: Buffer, direction: Direction, time: number, session: string): void {
    if (this.#tracer.options.trace_legs === 'through') {
      this.#packet('downstream', 'through', direction, payload, time, session);
      return;
    }
    const first = direction === 'up' ? 'downstream' : 'upstream';
    const second = direction === 'up' ? 'upstream' : 'downstream';
    this.#packet(first, first, direction, payload, time, session);
    this.#packet(second, second, direction, payload, time, session);
  }

  /** @param leg the connection whose decision counts */
  #packet(leg: Leg, path: Path, direction: Direction, payload: Buffer, time: number, session: string): void {
    const flow = this.#paths.known(path, direction);
    if (flow !== null && this.#decisions.of(leg) === 'traced' && this.#waiting.empty) {
      this.#tracer.exporter.sendMessage(flow, this.#stamp(time), this.#correlation(session), payload);
    } else {
      this.#perhapsLater(leg, path, direction, payload, time, session);
    }
  }

  /** The first of its flow, or one that has to wait. Apart, so that all the others cost no closure. */
  #perhapsLater(leg: Leg, path: Path, direction: Direction, payload: Buffer, time: number, session: string): void {
    if (this.#decisions.of(leg) === 'never' || this.#paths.flow(path, direction) === 'none') return;
    const at = this.#stamp(time);
    let octets = payload;
    const attempt = (): boolean => {
      const decision = this.#decisions.of(leg);
      if (decision === 'never') return true;
      const flow = this.#paths.flow(path, direction);
      if (flow === 'none') return true;
      if (flow === 'unknown' || decision !== 'traced') return false;
      this.#tracer.exporter.sendMessage(flow, at, this.#correlation(session), octets);
      return true;
    };
    if (this.#waiting.empty && attempt()) return;
    // The read's buffer is used again: what waits is a copy.
    octets = Buffer.from(payload);
    this.#waiting.add({ octets: octets.length, attempt, next: null });
  }

  /** @param session known already; otherwise the event waits for the link's first one, correlation_wait at most */
  #event(leg: Leg, subject: TraceEvent | ConnectionFacts, time: number, session: string | null = null): void {
    if (this.#decisions.of(leg) === 'never') return;
    const { correlation_wait } = this.#tracer.options;
    const deadline = performance.now() + correlation_wait;
    const event = new WaitingEvent(this, leg, subject, this.#stamp(time), deadline, session);
    if (this.#waiting.empty && event.attempt()) return;
    this.#waiting.add(event);
    this.#wakeUp ??= setTimeout(() => this.#waitedEnough(), correlation_wait + 1);
  }

  attemptEvent({ leg, subject, at, deadline, session }: WaitingEvent): boolean {
    const decision = this.#decisions.of(leg);
    if (decision === 'never') return true;
    const id = session ?? this.#sessions.ids[0] ?? '';
    const mayComeYet = !this.#ending && !this.#sessionless && performance.now() < deadline;
    if (decision !== 'traced' || (id === '' && mayComeYet)) return false;
    const { exporter, eventFlow, delimiter } = this.#tracer;
    const { payload, source, destination } = 'payload' in subject ? subject : opened(this.#link, subject);
    const flow = eventFlow(source, destination);
    exporter.send(flow, at, this.#correlation(id), encodeEvent(payload, id, delimiter));
    return true;
  }

  #waitedEnough(): void {
    this.#wakeUp = null;
    this.#waiting.flush();
    if (!this.#waiting.empty)
      this.#wakeUp = setTimeout(() => this.#waitedEnough(), this.#tracer.options.correlation_wait + 1);
  }

  /** Made when the filter module judges messages. */
  get #judged(): MessagePackets {
    return (this.#judgedPackets ??= new MessagePackets({
      link: this.#link,
      tracer: this.#tracer,
      decisions: this.#decisions,
      paths: this.#paths,
      waiting: this.#waiting,
      stamp: (time) => this.#stamp(time),
      correlation: (session) => this.#correlation(session),
      decided: () => this.decided(),
    }));
  }

  #correlation(session: string): string {
    return session === '' ? `conn-${this.#link.id}` : (this.#calls.callOf(session) ?? session);
  }

  /** Homer orders a ladder by time alone: strictly increasing per link. */
  #stamp(time: number): number {
    this.#lastTime = Math.max(this.#lastTime + 1, time);
    return this.#lastTime;
  }

  /** The tracer has to reach this link for as long as something may wait in it. */
  #doneIfOver(): void {
    if (!this.#waiting.empty && this.#decisions.matter) return;
    if (this.#ended) this.#tracer.done(this);
    if (this.#wakeUp === null || !this.#waiting.empty) return;
    clearTimeout(this.#wakeUp);
    this.#wakeUp = null;
  }
}
