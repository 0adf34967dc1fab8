import { miCommands } from '#src/control/commands.js';
import { commandTable, fault, ok } from '#src/control/mi-command.js';
import { handleText } from '#src/control/mi-text.js';
import { describe, expect, it } from 'vitest';
import { fakeControl } from './control.js';

describe('the commands of the document', () => {
  it.each([
    ['msrp_trace', [], '200 OK\nMSRP tracing:: on\n\n'],
    ['msrp_trace', ['off'], '200 OK\n\n'],
    ['msrp_trace', [' ON '], '200 OK\n\n'],
    ['msrp_trace', ['trace_mode:: off'], '200 OK\n\n'],
    ['msrp_trace', [':: off'], '200 OK\n\n'],
    ['msrp_trace', ['"off"'], '200 OK\n\n'],
    ['msrp_trace', ['maybe'], "400 trace_mode should be 'on' or 'off'\n\n"],
    ['msrp_trace', ['on', 'off'], '400 Too few or too many parameters\n\n'],
    ['msrp_trace', ['mode:: on'], '400 Named parameters do not match\n\n'],
    ['msrp_trace', ['trace_mode:: on', 'off'], '400 parameters are all named or none is\n\n'],
    ['nothing', [], "500 command 'nothing' not available\n\n"],
    ['__proto__', [], "500 command '__proto__' not available\n\n"],
    ['msrptap:close', ['nobody'], '404 No such link\n\n'],
  ])('%s %j', async (method, lines, reply) => {
    expect(await handleText({ method, lines }, miCommands(fakeControl()))).toBe(reply);
  });

  it('obey', async () => {
    const control = fakeControl();
    await handleText({ method: 'msrp_trace', lines: ['off'] }, miCommands(control));
    expect(control.trace.on).toBe(false);
  });
});

describe('a reply', () => {
  const table = commandTable([
    {
      names: ['tree'],
      recipes: [
        {
          params: [],
          run: () => ok({ Links: [{ ID: 1, Up: null, Down: { In: 2 } }, { ID: 2 }], Total: 2, List: ['a', 'b'] }),
        },
      ],
    },
    { names: ['list'], recipes: [{ params: [], run: () => ok(['one', 'two']) }] },
    { names: ['say'], recipes: [{ params: [], run: () => ok('a\n\n200 OK\nb') }] },
    { names: ['fail'], recipes: [{ params: [], run: () => fault(-32000, 'Server error', 'first\nsecond') }] },
    { names: ['throw'], recipes: [{ params: [], run: () => Promise.reject(new Error('secret')) }] },
  ]);

  it.each([
    [
      'tree',
      '200 OK\nLinks::\n\tID:: 1\n\tUp:: \n\tDown::\n\t\tIn:: 2\nLinks::\n\tID:: 2\nTotal:: 2\nList:: a\nList:: b\n\n',
    ],
    ['list', '200 OK\none\ntwo\n\n'],
    // It has one empty line, which ends it.
    ['say', '200 OK\na 200 OK b\n\n'],
    ['fail', '500 Server error: first second\n\n'],
    ['throw', '500 Server error\n\n'],
  ])('of %s', async (method, reply) => {
    expect(await handleText({ method, lines: [] }, table)).toBe(reply);
  });
});
