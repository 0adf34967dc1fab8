import { memberSource } from '#src/control/json-source.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('memberSource', () => {
  it.each([
    ['{"id":7}', '7'],
    ['{"id":12345678901234567890}', '12345678901234567890'],
    ['{"id":1.0}', '1.0'],
    ['{"id":1e400}', '1e400'],
    ['{ "a" : [1,{"id":2}] , "id" :\t"x" }', '"x"'],
    ['{"id":"a\\"},{\\\\"}', '"a\\"},{\\\\"'],
    ['{"id":[1, {"id":2}]}', '[1, {"id":2}]'],
    ['{"id":{"a":":,"},"b":1}', '{"a":":,"}'],
    ['{"id":null,"method":"id"}', 'null'],
    ['{"\\u0069d":3}', '3'],
    ['{"id":1,"id":2}', '2'],
    ['{"b":"id","c":{"id":1}}', undefined],
    ['{}', undefined],
  ])('%s', (text, source) => {
    expect(memberSource(text, 'id')).toBe(source);
  });

  it('finds what JSON.parse finds, however it is laid out', () => {
    const members = fc.dictionary(fc.oneof(fc.constantFrom('id', 'Id', 'method'), fc.string()), fc.jsonValue());
    fc.assert(
      fc.property(members, fc.constantFrom(undefined, 1, '\t'), (object, indent) => {
        const text = JSON.stringify(object, undefined, indent);
        const source = memberSource(text, 'id');
        const parsed: unknown = JSON.parse(text);
        const expected = Object.getOwnPropertyDescriptor(parsed, 'id')?.value as unknown;
        expect(source === undefined ? undefined : JSON.parse(source)).toEqual(expected);
      }),
    );
  });
});
