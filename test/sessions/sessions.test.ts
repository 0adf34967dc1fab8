import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CALLEE, CALLER, ok, report, Scene, send } from './scene.js';

const OTHER = 'msrp://callee.example.com:12763/other;tcp';

const deliveries = (scene: Scene): number[] => Array.from(scene.counts.deliveries, ([, { count }]) => count);

const afterAsking = (said: Parameters<typeof send>[0] = {}): { scene: Scene; link: ReturnType<Scene['link']> } => {
  const scene = new Scene();
  const link = scene.link();
  vi.advanceTimersByTime(100);
  link.read('up', send({ body: 'hello', ...said }));
  return { scene, link };
};

const otherChunk = (start: number, flag: '+' | '$'): Buffer =>
  send({ id: 'm2', body: 'yy', range: `${start}-*/4`, flag });

const chunk = (start: number, octets: number, total: number | '*', flag: '+' | '$' | '#'): Buffer =>
  send({ body: 'x'.repeat(octets), type: 'image/png', range: `${start}-${start + octets - 1}/${total}`, flag });
const readAll = (...chunks: readonly Buffer[]): { scene: Scene; results: unknown } => {
  const scene = new Scene();
  const link = scene.link();
  for (const each of chunks) link.read('up', each);
  link.end();
  const results = Object.entries(scene.counted('up')).filter(([name]) => name.startsWith('results '));
  return { scene, results: Object.fromEntries(results) };
};

/** Milliseconds, and a turn of the event loop. */
async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await nextTurn();
}

const numbered = (number: number): string => `msrp://callee.example.com:1/s${number};tcp`;

describe('a session', () => {
  it('is the two URIs of its first request, and has what went either way', () => {
    const scene = new Scene();
    const link = scene.link();
    const asked = send({ body: 'hello' });
    link.read('up', asked);
    const answered = ok();
    link.read('down', answered);
    const told = send({ body: 'ha', to: CALLER, from: CALLEE });
    link.read('down', told);
    const way = { failedReports: 0, waiting: 0, transfers: [], results: { complete: 1 } };
    expect(scene.rows).toEqual([
      {
        id: 'x-1-1',
        link: 'x-1',
        openedAt: 7,
        to: CALLEE,
        from: CALLER,
        idle: 0,
        state: 'flowing',
        up: { ...way, bytes: asked.length, requests: 1, responses: 0, content: { text: { messages: 1, octets: 5 } } },
        down: {
          ...way,
          bytes: answered.length + told.length,
          requests: 1,
          responses: 1,
          waiting: 1,
          content: { text: { messages: 1, octets: 2 } },
        },
      },
    ]);
  });

  it('counts every octet of its messages, however reads cut them', () => {
    const asked = send({ body: 'x'.repeat(1_000), range: '1-1000/1000' });
    const answered = ok();
    for (const size of [1, 13, 400, 5_000]) {
      const scene = new Scene();
      const link = scene.link();
      link.readCut('up', Buffer.concat([asked, asked]), size);
      link.readCut('down', answered, size);
      const [row] = scene.rows;
      expect(row?.up).toMatchObject({ bytes: 2 * asked.length, requests: 2 });
      expect(row?.down).toMatchObject({ bytes: answered.length, responses: 1 });
    }
  });

  it('is one of several on a link, each with its own', () => {
    const scene = new Scene();
    const link = scene.link();
    for (const to of [CALLEE, OTHER, OTHER, CALLEE, OTHER]) {
      link.read('up', send({ body: 'hello', to }));
      link.read('down', ok(CALLER, to));
    }
    expect(scene.rows.map(({ to, up, down }) => [to, up.requests, down.responses])).toEqual([
      [CALLEE, 2, 2],
      [OTHER, 3, 3],
    ]);
    expect(scene.counts.openedCount).toBe(2);
  });

  it('is known by any spelling of its URIs, and behind relays', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ body: 'hello' }));
    link.read('up', send({ body: 'hello', to: CALLEE.replace('callee.example', 'CALLEE.Example') }));
    link.read('up', send({ body: 'hello', to: `msrp://relay.example.com:1/r;tcp ${CALLEE}` }));
    link.read('down', ok(CALLER, 'msrp://relay.example.com:1/r;tcp'));
    expect(scene.rows).toHaveLength(1);
    expect(scene.rows[0]).toMatchObject({ up: { requests: 3 }, down: { responses: 1 } });
  });

  it('is forgotten with its link, and no room is taken any more', () => {
    const scene = new Scene();
    for (let i = 0; i < 3; i += 1) {
      const link = scene.link();
      link.read('up', send({ body: 'x', range: '1-1/9', flag: '+', headers: [['Success-Report', 'yes']] }));
      link.read('up', send({ id: 'm2', body: 'x', headers: [['Success-Report', 'yes']] }));
      link.end();
    }
    expect(scene.rows).toEqual([]);
    expect(scene.sessions.states()).toEqual({ flowing: 0, stalled: 0, one_sided: 0 });
    expect(scene.sessions.room).toEqual({ sessions: 0, transfers: 0, deliveries: 0 });
    expect(scene.counts.openedCount).toBe(3);
  });
});

