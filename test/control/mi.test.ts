import { miCommands } from '#src/control/commands.js';
import { handleMi, MAX_REQUEST } from '#src/control/mi.js';
import { commandTable, ok } from '#src/control/mi-command.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fakeControl } from './control.js';

async function ask(request: string | Uint8Array, control = fakeControl()): Promise<string | null> {
  const outcome = await handleMi(request, miCommands(control));
  return outcome.kind === 'silence' ? null : outcome.text;
}

const MODE = `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params","data":"trace_mode should be 'on' or 'off'"},"id":"7"}`;
const NAMES = `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params","data":"Named parameters do not match"},"id":"7"}`;
const COUNT = `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params","data":"Too few or too many parameters"},"id":"7"}`;
const PARAMS = `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":"7"}`;
const METHOD = `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"7"}`;
const INVALID = `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":"7"}`;
const INVALID_NULL = `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}`;
const PARSE = `{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}`;
const ON = `{"jsonrpc":"2.0","result":{"MSRP tracing":"on"},"id":"7"}`;
const OK = `{"jsonrpc":"2.0","result":"OK","id":"7"}`;

const call = (rest: string) => `{"jsonrpc":"2.0","id":"7",${rest}}`;

describe('a request gets the reply that OpenSIPS gives', () => {
  it.each([
    [call('"method":"msrp_trace"'), ON],
    [call('"method":"msrp:trace"'), ON],
    [call('"method":"msrp_trace","params":{}'), ON],
    [call('"method":"msrp_trace","params":[]'), ON],
    [call('"method":"msrp_trace","params":{"trace_mode":"on"}'), OK],
    [call('"method":"msrp_trace","params":["OFF"]'), OK],
    [call('"method":"msrp:trace","params":{"trace_mode":"oN"}'), OK],
    [call('"method":"msrp_trace","params":["maybe"]'), MODE],
    [call('"method":"msrp_trace","params":{"trace_mode":""}'), MODE],
    [call('"method":"msrp_trace","params":[1]'), MODE],
    [call('"method":"msrp_trace","params":["on "]'), MODE],
    [call('"method":"msrp_trace","params":[true]'), PARAMS],
    [call('"method":"msrp_trace","params":[null]'), PARAMS],
    [call('"method":"msrp_trace","params":{"trace_mode":{}}'), PARAMS],
    [call('"method":"msrp_trace","params":{"mode":"on"}'), NAMES],
    [call('"method":"msrp_trace","params":{"Trace_Mode":"on"}'), NAMES],
    [call('"method":"msrp_trace","params":{"__proto__":"on"}'), NAMES],
    [call('"method":"msrp_trace","params":{"constructor":"on"}'), NAMES],
    [call('"method":"msrp_trace","params":{"trace_mode":"on","x":1}'), COUNT],
    [call('"method":"msrp_trace","params":["on","off"]'), COUNT],
    [call('"method":"uptime","params":["x"]'), COUNT],
    [call('"method":"msrp_trace","params":"on"'), INVALID],
    [call('"method":"msrp_trace","params":null'), INVALID],
    [call('"method":"nothing"'), METHOD],
    [call('"method":"MSRP_TRACE"'), METHOD],
    [call('"method":"__proto__"'), METHOD],
    [call('"method":"constructor"'), METHOD],
    [call('"method":"toString"'), METHOD],
    [call('"method":""'), METHOD],
    [call('"method":1'), INVALID],
    ['{"id":"7","method":"msrp_trace"}', INVALID],
    ['{"jsonrpc":"1.0","id":"7","method":"msrp_trace"}', INVALID],
    ['{"jsonrpc":2.0,"id":"7","method":"msrp_trace"}', INVALID],
    ['{"jsonrpc":"2.0","id":"7"}', INVALID],
    ['{"__proto__":{"jsonrpc":"2.0","method":"msrp_trace"},"id":"7"}', INVALID],
    ['{"jsonrpc":"2.0"}', INVALID_NULL],
    ['{}', INVALID_NULL],
    ['[]', INVALID_NULL],
    ['[{"jsonrpc":"2.0","id":1,"method":"msrp_trace"}]', INVALID_NULL],
    ['null', INVALID_NULL],
    ['"msrp_trace"', INVALID_NULL],
    ['', PARSE],
    ['{', PARSE],
    ['{"jsonrpc":"2.0","id":"7","method":"msrp_trace"', PARSE],
    ['{"jsonrpc":"2.0","id":"7","method":"msrp_trace"} x', PARSE],
  ])('%s', async (request, reply) => {
    expect(await ask(request)).toBe(reply);
  });
});

describe('an id', () => {
  it.each([
    '7',
    '"7"',
    'null',
    'true',
    '[1, 2]',
    '{"a": "b"}',
    '-0',
    '1.50',
    '12345678901234567890',
    '0.1234567890123456789',
    '"\\u00e9\\n"',
  ])('comes back as sent: %s', async (id) => {
    expect(await ask(`{"jsonrpc":"2.0","method":"msrp_trace","id":${id}}`)).toBe(
      `{"jsonrpc":"2.0","result":{"MSRP tracing":"on"},"id":${id}}`,
    );
  });
});

