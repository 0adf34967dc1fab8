import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { describeThrown } from '#src/trace/filter-error.js';
import { decide, type Route, type RouteControl } from '#src/trace/filter-route.js';
import { INPUT } from './filter-helpers.js';

function swallow(action: () => void): void {
  try {
    action();
  } catch {
    // what a careless route does
  }
}

const throws = (thrown: unknown): Route => {
  return () => {
    throw thrown;
  };
};

/** An object each property of which, and so `then`, is `value`. */
const having = (value: unknown): object => new Proxy({}, { get: () => value });

const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error('get');
    },
    has: () => {
      throw new Error('has');
    },
    getPrototypeOf: () => {
      throw new Error('getPrototypeOf');
    },
  },
);

const waysOut: [name: string, outcome: string, route: Route][] = [
  ['falling off the end', 'return', () => {}],
  ['returning a value', 'return', () => 'drop'],
  ['returning false', 'return', () => false],
  ['returning an object whose then getter throws', 'return', () => hostile],
  ['returning an object whose then is no function', 'return', () => having(true)],
  ['drop', 'drop', (_, { drop }) => drop()],
  ['exit', 'exit', (_, { exit }) => exit()],
  ['drop, caught', 'drop', (_, { drop }) => swallow(drop)],
  ['exit, caught', 'exit', (_, { exit }) => swallow(exit)],
  ['drop, caught, then exit', 'drop', (_, { drop, exit }) => (swallow(drop), exit())],
  ['exit, caught, then drop', 'exit', (_, { drop, exit }) => (swallow(exit), drop())],
  [
    'drop, caught, then throwing',
    'drop',
    (_, { drop }) => {
      swallow(drop);
      throw new Error('after');
    },
  ],
  ['throwing an error', 'throw', throws(new Error('boom'))],
  ['throwing null', 'throw', throws(null)],
  ['throwing undefined', 'throw', throws(undefined)],
  ['throwing a symbol', 'throw', throws(Symbol('s'))],
  ['throwing a hostile proxy', 'throw', throws(hostile)],
  ['throwing an object without a prototype', 'throw', throws(Object.create(null))],
  ['an async function', 'promise', async () => {}],
  ['an async function that drops', 'promise', async (_, { drop }) => drop()],
  ['a rejected promise', 'promise', () => Promise.reject(new Error('later'))],
  ['a thenable', 'promise', () => having(() => {})],
  ['a thenable whose then throws', 'promise', () => having(throws(new Error('then')))],
];

describe('every way out of a route', () => {
  test.each(waysOut)('%s: %s', (_name, outcome, route) => {
    const decision = decide(route, INPUT);
    expect(decision.outcome).toBe(outcome);
    expect(decision.traced).toBe(outcome !== 'drop');
    expect(typeof decision.error).toBe(outcome === 'throw' || outcome === 'promise' ? 'string' : 'undefined');
  });
});

test('drop and exit end the route where they stand', () => {
  const reached: string[] = [];
  for (const way of ['drop', 'exit'] as const) {
    decide((_, control) => {
      reached.push(way);
      if (way === 'drop') control.drop();
      else control.exit();
      reached.push('behind');
    }, INPUT);
  }
  expect(reached).toEqual(['drop', 'exit']);
});

test('a control that was kept does nothing and throws nothing, and decides on no other connection', () => {
  let kept: RouteControl | undefined;
  decide((_, control) => {
    kept = control;
  }, INPUT);
  expect(() => kept?.drop()).not.toThrow();
  const next = decide(() => kept?.drop(), INPUT);
  expect(next).toEqual({ traced: true, outcome: 'return' });
});

test('the rejection of a refused promise is nobody’s concern', async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', listener);
  decide(() => Promise.reject(new Error('ignored')), INPUT);
  decide(async (_, { drop }) => drop(), INPUT);
  await nextTurn();
  await nextTurn();
  process.off('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
});

describe('describeThrown', () => {
  test('tells message, file and line', () => {
    const error = new TypeError('x is not a function');
    error.stack =
      'TypeError: x is not a function\n    at route (file:///etc/msrptap/my%20filters/f.js:7:11)\n    at z (node:vm:1:1)';
    expect(describeThrown(error)).toBe('x is not a function (/etc/msrptap/my filters/f.js:7)');
  });

  test('reads the line over a syntax error', () => {
    const error = new SyntaxError('Unexpected token');
    error.stack = '/etc/f.cjs:3\n  foo(\n\nSyntaxError: Unexpected token\n    at wrapSafe (node:internal:1:1)';
    expect(describeThrown(error)).toBe('Unexpected token (/etc/f.cjs:3)');
  });

  test('keeps it short', () => {
    expect(describeThrown('x'.repeat(1_000_000)).length).toBeLessThan(1_000);
  });

  test('survives a message that is no string', () => {
    const error = new Error('');
    // The stack first: to make it, the runtime reads the message.
    Object.defineProperty(error, 'stack', { value: 7 });
    Object.defineProperty(error, 'message', { value: Symbol('message') });
    expect(describeThrown(error)).toBe('Symbol(message)');
  });
});
