import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordsOf, type Words } from '#src/msrp/words.js';
import { Requests } from '#src/transactions/requests.js';

/** Transaction-ids that differ in one place only, or in their length. */
const id = fc
  .record({ length: fc.integer({ min: 4, max: 32 }), place: fc.nat(40), letter: fc.constantFrom('a', 'b') })
  .map(({ length, place, letter }) =>
    Array.from({ length }, (_, i) => (i === place ? letter : String(i % 10))).join(''),
  );

/** In the middle of other octets, as in a read. */
function read(text: string, before: number): Words {
  return wordsOf(Buffer.from(`${'x'.repeat(before)}${text} SEND\r\n`));
}

test('finds the oldest request with a transaction-id, whatever came and went before', () => {
  const step = fc.record({ id, before: fc.nat(9), isNew: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const requests = new Requests<string>();
      const model: { id: string; since: number; method: string }[] = [];
      for (const [index, { id: text, before, isNew }] of steps.entries()) {
        const words = read(text, before);
        if (isNew) {
          const entry = { id: text, since: index + 1, method: `M${index}` };
          requests.add(words, before, text.length, entry.method, entry.since, `owner ${index}`);
          model.push(entry);
        } else {
          const expected = model.findIndex((entry) => entry.id === text);
          const slot = requests.find(words, before, text.length);
          expect(slot === -1).toBe(expected === -1);
          if (slot === -1) continue;
          expect(requests.transactionId(slot)).toBe(text);
          expect([requests.since(slot), requests.method(slot)]).toEqual([
            model[expected]?.since,
            model[expected]?.method,
          ]);
          requests.remove(slot);
          model.splice(expected, 1);
        }
        expect(requests.open).toBe(model.length);
        const visited: [string, number][] = [];
        requests.visit((owner, since) => void visited.push([owner, since]));
        expect(visited).toEqual(model.map(({ since }) => [`owner ${since - 1}`, since]));
      }
      expect(requests.clear()).toBe(model.length);
      expect(requests.oldest).toBe(-1);
    }),
    { numRuns: 500 },
  );
});
