import { FilterCalls, type FilterCall } from './filter-calls.js';
import type { Judgement, MessageQuestion } from './filter-message.js';
import {
  NO_DECISIONS,
  NO_MESSAGE_DECISIONS,
  type DecisionOutcome,
  type LostOutcome,
  type MessageOutcome,
} from './filter-outcomes.js';
import type { RouteInput } from './filter-route.js';

/** What becomes of a message in the end. */
export type MessageVerdict = Omit<Judgement, 'outcome'> & { readonly outcome: MessageOutcome };

export type RouteCall = FilterCall<'route', RouteInput, DecisionOutcome>;
export type MessageCall = FilterCall<'message', MessageQuestion, MessageVerdict>;
export type AnyCall = RouteCall | MessageCall;

export interface FilterQueueOptions {
  /** As for FilterCalls, of either kind. */
  readonly max: number;
  readonly maxWait: number;
  /** Called with each decision on a connection. */
  readonly onDecision: (outcome: DecisionOutcome) => void;
}

/**
 * All that a module is asked. Connections come before messages, and are bounded apart: messages are many, and must not
 * cost a connection its decision.
 */
export class FilterQueue {
  readonly routes: FilterCalls<'route', RouteInput, DecisionOutcome>;
  readonly messages: FilterCalls<'message', MessageQuestion, MessageVerdict>;
  /** Since the start. */
  readonly decisions: Record<DecisionOutcome, number> = { ...NO_DECISIONS };
  readonly messageDecisions: Record<MessageOutcome, number> = { ...NO_MESSAGE_DECISIONS };

  constructor({ max, maxWait, onDecision }: FilterQueueOptions) {
    this.routes = new FilterCalls<'route', RouteInput, DecisionOutcome>({
      kind: 'route',
      max,
      maxWait,
      unavailable: 'unavailable',
      onSettled: (outcome) => {
        this.decisions[outcome] += 1;
        onDecision(outcome);
      },
    });
    this.messages = new FilterCalls<'message', MessageQuestion, MessageVerdict>({
      kind: 'message',
      max,
      maxWait,
      unavailable: lost('unavailable'),
      onSettled: ({ outcome }) => (this.messageDecisions[outcome] += 1),
    });
  }

  get hasUnasked(): boolean {
    return this.routes.hasUnasked || this.messages.hasUnasked;
  }

  /** The next call to put to a thread; null when there is none. */
  take(): AnyCall | null {
    return this.routes.take() ?? this.messages.take();
  }

  /** Calls that were taken and not answered by their thread. */
  giveBack(calls: readonly AnyCall[]): void {
    this.routes.giveBack(calls.filter((call) => call.kind === 'route'));
    this.messages.giveBack(calls.filter((call) => call.kind === 'message'));
  }

  /** Settles it without the module. */
  lose(call: AnyCall, how: LostOutcome): void {
    if (call.kind === 'route') this.routes.settle(call, how);
    else this.messages.settle(call, lost(how));
  }

  /** Settles all of them without the module. */
  loseAll(): void {
    this.routes.settleAll();
    this.messages.settleAll();
  }

  /** Resolves when every call is answered. */
  async empty(): Promise<void> {
    await Promise.all([this.routes.empty(), this.messages.empty()]);
  }
}

/** Nobody knows what the module would hide. */
function lost(outcome: LostOutcome): MessageVerdict {
  return { outcome, headersOnly: true };
}
