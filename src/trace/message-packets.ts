import type { Direction, Leg, LinkFacts } from '../events.js';
import type { Message } from '../msrp/message.js';
import type { MessageFilter, PacketFlow, TracerCore } from './core.js';
import type { Decisions } from './decisions.js';
import { hold } from './message-held.js';
import { JudgedMessage } from './message-judged.js';
import type { MirrorRules } from './mirror.js';
import type { Path, Paths } from './paths.js';
import type { Attempt, WaitingRoom } from './waiting-room.js';

/** The trace of a link, as far as these packets need it. */
export interface JudgedLink {
  readonly link: LinkFacts;
  readonly tracer: TracerCore;
  readonly decisions: Decisions;
  readonly paths: Paths<PacketFlow>;
  readonly waiting: WaitingRoom;
  /** Makes the times of a link increase. */
  readonly stamp: (time: number) => number;
  readonly correlation: (session: string) => string;
  /** The filter module has answered. */
  readonly decided: () => void;
}

/** The connections that a message crosses, in that order. */
const CROSSED: Readonly<Record<Direction, readonly Leg[]>> = {
  up: ['downstream', 'upstream'],
  down: ['upstream', 'downstream'],
};

/** The message packets of one link while the filter module says what is in them: each waits for its answer. */
export class MessagePackets {
  readonly #of: JudgedLink;
  readonly #rules: MirrorRules;

  constructor(of: JudgedLink) {
    const { trace_body, trace_max_payload } = of.tracer.options;
    this.#of = of;
    this.#rules = { trace_body, trace_max_payload };
  }

  /**
   * @param message complete, or cut by the end of its connection
   * @param first as for mirror()
   */
  add(
    filter: MessageFilter,
    message: Message,
    first: Buffer,
    direction: Direction,
    time: number,
    session: string,
  ): void {
    const { link, tracer, decided } = this.#of;
    const { far } = direction === 'down' && link.upstream !== null ? link.upstream : link.downstream;
    const rules = this.#rules;
    const question = { held: hold(message, first, rules), rules, direction, si: far.ip, sp: far.port };
    const judged = new JudgedMessage(question, filter, decided);
    if (tracer.options.trace_legs === 'through') {
      this.#packet('downstream', 'through', direction, judged, time, session);
    } else {
      for (const leg of CROSSED[direction]) this.#packet(leg, leg, direction, judged, time, session);
    }
  }

  #packet(leg: Leg, path: Path, direction: Direction, message: JudgedMessage, time: number, session: string): void {
    const { decisions, paths, waiting, stamp } = this.#of;
    const decision = decisions.of(leg);
    if (decision === 'never' || paths.flow(path, direction) === 'none') return;
    const attempt = this.#attempt(leg, path, direction, message, stamp(time), session);
    // Where there is no room for it, the module is not asked either.
    if (waiting.add({ octets: message.octets, attempt, next: null }) && decision === 'traced') message.ask();
  }

  #attempt(leg: Leg, path: Path, direction: Direction, message: JudgedMessage, at: number, session: string): Attempt {
    const { decisions, paths, tracer, correlation } = this.#of;
    return () => {
      const decision = decisions.of(leg);
      if (decision === 'never') return true;
      const flow = paths.flow(path, direction);
      if (flow === 'none') return true;
      if (decision !== 'traced') return false;
      // Its connection was not decided on when it came.
      message.ask();
      const { copy } = message;
      if (flow === 'unknown' || copy === 'unknown') return false;
      if (copy !== null) tracer.exporter.sendMessage(flow, at, copy.correlation ?? correlation(session), copy.payload);
      return true;
    };
  }
}
