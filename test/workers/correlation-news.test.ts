import { expect, test } from 'vitest';
import { Correlations, type CorrelationTime } from '#src/trace/correlations.js';
import { CorrelationNews, type Told } from '#src/workers/correlation-news.js';

/** A worker that reads when it is let. */
class Worker implements Told {
  isOver = false;
  /** Its own table. */
  readonly known = new Correlations({ limit: 100_000, lifetime: 3_600_000 });
  readonly channel: { readonly part: readonly CorrelationTime[]; readonly sent: () => void }[] = [];
  most = 0;

  tellCorrelations(part: readonly CorrelationTime[], sent: () => void): void {
    this.channel.push({ part, sent });
    this.most = Math.max(this.most, this.channel.length);
  }

  /** All that is there, and what comes of it. */
  read(): this {
    for (let next = this.channel.shift(); next !== undefined; next = this.channel.shift()) {
      for (const correlation of next.part) this.known.tell(correlation);
      next.sent();
    }
    return this;
  }
}

function scene(): { all: Correlations; news: CorrelationNews; learn: (...sessions: string[]) => void } {
  const all = new Correlations({ limit: 100_000, lifetime: 3_600_000 });
  const news = new CorrelationNews(all);
  const learn = (...sessions: string[]): void => {
    for (const session of sessions) {
      const correlation = all.learn(session, `call of ${session}`);
      if (correlation !== null) news.add(correlation);
    }
    news.flush();
  };
  return { all, news, learn };
}

const sessionsOf = (all: Correlations): Set<string> => new Set(Array.from(all.times(), ({ session }) => session));

test('news go to all in one message a turn', () => {
  const { news, learn } = scene();
  const workers = [new Worker(), new Worker()];
  for (const worker of workers) news.join(worker);
  learn('a', 'b', 'c');
  for (const worker of workers) {
    expect(worker.channel.map(({ part }) => part.map(({ session, call }) => [session, call]))).toEqual([
      [
        ['a', 'call of a'],
        ['b', 'call of b'],
        ['c', 'call of c'],
      ],
    ]);
  }
});

test('who joins is told all, in parts, with what becomes known meanwhile', () => {
  const { all, news, learn } = scene();
  learn(...Array.from({ length: 4_500 }, (_, index) => `s${index}`));
  const worker = new Worker();
  news.join(worker);
  expect(worker.channel).toHaveLength(1);
  learn('meanwhile');
  worker.read();
  expect(sessionsOf(worker.known)).toEqual(sessionsOf(all));
  learn('afterwards');
  worker.read();
  expect(sessionsOf(worker.known)).toEqual(sessionsOf(all));
});

test('a worker that hangs leaves a few messages in its channel, and knows all when it wakes up', () => {
  const { all, news, learn } = scene();
  const [hangs, reads] = [new Worker(), new Worker()];
  news.join(hangs);
  news.join(reads);
  for (let index = 0; index < 3_000; index += 1) {
    learn(`s${index}`);
    reads.read();
  }
  expect(hangs.most).toBeLessThanOrEqual(8);
  expect(sessionsOf(reads.known)).toEqual(sessionsOf(all));
  hangs.read();
  expect(sessionsOf(hangs.known)).toEqual(sessionsOf(all));
  learn('afterwards');
  hangs.read();
  expect(sessionsOf(hangs.known)).toEqual(sessionsOf(all));
});

test('a worker that has ended is told nothing more', () => {
  const { news, learn } = scene();
  const worker = new Worker();
  news.join(worker);
  worker.isOver = true;
  learn('a');
  expect(worker.channel).toEqual([]);
});
