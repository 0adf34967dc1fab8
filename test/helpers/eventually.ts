import { expect } from 'vitest';

/** `expect` for a figure that is on its way: looked at again and again, for as long as a loaded machine may need. */
export function eventually<T>(figure: () => T, timeout = 10_000): ReturnType<typeof expect.poll<T>> {
  return expect.poll(figure, { timeout, interval: 25 });
}
