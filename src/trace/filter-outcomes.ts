/** How questions to a filter module end, for counters: each set closed, all of it there from the start. */
import type { JudgeOutcome } from './filter-message.js';
import type { RouteOutcome } from './filter-route.js';

/** Without the module: it took too long, its thread ended under it, or no thread could answer in time. */
export type LostOutcome = 'timeout' | 'crash' | 'unavailable';

/** How a connection was decided on. All but drop trace. */
export type DecisionOutcome = RouteOutcome | LostOutcome;

/** How a message was. It is mirrored with its headers only by throw, promise, invalid, timeout, crash and unavailable. */
export type MessageOutcome = JudgeOutcome | LostOutcome;

export const NO_DECISIONS: Readonly<Record<DecisionOutcome, number>> = {
  drop: 0,
  exit: 0,
  return: 0,
  throw: 0,
  promise: 0,
  timeout: 0,
  crash: 0,
  unavailable: 0,
};

export const NO_MESSAGE_DECISIONS: Readonly<Record<MessageOutcome, number>> = {
  ...NO_DECISIONS,
  change: 0,
  invalid: 0,
};
