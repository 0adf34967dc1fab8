/**
 * The end of a turn of the event loop: everything that the kernel had ready has been delivered by then. All who wait in
 * one turn share one immediate.
 */
let waiting: EndOfTurn[] = [];

export interface EndOfTurn {
  endOfTurn(): void;
}

export function atEndOfTurn(waiter: EndOfTurn): void {
  if (waiting.length === 0) setImmediate(run);
  waiting.push(waiter);
}

function run(): void {
  const due = waiting;
  waiting = [];
  for (const waiter of due) waiter.endOfTurn();
}
