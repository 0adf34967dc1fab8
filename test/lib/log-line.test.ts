import { readableLine } from '#src/lib/log-line.js';
import { createLog } from '#src/lib/log.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What the terminal shows of one call. */
function shown(fields: object, message: string): string {
  let text = '';
  createLog('trace', { write: (line) => void (text += readableLine(line)) }).info(fields, message);
  return text;
}

const PREFIX = /^\d\d:\d\d:\d\d\.\d{3} INFO {2}/;

describe('readableLine', () => {
  it('shows local time, level, message and what else there is', () => {
    const time = new Date(2026, 7, 6, 16, 5, 3, 7);
    const line = JSON.stringify({ level: 'warn', time: time.toISOString(), port: 8888, msg: 'draining', by: null });
    expect(readableLine(`${line}\n`)).toBe('16:05:03.007 WARN  draining port=8888 by=null\n');
  });

  it.each([
    [{ socket: 'msrp:[::1]:2855' }, 'socket=msrp:[::1]:2855'],
    [{ sockets: ['msrp:127.0.0.1:2855', 'msrps:[::1]:2856'] }, 'sockets=msrp:127.0.0.1:2855,msrps:[::1]:2856'],
    [{ text: 'two words' }, 'text="two words"'],
    [{ text: '' }, 'text=""'],
    [{ text: 'a="b"' }, 'text="a=\\"b\\""'],
    [{ list: ['a,b', 'c'] }, 'list=["a,b","c"]'],
    [{ list: [] }, 'list=[]'],
    [{ nested: { a: [1] } }, 'nested={"a":[1]}'],
    [{ err: new Error('no route') }, 'err="no route"'],
  ])('shows %j as %s', (fields, text) => {
    expect(shown(fields, 'm').replace(PREFIX, '')).toBe(`m ${text}\n`);
  });

  it('lets nothing through that a terminal would obey', () => {
    const evil = '\u001b[2J\r\n\u009b31m\u202e\u2028\u0000\u007f';
    expect(shown({ [evil]: evil, list: [evil], deep: { evil } }, evil)).toMatch(/^[\x20-\x7e]+\n$/);
  });

  it('is one line, whatever is logged', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 3 }),
        fc.string({ unit: 'binary' }),
        (fields, message) => {
          expect(shown(fields, message)).toMatch(/^\P{C}*\n$/u);
        },
      ),
    );
  });

  it.each(['not JSON\n', '[1]\n', '{"a":1}\n', ''])('leaves %j, which is no log line, as it is', (line) => {
    expect(readableLine(line)).toBe(line);
  });
});