describe('what peers send', () => {
  it('makes no more sessions than a link may have: the one that was quiet longest is forgotten', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ to: numbered(0) }));
    vi.advanceTimersByTime(1_000);
    for (let i = 1; i < 400; i += 1) link.read('up', send({ to: numbered(i), body: 'x', range: '1-1/2', flag: '+' }));
    const rows = scene.rows;
    expect(rows).toHaveLength(256);
    expect(rows.some((row) => row.to === numbered(0))).toBe(false);
    expect(rows.some((row) => row.to === numbered(399))).toBe(true);
    expect(scene.counted('up')).toMatchObject({ 'results incomplete': 400 - 256 - 1 });
    link.end();
    expect(scene.sessions.room).toEqual({ sessions: 0, transfers: 0, deliveries: 0 });
  });

  it('cannot be too long, too odd, or too much', () => {
    const scene = new Scene();
    const link = scene.link();
    const long = `msrp://callee.example.com:1/${'s'.repeat(4_000)};tcp`;
    link.read('up', send({ to: long, id: 'i'.repeat(3_000), body: 'x', range: '1-1/2', flag: '+' }));
    link.read('up', send({ to: 'nonsense', from: '%', body: 'x' }));
    for (let i = 0; i < 50; i += 1) link.read('up', send({ id: `m${i}`, body: 'x', range: '1-1/2', flag: '+' }));
    for (let i = 0; i < 50; i += 1)
      link.read('up', send({ id: `d${i}`, body: 'x', headers: [['Success-Report', 'yes']] }));
    link.read('up', send({ body: 'x', range: '9-3/2', flag: '+' }));
    link.read('down', report({ status: '%%%', range: 'x' }));
    link.read('down', ok('x', 'y'));
    const [first] = scene.rows;
    expect(first?.to).toHaveLength(256);
    expect(first?.up.transfers[0]?.messageId).toHaveLength(64);
    const last = scene.rows.at(-1);
    expect(last?.up.transfers).toHaveLength(8);
    expect(new Map(scene.counts.unwatchedCounts)).toEqual(
      new Map([
        ['session', 0],
        ['transfer', 43],
        ['delivery', 18],
      ]),
    );
    link.end();
    expect(scene.sessions.room).toEqual({ sessions: 0, transfers: 0, deliveries: 0 });
  });
});

describe('where there is no room for more', () => {
  it.each([
    ['transfer', { range: '1-1/2', flag: '+' }],
    ['delivery', { headers: [['Success-Report', 'yes']] }],
  ] as const)('a way forgets its own oldest %s, and another way is not watched', (what, said) => {
    const scene = new Scene({ transfers: 2, deliveries: 2 });
    const [link, other] = [scene.link(), scene.link()];
    for (const id of ['m1', 'm2', 'm3', 'm4']) link.read('up', send({ id, body: 'x', ...said }));
    other.read('up', send({ id: 'm5', body: 'x', ...said }));
    expect(new Map(scene.counts.unwatchedCounts).get(what)).toBe(3);
    expect(scene.sessions.room[what === 'transfer' ? 'transfers' : 'deliveries']).toBe(2);
    if (what === 'transfer') {
      for (const id of ['m3', 'm4']) link.read('up', send({ id, body: 'x', range: '2-2/2' }));
      expect(scene.counted('up')).toMatchObject({ 'results complete': 2 });
    } else {
      for (const id of ['m1', 'm2', 'm3', 'm4']) {
        link.read('down', report({ id, status: '000 200 OK', range: '1-1/1' }));
      }
      expect(deliveries(scene)).toEqual([2, 0]);
    }
    link.end();
    other.end();
    expect(scene.sessions.room).toEqual({ sessions: 0, transfers: 0, deliveries: 0 });
  });

  it('for sessions, what is of none takes no room', () => {
    const scene = new Scene({ sessions: 1 });
    const [link, other] = [scene.link(), scene.link()];
    link.read('up', send({ body: 'x' }));
    for (let i = 0; i < 3; i++) {
      other.read('up', send({ id: 'm1', body: 'x', headers: [['Success-Report', 'yes']] }));
      other.read('up', send({ id: 'm2', body: 'x', range: '1-1/2', flag: '+' }));
      other.read('down', report({ id: 'm1', status: '000 200 OK', range: '1-1/1' }));
    }
    expect(scene.rows).toHaveLength(1);
    expect(scene.sessions.room).toEqual({ sessions: 1, transfers: 0, deliveries: 0 });
    expect(deliveries(scene)).toEqual([0, 0]);
    expect(scene.counted('up')).toMatchObject({ 'messages text': 4 });
  });
});

