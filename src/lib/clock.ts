/**
 * Wall-clock time in microseconds since 1970. Date has milliseconds only, and Homer orders a ladder by microseconds, so
 * the monotonic clock fills in what lies between; it is set anew whenever the two part by more than a step of Date
 * (the wall clock was stepped or slewed).
 */
const STEP = 2_000;

let offset = Date.now() * 1_000 - monotonic();

function monotonic(): number {
  return performance.now() * 1_000;
}

export function nowMicros(): number {
  const wall = Date.now() * 1_000;
  const micros = Math.floor(offset + monotonic());
  if (Math.abs(micros - wall) <= STEP) return micros;
  offset = wall - monotonic();
  return wall;
}
