import type { LookupAddress } from 'node:dns';
import { beforeEach, describe, expect, test } from 'vitest';
import { Resolver } from '#src/net/resolver.js';

/** What the system was asked, in this order; each is answered by hand. */
const asked: { readonly host: string; answer(): void }[] = [];

async function lookup(host: string): Promise<LookupAddress[]> {
  return new Promise((resolve) => asked.push({ host, answer: () => resolve([{ address: '192.0.2.1', family: 4 }]) }));
}

const names = (): string[] => asked.map(({ host }) => host);

/** Answers what is asked, until nothing more is. */
async function answerAll(): Promise<void> {
  for (let at = 0; at < asked.length; at += 1) {
    asked[at]?.answer();
    // Whoever waits for its turn gets it in a later turn of the loop.
    await new Promise(setImmediate);
  }
}

beforeEach(() => void (asked.length = 0));

describe('names', () => {
  test('that are addresses are not looked up', async () => {
    const resolver = new Resolver(1, lookup);
    expect(await resolver.resolve('2001:db8::1')).toEqual([{ address: '2001:db8::1', family: 6 }]);
    expect(names()).toEqual([]);
  });

  test('that several ask for at one time are looked up once', async () => {
    const resolver = new Resolver(1, lookup);
    const all = Promise.all([resolver.resolve('a.example'), resolver.resolve('a.example')]);
    await answerAll();
    expect(await all).toEqual([[{ address: '192.0.2.1', family: 4 }], [{ address: '192.0.2.1', family: 4 }]]);
    expect(names()).toEqual(['a.example']);
  });

  test('over the limit wait for their turn', async () => {
    const resolver = new Resolver(2, lookup);
    const all = Promise.all(['a', 'b', 'c', 'd'].map((name) => resolver.resolve(`${name}.example`)));
    expect(names()).toEqual(['a.example', 'b.example']);
    await answerAll();
    await all;
    expect(names()).toEqual(['a.example', 'b.example', 'c.example', 'd.example']);
  });
});

describe('a name that nobody waits for any more', () => {
  test('is passed over: who makes up slow names does not keep the others waiting when he is gone', async () => {
    const resolver = new Resolver(1, lookup);
    let isThere = true;
    const first = resolver.resolve('slow0.example');
    const forgotten = Promise.allSettled(
      ['slow1.example', 'slow2.example'].map((name) => resolver.resolve(name, () => isThere)),
    );
    const wanted = resolver.resolve('wanted.example');
    isThere = false;
    await answerAll();
    await Promise.all([first, wanted]);
    expect(names()).toEqual(['slow0.example', 'wanted.example']);
    expect((await forgotten).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('is looked up for whoever asked for the same one', async () => {
    const resolver = new Resolver(1, lookup);
    const first = resolver.resolve('a.example');
    const gone = resolver.resolve('b.example', () => false);
    const there = resolver.resolve('b.example');
    await answerAll();
    await Promise.all([first, gone, there]);
    expect(names()).toEqual(['a.example', 'b.example']);
  });

  test('takes no place in the queue, which has an end', async () => {
    const resolver = new Resolver(1, lookup);
    const first = resolver.resolve('first.example');
    let isThere = true;
    const forgotten = Promise.allSettled(
      Array.from({ length: 1_000 }, (_, index) => resolver.resolve(`${index}.example`, () => isThere)),
    );
    await expect(resolver.resolve('refused.example')).rejects.toThrow('too many names are to be resolved');
    isThere = false;
    const taken = resolver.resolve('taken.example');
    await answerAll();
    await Promise.all([first, taken]);
    expect(names()).toEqual(['first.example', 'taken.example']);
    expect((await forgotten).filter(({ status }) => status === 'rejected')).toHaveLength(1_000);
  });
});
