import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '#src/lib/fifo.js';

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('push' as const), count: fc.nat(200) }),
    fc.record({ kind: fc.constant('shift' as const), count: fc.nat(200) }),
    fc.record({ kind: fc.constant('unshift' as const), count: fc.nat(5) }),
    fc.record({ kind: fc.constant('clear' as const), count: fc.constant(0) }),
  ),
);

test('it holds what an array would', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const fifo = new Fifo<{ readonly number: number }>();
      const array: { readonly number: number }[] = [];
      let number = 0;
      const make = (count: number): { readonly number: number }[] =>
        Array.from({ length: count }, () => ({ number: (number += 1) }));
      for (const { kind, count } of all) {
        if (kind === 'clear') expect(fifo.clear()).toEqual(array.splice(0));
        if (kind === 'shift') {
          for (let times = 0; times < count; times += 1) expect(fifo.shift()).toBe(array.shift() ?? null);
        }
        const items = make(count);
        if (kind === 'unshift') {
          fifo.unshift(items);
          array.unshift(...items);
        }
        if (kind === 'push') {
          array.push(...items);
          for (const item of items) fifo.push(item);
        }
        expect([fifo.length, fifo.first]).toEqual([array.length, array[0] ?? null]);
      }
    }),
  );
});
