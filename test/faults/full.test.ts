/** As many connections as there may be: those that live are worth more than those that come. */
import { expect, test } from 'vitest';
import { startEcho } from '../helpers/echo.js';
import { eventually } from '../helpers/eventually.js';
import { Link } from '../soak/link.mjs';
import { note, recordAtEnd } from './figures.js';
import { Examined } from './holding.js';
import { endOfDial, SLACK, timed } from './scene.js';

recordAtEnd();

/** Of dials under way at once: less than a queue of connections that wait for their accept has places. */
const AT_ONCE = 200;
const MORE = 100;
const BODY = Buffer.alloc(200, 'a');

/** Does something for each, so many at once. */
async function inTurns<T, U>(all: readonly T[], each: (one: T) => Promise<U>): Promise<U[]> {
  const done: U[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(each))));
  }
  return done;
}

for (const workers of [1, 2]) {
  test(`limits.max_connections as shipped, and more (workers: ${workers})`, async () => {
    const examined = await Examined.start({ upstream: await startEcho(), workers });
    const { tap } = examined;
    const most = await tap.metric('max_connections');
    const { result: detected, grown } = await examined.leavesNothing(async () => {
      const links = await inTurns(Array.from({ length: most }), () => Link.open(tap.socket.port));
      await inTurns(links, (link) => link.exchange(link.message(BODY)));
      const time = await timed(async () => {
        for (let i = 0; i < MORE; i += 1) expect(await endOfDial(tap.socket)).toBe('rst');
      });
      // A worker that is not scheduled has the figures that it told last.
      await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(most);
      await inTurns(links, (link) => link.exchange(link.message(BODY)));
      await inTurns(links, (link) => link.close('fin'));
      return time / MORE;
    });
    expect(detected).toBeLessThan(SLACK);
    await eventually(() => tap.metric('limits_reached_total', { limit: 'max_connections' })).toBe(2 * MORE);
    note(`${MORE} connections more than limits.max_connections (workers: ${workers})`, {
      survived: `${most.toLocaleString('en-US')} are held, each carries messages before and afterwards; who is one too many is reset`,
      lost: 0,
      detected,
      grown,
    });
  });
}