describe('messages in several chunks', () => {
  it.each([
    ['in order', 'complete', [chunk(1, 100, 250, '+'), chunk(101, 100, 250, '+'), chunk(201, 50, 250, '$')]],
    ['of an unknown size', 'complete', [chunk(1, 100, '*', '+'), chunk(101, 20, '*', '$')]],
    ['with an empty last one', 'complete', [chunk(1, 100, 100, '+'), send({ range: '101-100/100' })]],
    ['that come twice', 'overlapping', [chunk(1, 100, 200, '+'), chunk(51, 150, 200, '$')]],
    ['one of which is lost', 'incomplete', [chunk(1, 100, 300, '+'), chunk(201, 100, 300, '$')]],
    ['the first of which is lost', 'incomplete', [chunk(101, 100, 200, '$')]],
    ['that end too early', 'incomplete', [chunk(1, 100, 300, '+'), chunk(101, 100, 300, '$')]],
    ['the last of which never comes', 'incomplete', [chunk(1, 100, 300, '+'), chunk(101, 100, 300, '+')]],
    ['that are given up', 'aborted', [chunk(1, 100, 300, '+'), chunk(101, 10, 300, '#')]],
    [
      'that are given up without a body',
      'aborted',
      [chunk(1, 100, 300, '+'), send({ range: '101-300/300', flag: '#' })],
    ],
    ['given up in the first one', 'aborted', [chunk(1, 10, 300, '#')]],
  ] as const)('%s are %s', (_what, result, chunks) => {
    expect(readAll(...chunks).results).toEqual({ [`results ${result}`]: 1 });
  });

  it('count once as a message, and in full as octets', () => {
    const { scene } = readAll(chunk(1, 100, 200, '+'), chunk(101, 100, 200, '$'));
    expect(scene.counted('up')).toEqual({ 'bytes file': 200, 'messages file': 1, 'results complete': 1 });
  });

  it('may be among others, each with its own', () => {
    const { results } = readAll(
      chunk(1, 100, 200, '+'),
      otherChunk(1, '+'),
      send({ id: 'm3', body: 'hi' }),
      chunk(101, 100, 200, '$'),
      otherChunk(3, '$'),
    );
    expect(results).toEqual({ 'results complete': 3 });
  });

  it('show how far they have come, within a chunk too', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', chunk(1, 100, 5_000, '+'));
    link.read('up', chunk(201, 100, 5_000, '+'));
    const long = chunk(301, 4_700, 5_000, '$');
    link.read('up', long.subarray(0, 1_000));
    const [arriving] = scene.rows[0]?.up.transfers ?? [];
    const head = long.indexOf('\r\n\r\n') + 4;
    expect(arriving).toEqual({
      messageId: 'm1',
      content: 'file',
      octets: 200 + 1_000 - head,
      total: 5_000,
      ranges: `1-100,201-300,301-${300 + 1_000 - head}`,
    });
    link.read('up', long.subarray(1_000));
    expect(scene.rows[0]?.up).toMatchObject({ transfers: [], results: { incomplete: 1 } });
  });

  it('that are cut off with their link are incomplete', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ body: 'x'.repeat(5_000), range: '1-5000/5000' }).subarray(0, 900));
    link.end();
    expect(scene.counted('up')).toMatchObject({ 'results incomplete': 1 });
    expect(scene.counted('up')['messages text']).toBeUndefined();
  });
});

