import { beforeEach, describe, expect, it, test } from 'vitest';
import { miCommands, type Control } from '#src/control/commands.js';
import { handleMi } from '#src/control/mi.js';
import { fakeControl } from './control.js';

const calls: unknown[] = [];
beforeEach(() => void calls.splice(0));

const ROWS = [
  { session: 's2', call: 'c', from: 'sip', seconds: 12.2 },
  { session: 's1', call: 'c', from: 'mi', seconds: 3 },
];
const correlations: NonNullable<Control['correlations']> = {
  size: 7,
  lifetime: 14_400,
  longest: 1_000_000,
  newest: (count) => {
    calls.push(count);
    return ROWS;
  },
  set: async (...told) => void calls.push(told),
  end: async (session) => {
    calls.push(session);
    return session === 's1';
  },
};

async function call(method: string, params: unknown, given: Control['correlations'] = correlations): Promise<unknown> {
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: `msrptap:${method}`, params });
  const outcome = await handleMi(request, miCommands(fakeControl({ correlations: given })));
  return outcome.kind === 'silence' ? null : JSON.parse(outcome.text);
}

describe('msrptap:correlate', () => {
  it.each([
    ['by position, for the lifetime', ['s1', 'a84b@host'], ['s1', 'a84b@host', 14_400]],
    ['by name', { call_id: 'c', session_id: 's1' }, ['s1', 'c', 14_400]],
    ['for some time', ['s1', 'c', 60], ['s1', 'c', 60]],
    ['with numbers as text, as opensips-cli sends them', ['1', '2', '60'], ['1', '2', 60]],
    ['for the longest time', ['s1', 'c', 1_000_000], ['s1', 'c', 1_000_000]],
    ['with identifiers of 255', ['s'.repeat(255), 'c'.repeat(255)], ['s'.repeat(255), 'c'.repeat(255), 14_400]],
  ])('%s', async (_, params, told) => {
    expect(await call('correlate', params)).toMatchObject({ result: 'OK' });
    expect(calls).toEqual([told]);
  });

  it.each([
    [['s1'], 'Parameters'],
    [['', 'c'], 'session_id should be'],
    [['s 1', 'c'], 'session_id should be'],
    [['s'.repeat(256), 'c'], 'session_id should be'],
    [['s\u0000', 'c'], 'session_id should be'],
    [[{}, 'c'], 'session_id should be'],
    [['s1', ''], 'call_id should be'],
    [['s1', 'c\r\n'], 'call_id should be'],
    [['s1', 'ü'], 'call_id should be'],
    [['s1', null], 'call_id should be'],
    [['s1', 'c', 0], 'seconds should be a whole number from 1 to 1000000'],
    [['s1', 'c', 1_000_001], 'seconds should be'],
    [['s1', 'c', -1], 'seconds should be'],
    [['s1', 'c', 'soon'], 'seconds should be'],
    [['s1', 'c', null], 'seconds should be'],
  ])('refuses %j', async (params, data) => {
    const reply = await call('correlate', params);
    expect(reply).toMatchObject({ error: { code: -32602 } });
    if (data !== 'Parameters') expect(reply).toMatchObject({ error: { data: expect.stringContaining(data) } });
    expect(calls).toEqual([]);
  });
});

describe('msrptap:uncorrelate', () => {
  it('ends one', async () => {
    expect(await call('uncorrelate', ['s1'])).toMatchObject({ result: 'OK' });
    expect(calls).toEqual(['s1']);
  });

  it('says when there is none', async () => {
    expect(await call('uncorrelate', ['s3'])).toMatchObject({ error: { code: 404, message: 'No such correlation' } });
  });

  it('wants a session-id', async () => {
    expect(await call('uncorrelate', ['s 1'])).toMatchObject({ error: { code: -32602 } });
  });
});

describe('msrptap:correlations', () => {
  it('lists the newest', async () => {
    expect(await call('correlations', [])).toMatchObject({
      result: {
        Correlations: [
          { Session: 's2', 'Call-ID': 'c', From: 'sip', 'Seconds left': 13 },
          { Session: 's1', 'Call-ID': 'c', From: 'mi', 'Seconds left': 3 },
        ],
        Total: 7,
      },
    });
    expect(await call('correlations', ['1000'])).toHaveProperty('result');
    expect(calls).toEqual([50, 1_000]);
  });

  it.each([0, 1_001, 'all', null])('does not take %j for a count', async (count) => {
    expect(await call('correlations', [count])).toMatchObject({ error: { code: -32602 } });
    expect(calls).toEqual([]);
  });
});

test('without a trace_destination there is nothing that could be correlated', async () => {
  const impossible = { error: { code: 400, data: 'proto_msrp.trace_destination is not set' } };
  expect(await call('correlate', ['s1', 'c'], null)).toMatchObject(impossible);
  expect(await call('uncorrelate', ['s1'], null)).toMatchObject(impossible);
  expect(await call('correlations', [], null)).toMatchObject({ result: { Correlations: [], Total: 0 } });
});
