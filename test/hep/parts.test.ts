/** The small parts of a destination. */
import type { LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AddressWatch } from '#src/hep/address-watch.js';
import { Backoff } from '#src/hep/backoff.js';
import { serverName } from '#src/hep/dial.js';
import { Episode } from '#src/hep/episode.js';
import { HandedOver } from '#src/hep/handed-over.js';
import { singleLookup } from '#src/hep/lookup.js';
import { DEFAULT_TIMING } from '#src/hep/timing.js';
import { reasonOf } from '#src/hep/transport.js';

type Callback = Parameters<LookupFunction>[2];

/** A resolver that answers when it is told to. */
function slowLookup(): { lookup: LookupFunction; asked: string[]; answer: (addresses: string[] | Error) => void } {
  const asked: string[] = [];
  let waiting: Callback | undefined;
  return {
    asked,
    lookup: (hostname, _options, callback) => {
      asked.push(hostname);
      waiting = callback;
    },
    answer: (answer) => {
      if (answer instanceof Error) waiting?.(answer, []);
      else
        waiting?.(
          null,
          answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
    },
  };
}

describe('Backoff', () => {
  test('doubles its ceiling up to the maximum, and starts anew after a reset', () => {
    const backoff = new Backoff(100, 1000, () => 1);
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  test('spreads over all of it', () => {
    const backoff = new Backoff(100, 100, () => 0);
    expect(backoff.next()).toBe(0);
    const half = new Backoff(100, 100, () => 0.5);
    expect(half.next()).toBe(50);
  });
});

describe('HandedOver', () => {
  const KIB = 1024;

  test('tells all packets while they fit the window', () => {
    const handedOver = new HandedOver(1024 * KIB);
    for (let count = 0; count < 1000; count += 1) handedOver.add(100, 2);
    expect(handedOver.packets).toBe(2000);
  });

  test('tells at least the packets of the window, and few more', () => {
    const handedOver = new HandedOver(1024 * KIB);
    for (let count = 0; count < 100_000; count += 1) handedOver.add(KIB, 1);
    expect(handedOver.packets).toBeGreaterThanOrEqual(1024);
    // One run and the one that is being filled.
    expect(handedOver.packets).toBeLessThanOrEqual(1024 + 2 * 64);
  });

  test('with writes larger than the window tells the last ones', () => {
    const handedOver = new HandedOver(100 * KIB);
    for (let count = 0; count < 10; count += 1) handedOver.add(150 * KIB, 7);
    expect(handedOver.packets).toBe(7);
  });
});

describe('singleLookup', () => {
  test('asks once while the resolver hangs, and tells the newest', () => {
    const slow = slowLookup();
    const lookup = singleLookup(slow.lookup);
    const told: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      lookup('homer.example', { all: true }, (error) => told.push(`${name} ${error?.message ?? 'fine'}`));
    }
    expect(slow.asked).toEqual(['homer.example']);
    slow.answer(['192.0.2.1']);
    expect(told).toEqual(['third fine']);
    lookup('homer.example', { all: true }, (error) => told.push(`fourth ${error?.message ?? 'fine'}`));
    slow.answer(new Error('no'));
    expect(slow.asked).toHaveLength(2);
    expect(told).toEqual(['third fine', 'fourth no']);
  });
});

describe('serverName', () => {
  test.each([
    [{ host: 'homer.example', name: 'hep_dest' }, 'homer.example'],
    [{ host: 'homer.example.', name: 'hep_dest' }, 'homer.example'],
    [{ host: '192.0.2.1', name: 'hep_dest' }, 'hep_dest'],
    [{ host: '2001:db8::1', name: 'homer-1' }, 'homer-1'],
    [{ host: '192.0.2.1', name: '192.0.2.1' }, 'hep'],
    [{ host: '192.0.2.1', name: 'my homer' }, 'hep'],
  ])('for %j is %s', (config, name) => {
    expect(serverName(config)).toBe(name);
  });
});

describe('reasonOf', () => {
  test('has the code of an error without a message, as of a connect that tried several addresses', () => {
    const error = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    expect(reasonOf(error)).toBe('ECONNREFUSED');
    expect(reasonOf(new Error('text'))).toBe('text');
    expect(reasonOf('thrown')).toBe('thrown');
  });
});

describe('with a clock of its own', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('an episode begins once, lasts while there are events, and is over after a quiet time', () => {
    const ended: number[] = [];
    const episode = new Episode(1000, (count) => ended.push(count));
    expect([episode.add(1), episode.add(2)]).toEqual([true, false]);
    vi.advanceTimersByTime(900);
    expect(episode.add(3)).toBe(false);
    vi.advanceTimersByTime(900);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(ended).toEqual([6]);
    expect(episode.add(1)).toBe(true);
    episode.end();
    episode.end();
    expect(ended).toEqual([6, 1]);
  });

  describe('AddressWatch', () => {
    const timing = { ...DEFAULT_TIMING, resolveInterval: 60_000, resolveAfterError: 5_000 };

    function watch(host: string) {
      const slow = slowLookup();
      const events: string[] = [];
      const watched = new AddressWatch(
        host,
        timing,
        { found: (address) => events.push(address), notFound: (reason) => events.push(reason) },
        slow.lookup,
      );
      watched.start();
      return { ...slow, events, watched };
    }

    test('takes an address as it is', () => {
      const { asked, events, watched } = watch('2001:db8::1');
      expect([asked, events]).toEqual([[], ['2001:db8::1']]);
      watched.close();
    });

    test('looks again each interval, and tells when the address has changed', () => {
      const { asked, answer, events, watched } = watch('homer.example');
      answer(['192.0.2.1', '192.0.2.2']);
      vi.advanceTimersByTime(60_000);
      answer(['192.0.2.2', '192.0.2.1']);
      vi.advanceTimersByTime(60_000);
      answer(['192.0.2.3']);
      vi.advanceTimersByTime(60_000);
      answer(new Error('not now'));
      expect(asked).toHaveLength(4);
      expect(events).toEqual(['192.0.2.1', '192.0.2.3']);
      watched.close();
    });

    test('never asks twice at a time', () => {
      const { asked, watched } = watch('homer.example');
      watched.doubt();
      vi.advanceTimersByTime(600_000);
      expect(asked).toHaveLength(1);
      watched.close();
    });

    test('looks soon after an error, and then tries the next address', () => {
      const { asked, answer, events, watched } = watch('homer.example');
      answer(['2001:db8::1', '192.0.2.1']);
      watched.doubt();
      watched.doubt();
      vi.advanceTimersByTime(5_000);
      answer(['2001:db8::1', '192.0.2.1']);
      expect(asked).toHaveLength(2);
      expect(events).toEqual(['2001:db8::1', '192.0.2.1']);
      watched.close();
    });

    test('goes on trying when there is no address', () => {
      const { asked, answer, events, watched } = watch('homer.example');
      answer(new Error('ENOTFOUND'));
      vi.advanceTimersByTime(timing.backoffMin);
      answer([]);
      vi.advanceTimersByTime(timing.backoffMin * 2);
      answer(['192.0.2.1']);
      watched.reject('EACCES');
      vi.advanceTimersByTime(timing.backoffMin * 4);
      answer(['192.0.2.1']);
      expect(asked).toHaveLength(4);
      expect(events).toEqual(['ENOTFOUND', 'the name has no address', '192.0.2.1', 'EACCES', '192.0.2.1']);
      watched.close();
      vi.advanceTimersByTime(600_000);
      expect(asked).toHaveLength(4);
    });

    test('an answer that comes after the end is not told', () => {
      const { answer, events, watched } = watch('homer.example');
      watched.close();
      answer(['192.0.2.1']);
      expect(events).toEqual([]);
    });
  });
});