describe('reports', () => {
  const wanted = [['Success-Report', 'yes']] as const;

  it('count by their code, and what is no code as other', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ body: 'hello' }));
    for (const status of ['000 200 OK', '000 413', '000 200', '001 200', '000 2000', '', '000 999']) {
      link.read('down', report({ status }));
    }
    const codes = Array.from(scene.counts.down.reports).filter(([, count]) => count > 0);
    expect(Object.fromEntries(codes)).toEqual({ 200: 2, 413: 1, other: 4 });
    expect(scene.rows[0]?.down.failedReports).toBe(5);
  });

  it('of an arrival tell how long it took, once the whole message is reported', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ id: 'm7', body: 'x'.repeat(40), range: '1-40/40', headers: wanted }));
    link.read('down', report({ id: 'm7', status: '000 200 OK', range: '1-20/40' }));
    expect(deliveries(scene)).toEqual([0, 0]);
    link.read('down', report({ id: 'm7', status: '000 200 OK', range: '21-40/40' }));
    expect(deliveries(scene)).toEqual([1, 0]);
    link.read('down', report({ id: 'm7', status: '000 200 OK', range: '1-40/40' }));
    expect(deliveries(scene)).toEqual([1, 0]);
  });

  it('are awaited from the last chunk on, and by those alone who want them', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ id: 'm8', body: 'xx', range: '1-2/4', flag: '+', headers: wanted }));
    link.read('up', send({ id: 'm8', body: 'xx', range: '3-4/4', headers: wanted }));
    link.read('up', send({ id: 'm9', body: 'xx', headers: [['Success-Report', 'no']] }));
    link.read('up', send({ id: 'm10', body: 'xx' }));
    for (const id of ['m8', 'm9', 'm10']) link.read('down', report({ id, status: '000 200 OK', range: '1-4/4' }));
    expect(deliveries(scene)).toEqual([1, 0]);
  });

  it('of a failure end the wait', () => {
    const scene = new Scene();
    const link = scene.link();
    link.read('up', send({ id: 'm7', body: 'xx', headers: wanted }));
    link.read('down', report({ id: 'm7', status: '000 408', range: '1-2/2' }));
    link.read('down', report({ id: 'm7', status: '000 200 OK', range: '1-2/2' }));
    expect(deliveries(scene)).toEqual([0, 0]);
    expect(scene.sessions.room.deliveries).toBe(0);
  });
});

describe('waiting', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('for 5 s is a stall, told once, until the response comes', async () => {
    const { scene, link } = afterAsking();
    link.read('down', send({ to: CALLER, from: CALLEE }));
    link.read('up', ok(CALLEE, CALLER));
    await pass(4_900);
    expect([scene.rows[0]?.state, scene.counts.up.stalls]).toEqual(['flowing', 0]);
    await pass(5_000);
    expect([scene.rows[0]?.state, scene.counts.up.stalls, scene.counts.down.stalls]).toEqual(['stalled', 1, 0]);
    expect(scene.rows[0]?.up.waiting).toBe(1);
    expect(scene.sessions.states()).toEqual({ flowing: 0, stalled: 1, one_sided: 0 });
  });

  it('is that of sessions which are there, also where a link has had more', () => {
    const { scene, link } = afterAsking();
    for (let i = 0; i < 400; i += 1) link.read('up', send({ to: numbered(i), body: 'hello' }));
    vi.advanceTimersByTime(6_000);
    expect(scene.sessions.states()).toEqual({ flowing: 0, stalled: 0, one_sided: 256 });
  });

  it('ends with the response', async () => {
    const { scene, link } = afterAsking();
    const response = ok();
    await pass(9_000);
    expect(scene.rows[0]?.state).toBe('one_sided');
    expect(scene.sessions.states()).toEqual({ flowing: 0, stalled: 0, one_sided: 1 });
    link.read('down', response);
    expect([scene.rows[0]?.state, scene.rows[0]?.up.waiting]).toEqual(['flowing', 0]);
    link.end();
    expect([scene.counts.up.stalls, scene.counts.oneSided]).toEqual([1, 0]);
  });

  it('without anything from the other side is one-sided, and counted when the session ends', async () => {
    const { scene, link } = afterAsking();
    await pass(7_000);
    link.end();
    expect([scene.counts.oneSided, scene.rows.length]).toEqual([1, 0]);
  });

  it.each(['no', 'partial'])('is none when no response is due (Failure-Report: %s)', async (value) => {
    const { scene } = afterAsking({ headers: [['Failure-Report', value]] });
    await pass(9_000);
    expect([scene.rows[0]?.state, scene.rows[0]?.up.waiting, scene.counts.up.stalls]).toEqual(['flowing', 0, 0]);
  });

  it('is none when the event loop stood still, and the response is there behind it', async () => {
    const { scene, link } = afterAsking();
    const response = ok();
    vi.advanceTimersByTime(9_000);
    link.read('down', response);
    await nextTurn();
    expect(scene.counts.up.stalls).toBe(0);
  });

  it('is none while a session is merely quiet', () => {
    const { scene, link } = afterAsking();
    link.read('down', ok());
    vi.advanceTimersByTime(60_000);
    expect(scene.rows[0]).toMatchObject({ state: 'flowing', idle: 60 });
  });
});