describe('a notification', () => {
  it('is obeyed and not answered', async () => {
    const control = fakeControl();
    expect(await ask('{"jsonrpc":"2.0","method":"msrp_trace","params":["off"]}', control)).toBeNull();
    expect(control.trace.on).toBe(false);
  });

  it.each([
    '{"jsonrpc":"2.0","method":"nothing"}',
    '{"jsonrpc":"2.0","method":"msrp_trace","params":["maybe"]}',
    '{"jsonrpc":"2.0","method":"msrp_trace","params":{"x":1}}',
  ])('is not answered when it fails either: %s', async (request) => {
    expect(await ask(request)).toBeNull();
  });
});

describe('what is sent to do harm', () => {
  it('is refused when it is too long', async () => {
    const request = call(`"method":"${'x'.repeat(MAX_REQUEST)}"`);
    expect(await ask(request)).toBe(
      `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request","data":"longer than 65536 octets"},"id":null}`,
    );
  });

  it('may be nested as deep as it is long', async () => {
    const depth = 32_000;
    const nested = '['.repeat(depth) + ']'.repeat(depth);
    expect(await ask(`{"jsonrpc":"2.0","method":"msrp_trace","params":[${nested}],"id":"7"}`)).toBe(PARAMS);
    expect(await ask(`{"jsonrpc":"2.0","method":"nothing","id":${nested}}`)).toBe(
      `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":${nested}}`,
    );
  });

  it.each([
    ['a string without end', (size: number) => `{"jsonrpc":"2.0","id":"${'\\"'.repeat(size / 2)}`],
    ['quotes in an id', (size: number) => `{"jsonrpc":"2.0","method":"which","id":"${'\\"'.repeat(size / 2)}"}`],
    ['members of the same name', (size: number) => `{"jsonrpc":"2.0",${'"id":1,'.repeat(size / 7)}"method":"which"}`],
    [
      'blanks',
      (size: number) => `{"jsonrpc":"2.0","method":"get_statistics","params":["${' \\t'.repeat(size / 3)}"],"id":1}`,
    ],
    [
      'a list of names',
      (size: number) =>
        `{"jsonrpc":"2.0","method":"get_statistics","params":[[${'"all",'.repeat(size / 6 - 1)}""]],"id":1}`,
    ],
  ])('takes no longer than its octets do, whatever they are: %s', async (_, request) => {
    // The shortest of some rounds: in any other the machine may have done something else.
    const timeOf = async (size: number): Promise<number> => {
      let shortest = Infinity;
      for (let round = 0; round < 10; round += 1) {
        const begun = performance.now();
        await ask(request(size));
        shortest = Math.min(shortest, performance.now() - begun);
      }
      return shortest;
    };
    await timeOf(1_000);
    const [short, long] = [await timeOf(7_000), await timeOf(56_000)];
    // Eight times as long: what is quadratic takes 64 times the time.
    expect(long).toBeLessThan(24 * Math.max(short, 1));
  });

  it('is a parse error when it is no UTF-8', async () => {
    expect(await ask(Buffer.from([...Buffer.from('{"id":"'), 0xff, ...Buffer.from('"}')]))).toBe(PARSE);
  });

  it('never gets anything but one JSON-RPC reply, or none', async () => {
    const request = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record(
          {
            jsonrpc: fc.constantFrom('2.0', '1.0'),
            id: fc.jsonValue(),
            method: fc.constantFrom('msrp_trace', 'which', 'uptime', '__proto__'),
            params: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((object) => JSON.stringify(object)),
    );
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        const reply: unknown = JSON.parse((await ask(text)) ?? '{"jsonrpc":"2.0","id":null}');
        expect(reply).toMatchObject({ jsonrpc: '2.0' });
        expect(reply).toHaveProperty('id');
      }),
    );
    expect.hasAssertions();
  });
});

describe('a command that throws', () => {
  const commands = commandTable([
    {
      names: ['sync'],
      recipes: [
        {
          params: [],
          run: () => {
            throw new Error('secret');
          },
        },
      ],
    },
    { names: ['async'], recipes: [{ params: [], run: async () => Promise.reject(new Error('secret')) }] },
    {
      names: ['two'],
      recipes: [
        { params: ['a'], run: ok },
        { params: ['b'], run: (b) => ok({ b }) },
      ],
    },
  ]);

  it.each(['sync', 'async'])('tells the caller nothing, and the log all: %s', async (method) => {
    const thrown: unknown[] = [];
    const outcome = await handleMi(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`, commands, (...what) =>
      thrown.push(what),
    );
    expect(outcome).toEqual({
      kind: 'reply',
      text: '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Server error"},"id":1}',
    });
    expect(thrown).toEqual([[method, new Error('secret')]]);
  });

  it('finds its recipe by names where positions do not tell', async () => {
    const two = '"jsonrpc":"2.0","id":1,"method":"two"';
    const byName = await handleMi(`{${two},"params":{"b":2}}`, commands);
    expect(byName).toEqual({ kind: 'reply', text: '{"jsonrpc":"2.0","result":{"b":2},"id":1}' });
    const byPosition = await handleMi(`{${two},"params":[2]}`, commands);
    expect(byPosition).toMatchObject({ text: expect.stringContaining('Ambiguous call, use named parameters instead') });
  });
});
