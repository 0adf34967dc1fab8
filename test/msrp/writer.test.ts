import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MsrptapError, messageOf } from '#src/lib/errors.js';
import { writeRequest, writeResponse } from '#src/msrp/writer.js';
import { bodies, referenceSplit, transactionIds } from '../helpers/msrp.js';
import * as examples from './examples.js';

const PATHS = {
  toPath: 'msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp',
  fromPath: 'msrp://atlanta.example.com:7654/jshA7weztas;tcp',
};

describe('writeRequest', () => {
  it('writes a request with a body', () => {
    const octets = writeRequest({
      ...PATHS,
      transactionId: 'a786hjs2',
      method: 'SEND',
      headers: [
        ['Message-ID', '87652491'],
        ['Byte-Range', '1-25/25'],
      ],
      contentType: 'text/plain',
      body: 'Hey Bob, are you there?',
    });
    expect(octets.toString()).toBe(examples.SEND.toString());
  });

  it('writes several hops, and octets', () => {
    const octets = writeRequest({
      transactionId: 'abcd',
      method: 'SEND',
      toPath: ['msrp://relay.example:1/a;tcp', 'msrp://b.example:2/b;tcp'],
      fromPath: ['msrp://c.example:3/c;tcp'],
      contentType: 'x/y',
      body: Uint8Array.of(0, 0xff),
      flag: '+',
    });
    expect(octets.toString('latin1')).toBe(
      'MSRP abcd SEND\r\nTo-Path: msrp://relay.example:1/a;tcp msrp://b.example:2/b;tcp\r\n' +
        'From-Path: msrp://c.example:3/c;tcp\r\nContent-Type: x/y\r\n\r\n\0\xff\r\n-------abcd+\r\n',
    );
  });

  it('writes no blank line without a Content-Type', () => {
    const octets = writeRequest({
      transactionId: '49fh',
      method: 'AUTH',
      toPath: 'msrps://alice@intra.example.com;tcp',
      fromPath: 'msrps://alice.example.com:9892/98cjs;tcp',
    });
    expect(octets.toString()).toBe(examples.AUTH.toString());
  });

  it.each(['', 'abc', '-abc', 'ab cd', 'abcd\r\n', 'a'.repeat(33)])(
    'refuses the transaction-id %j',
    (transactionId) => {
      expect(() => writeRequest({ ...PATHS, transactionId, method: 'SEND' })).toThrowError(
        expect.objectContaining({ code: 'transaction_id_unusable' }),
      );
      expect(() => writeResponse({ ...PATHS, transactionId, status: 200 })).toThrowError(
        expect.objectContaining({ code: 'transaction_id_unusable' }),
      );
    },
  );

  it('refuses exactly the bodies that would end the message early', () => {
    fc.assert(
      fc.property(
        transactionIds.chain((id) => fc.tuple(fc.constant(id), bodies(id))),
        ([transactionId, body]) => {
          const octets = Buffer.concat([
            Buffer.from(`MSRP ${transactionId} SEND\r\nTo-Path: a\r\nFrom-Path: b\r\nContent-Type: c\r\n\r\n`),
            body,
            Buffer.from(`\r\n-------${transactionId}$\r\n`),
          ]);
          const endsEarly = referenceSplit(octets)[0]?.length !== octets.length;
          expect(written(transactionId, body)).toEqual(endsEarly ? 'transaction_id_unusable' : octets);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The octets, or the code of what is thrown instead. */
function written(transactionId: string, body: Buffer): Buffer | string {
  try {
    return writeRequest({ transactionId, method: 'SEND', toPath: 'a', fromPath: 'b', contentType: 'c', body });
  } catch (error) {
    return error instanceof MsrptapError ? error.code : messageOf(error);
  }
}

describe('writeResponse', () => {
  const RETURN = { toPath: PATHS.fromPath, fromPath: PATHS.toPath };

  it('writes a response', () => {
    const octets = writeResponse({ ...RETURN, transactionId: 'a786hjs2', status: 200, comment: 'OK' });
    expect(octets.toString()).toBe(examples.OK.toString());
  });

  it('writes one without a comment, and with headers', () => {
    const octets = writeResponse({
      toPath: 'a',
      fromPath: 'b',
      transactionId: 'abcd',
      status: 401,
      headers: [['X', 'y']],
    });
    expect(octets.toString()).toBe('MSRP abcd 401\r\nTo-Path: a\r\nFrom-Path: b\r\nX: y\r\n-------abcd$\r\n');
  });
});
