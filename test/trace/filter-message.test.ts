import { describe, expect, test } from 'vitest';
import { type FilteredMessage, judge, type MessageRoute } from '#src/trace/filter-message.js';
import { question, send } from './message-questions.js';

/** What a module returns who does not look at its types. */
function returns(value: unknown): MessageRoute {
  return (() => value) as MessageRoute;
}

function seen(text: string | Buffer, rules: Parameters<typeof question>[1] = {}): FilteredMessage {
  const messages: FilteredMessage[] = [];
  judge((message) => void messages.push(message), question(text, rules));
  const [message] = messages;
  if (message === undefined) throw new Error('not called');
  return message;
}

describe('a module sees', () => {
  test('a request', () => {
    const { headers, body, ...rest } = seen(send('Grüße 👋', 'text/plain; charset=utf-8', ['x-Odd:  a ', 'x-Odd: b']));
    expect(rest).toEqual({
      method: 'SEND',
      status: null,
      transaction_id: 'd93kswow',
      to_path: ['msrp://relay.example.com:2855/r1;tcp', 'msrp://bob.example.com:8888/9di4ea;tcp'],
      from_path: ['msrp://alice.example.com:7654/iau39s;tcp'],
      content_type: 'text/plain; charset=utf-8',
      body_length: 12,
      complete: true,
      direction: 'up',
      si: '10.0.0.1',
      sp: 40_000,
    });
    expect(Object.entries(headers)).toEqual([
      ['To-Path', 'msrp://relay.example.com:2855/r1;tcp msrp://bob.example.com:8888/9di4ea;tcp'],
      ['From-Path', 'msrp://alice.example.com:7654/iau39s;tcp'],
      ['Message-ID', '12339'],
      ['x-Odd', 'a, b'],
      ['Content-Type', 'text/plain; charset=utf-8'],
    ]);
    expect(body).toBeInstanceOf(Buffer);
    expect(body.toString()).toBe('Grüße 👋');
  });

  test('a response', () => {
    const text = `MSRP d93kswow 413 Stop\r\nTo-Path: msrp://a:1/b;tcp\r\nFrom-Path: msrp://c:1/d;tcp\r\n-------d93kswow$\r\n`;
    expect(seen(text)).toMatchObject({ method: null, status: 413, content_type: null, body: Buffer.alloc(0) });
  });

  test('of the body what would be mirrored', () => {
    const picture = seen(send('binary', 'image/jpeg'));
    expect([picture.body.length, picture.body_length]).toEqual([0, 6]);
    const long = seen(send('x'.repeat(100_000)));
    expect(long.body.toString()).toMatch(/^x{11000,12288}$/);
    expect(long.body_length).toBe(100_000);
    expect(seen(send('text'), { trace_body: 'headers' }).body).toHaveLength(0);
  });

  test('what came of a message that was cut', () => {
    const { method, complete, body } = seen(send('hello world').split(' world', 1)[0] ?? '');
    expect([method, complete, body.toString()]).toEqual(['SEND', false, 'hello']);
    expect(seen('MSRP d93kswow SEND\r\nTo-Pa')).toMatchObject({ transaction_id: '', headers: {}, complete: false });
  });

  test('a header with a name that objects have', () => {
    const { headers } = seen(send('x', 'text/plain', ['__proto__: y', 'constructor: z']));
    expect(Object.entries(headers)).toContainEqual(['__proto__', 'y']);
    expect(headers['toString']).toBeUndefined();
  });
});

const hostile = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('keys');
    },
  },
);

const throwing: MessageRoute = () => {
  throw new Error('oops');
};

const async = (() => Promise.reject(new Error('later'))) as unknown as MessageRoute;

const overwriting: MessageRoute = ({ body }) => {
  body.fill('!');
  return { redact: [/world/] };
};

const FORM =
  /it has to be \{ body: 'headers', correlation: 'ID', redact: \[\/…\/\] \}, each of them optional, or nothing$/;

describe('a module answers', () => {
  test.each<[what: string, route: MessageRoute, outcome: string]>([
    ['with nothing', () => {}, 'return'],
    ['by exit', (_, { exit }) => exit(), 'exit'],
    ['by drop', (_, { drop }) => drop(), 'drop'],
  ])('%s: nothing is changed', (_, route, outcome) => {
    expect(judge(route, question(send('hello')))).toEqual({ outcome });
  });

  test('headers only', () => {
    const answer = judge(() => ({ body: 'headers' }), question(send('hello')));
    expect(answer).toEqual({ outcome: 'change', headersOnly: true });
  });

  test('with a correlation id', () => {
    const answer = judge(({ to_path }) => ({ correlation: to_path[1] }), question(send('hello')));
    expect(answer).toEqual({ outcome: 'change', correlation: 'msrp://bob.example.com:8888/9di4ea;tcp' });
  });

  test('with expressions, and gets the mirrored copy without what they match', () => {
    const { payload, ...rest } = judge(() => ({ redact: [/wor+ld/] }), question(send('hello world')));
    expect(rest).toEqual({ outcome: 'change' });
    expect(Buffer.from(payload ?? []).toString()).toBe(send('hello [redacted]'));
    expect(judge(() => ({ redact: [/nothing/] }), question(send('hello')))).toEqual({ outcome: 'change' });
  });

  test('with all of it', () => {
    const change = { body: 'headers', correlation: 'call-1', redact: [/alice/] } as const;
    const { payload, ...rest } = judge(() => change, question(send('alice')));
    expect(rest).toEqual({ outcome: 'change', headersOnly: true, correlation: 'call-1' });
    expect(Buffer.from(payload ?? []).toString()).toBe(
      send('[msrptap: 5 bytes of text/plain not mirrored]').replace('alice', '[redacted]'),
    );
  });

  test('what it does to the body it was given changes nothing', () => {
    const { payload } = judge(overwriting, question(send('hello world')));
    expect(Buffer.from(payload ?? []).toString()).toBe(send('hello [redacted]'));
  });

  test.each<[what: string, route: MessageRoute, outcome: string, error: string | RegExp]>([
    ['throws', throwing, 'throw', /^oops/],
    ['is async', async, 'promise', /returned a promise/],
    ['returns false', returns(false), 'invalid', FORM],
    ['returns null', returns(null), 'invalid', FORM],
    ['returns another key', returns({ corelation: 'x' }), 'invalid', /^it returned "corelation"; it has to be/],
    ['returns another body', returns({ body: 'text' }), 'invalid', /body/],
    ['returns an empty correlation', returns({ correlation: '' }), 'invalid', /correlation/],
    ['returns a number for one', returns({ correlation: 7 }), 'invalid', /correlation/],
    ['returns one expression', returns({ redact: /x/ }), 'invalid', /redact/],
    ['returns a text for one', returns({ redact: ['x'] }), 'invalid', /redact/],
    ['returns what cannot be looked at', returns(hostile), 'throw', 'keys'],
  ] as [string, MessageRoute, string, string | RegExp][])(
    'and fails when it %s: headers only',
    (_, route, outcome, error) => {
      const answer = judge(route, question(send('hello')));
      expect(answer).toEqual({ outcome, headersOnly: true, error: expect.stringMatching(error) });
    },
  );
});
