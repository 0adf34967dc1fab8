/**
 * The end of a turn of the event loop: everything that the kernel had ready has been delivered by then. All who wait in
 * one turn share one immediate.
 */
let waiting: (() => void)[] = [];

export function atEndOfTurn(callback: () => void): void {
  if (waiting.length === 0) setImmediate(run);
  waiting.push(callback);
}

function run(): void {
  const due = waiting;
  waiting = [];
  for (const callback of due) callback();
}
