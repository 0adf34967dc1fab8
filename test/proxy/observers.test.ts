import { expect, test } from 'vitest';
import type { Observer, Read } from '#src/events.js';
import { Observers } from '#src/proxy/observers.js';
import { linkFacts } from '../helpers/facts.js';
import { SILENT } from '../helpers/proxy.js';

const READ: Read = { direction: 'up', buffer: Buffer.alloc(0), time: 0, pieces: [], strayBytes: 0, parseError: null };

/** More than have a place of their own in the code. */
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

function observer(read: (read: Read) => void): Observer {
  const link = { ...SILENT, read };
  return { link: () => link, acceptFailed() {} };
}

test.each(NAMES.map((_, count) => count + 1))('%i observers are told of each read once, in their order', (count) => {
  const told: string[] = [];
  const each = NAMES.slice(0, count).map((name) => observer(() => void told.push(name)));
  const errors: unknown[] = [];
  const link = new Observers(each, (thrown) => void errors.push(thrown)).link(linkFacts());
  link.read(READ);
  link.read(READ);
  expect(told).toEqual([...NAMES.slice(0, count), ...NAMES.slice(0, count)]);
  expect(errors).toEqual([]);
});

test.each(NAMES)('what the observer %s throws is handed on, and the others are told', (bad) => {
  const told: string[] = [];
  const each = NAMES.map((name) =>
    observer(() => {
      if (name === bad) throw new Error(name);
      told.push(name);
    }),
  );
  const errors: unknown[] = [];
  const link = new Observers(each, (thrown) => void errors.push(thrown)).link(linkFacts());
  link.read(READ);
  expect(told).toEqual(NAMES.filter((name) => name !== bad));
  expect(errors).toEqual([new Error(bad)]);
});
