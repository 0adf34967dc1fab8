import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MsrptapError } from '#src/lib/errors.js';
import { readCall, type SipCall } from '#src/sip/call.js';
import { answer, crlf, invite, sdp } from '../helpers/sip.js';

const read = (text: string): SipCall | null => readCall(Buffer.from(crlf(text), 'latin1'));

/** With these header fields, and this body. */
const message = (fields: string, body = sdp('s1'), start = 'INVITE sip:bob@example.com SIP/2.0'): string =>
  `${start}\n${fields}\n\n${body}`;

describe('which call, and which sessions', () => {
  it.each([
    ['an INVITE', invite({ callId: 'a84b@host', sessions: 's1' }), 'a84b@host', ['s1']],
    ['a 200 with compact headers', answer({ callId: 'a84b', sessions: 's2' }), 'a84b', ['s2']],
    ['several m= sections', invite({ callId: 'c', sessions: ['s1', 's2', 's1'] }), 'c', ['s1', 's2']],
    ['an UPDATE', message('Call-ID: c\nContent-Type: application/sdp', sdp('s1'), 'UPDATE sip:b SIP/2.0'), 'c', ['s1']],
    ['a PRACK', message('Call-ID: c\nContent-Type: application/sdp', sdp('s1'), 'PRACK sip:b SIP/2.0'), 'c', ['s1']],
    ['an ACK', message('Call-ID: c\nContent-Type: application/sdp', sdp('s1'), 'ACK sip:b SIP/2.0'), 'c', ['s1']],
    ['a 183', message('i: c\nc: application/sdp', sdp('s1'), 'SIP/2.0 183 Session Progress'), 'c', ['s1']],
    [
      'names in any case, blanks before the colon',
      message('CALL-ID  :  c \ncontent-TYPE:Application/SDP;x=y'),
      'c',
      ['s1'],
    ],
    ['folded lines', message('Call-ID:\n c\nSubject: a\n\tb\nContent-Type:\n  application/sdp'), 'c', ['s1']],
    ['the first of two Call-IDs', message('i: c\nCall-ID: d\nc: application/sdp'), 'c', ['s1']],
    [
      'msrps, userinfo, IPv6, relays in front, a session-id with all that may stand in it',
      message(
        'i: c\nc: application/sdp',
        'm=message 1 TCP/TLS/MSRP *\na=path:msrps://r.example:1/relay;tcp msrps://u@[2001:db8::1]:2/a~b.c-d_e+f=g/h;tcp\n',
      ),
      'c',
      ['a~b.c-d_e+f=g/h'],
    ],
  ])('%s', (_, text, callId, sessions) => {
    expect(read(text)).toEqual({ callId, sessions });
  });

  it('lines may end in a LF alone', () => {
    const text = message('Call-ID: c\nContent-Type: application/sdp').replaceAll('\r', '');
    expect(readCall(Buffer.from(text))).toEqual({ callId: 'c', sessions: ['s1'] });
  });
});

const part = (type: string, body: string): string => `--b\nContent-Type: ${type}\n\n${body}\n`;

describe('multipart bodies', () => {
  it.each([
    ['mixed', 'multipart/mixed;boundary=b', `preamble\n${part('application/sdp', sdp('s1'))}--b--\nend`],
    [
      'in quotes, in any case',
      'Multipart/Related; type="x" ;BOUNDARY = "b"',
      `${part('application/sdp', sdp('s1'))}--b--`,
    ],
    [
      'another part first',
      'multipart/mixed;boundary=b',
      `${part('application/pidf+xml', '<a/>')}${part('application/sdp', sdp('s1'))}`,
    ],
    ['a part without a head', 'multipart/mixed;boundary=b', `--b\n\ntext\n${part('application/sdp', sdp('s1'))}`],
    [
      'in one another',
      'multipart/mixed;boundary=a',
      `--a\nContent-Type: multipart/alternative;boundary="b"\n\n${part('application/sdp', sdp('s1'))}--b--\n--a--`,
    ],
  ])('%s', (_, type, body) => {
    expect(read(message(`i: c\nc: ${type}`, body))).toEqual({ callId: 'c', sessions: ['s1'] });
  });

  it.each([
    ['what is no SDP', 'multipart/mixed;boundary=b', part('text/plain', sdp('s1'))],
    ['another boundary', 'multipart/mixed;boundary=bb', part('application/sdp', sdp('s1'))],
    ['no boundary', 'multipart/mixed', part('application/sdp', sdp('s1'))],
  ])('not read: %s', (_, type, body) => {
    expect(read(message(`i: c\nc: ${type}`, body))).toBeNull();
  });
});

describe('nothing about MSRP', () => {
  it.each([
    ['no body', message('Call-ID: c', '')],
    ['SDP of audio', message('i: c\nc: application/sdp', 'v=0\nm=audio 4000 RTP/AVP 0\n')],
    ['a chat about SDP', message('i: c\nc: text/plain', 'write a=path:msrp://a.example:1/s1;tcp')],
    ['a=path in a header', message('i: c\nSubject: a=path:msrp://a.example:1/s1;tcp\nc: application/sdp', 'v=0\n')],
    ['a=path behind the announced length', message('i: c\nl: 3\nc: application/sdp', 'v=0\na=path:msrp://a:1/s1;tcp')],
    ['a=path within a line', message('i: c\nc: application/sdp', 'i=a=path:msrp://a:1/s1;tcp\n')],
  ])('%s', (_, text) => {
    expect(read(text)).toBeNull();
  });
});

describe('refused', () => {
  it.each([
    ['no SIP', `hello\n${sdp('s1')}`],
    ['HTTP', message('i: c\nc: application/sdp', sdp('s1'), 'POST / HTTP/1.1')],
    ['no Call-ID', message('c: application/sdp')],
    ['an empty Call-ID', message('i:\nc: application/sdp')],
    ['a Call-ID with a blank', message('i: a b\nc: application/sdp')],
    ['a Call-ID that is too long', message(`i: ${'c'.repeat(256)}\nc: application/sdp`)],
    ['a Call-ID that is not ASCII', message('i: c\xfc\nc: application/sdp')],
    ['a Call-ID with a NUL', message('i: c\0\nc: application/sdp')],
    ['a session-id that is too long', message('i: c\nc: application/sdp', sdp('s'.repeat(256)))],
    ['a session-id that is not ASCII', message('i: c\nc: application/sdp', sdp('s\xfc'))],
    ['no session-id', message('i: c\nc: application/sdp', sdp(''))],
    ['a path that is no MSRP', message('i: c\nc: application/sdp', 'a=path:sip:a@example.com\n')],
  ])('%s', (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'sip_malformed' }) as Error);
  });

  it('of many sessions the first 16 are read', () => {
    const sessions = Array.from({ length: 40 }, (__, index) => `s${index}`);
    expect(read(invite({ callId: 'c', sessions }))?.sessions).toEqual(sessions.slice(0, 16));
  });
});

const idChar = fc.constantFrom(...Array.from('abcXYZ019.~_-+=/'));
const sessionId = fc.string({ unit: idChar, minLength: 1, maxLength: 255 });
const callIdOf = fc.string({
  unit: fc.constantFrom(...Array.from('abcXYZ019.!%*_+`\'~()<>:\\"/[]?{}@')),
  minLength: 1,
  maxLength: 255,
});

test('what is offered is read, whatever stands around it', () => {
  const field = fc.tuple(fc.stringMatching(/^X-[A-Za-z]{1,9}$/), fc.stringMatching(/^[ -~]{0,40}$/));
  fc.assert(
    fc.property(
      callIdOf,
      sessionId,
      fc.array(field, { maxLength: 6 }),
      fc.boolean(),
      (callId, session, fields, isShort) => {
        const others = fields.map(([name, value]) => `${name}: ${value}\n`).join('');
        const text = message(
          `${others}${isShort ? 'i' : 'Call-ID'}: ${callId}\n${isShort ? 'c' : 'Content-Type'}: application/sdp`,
          sdp(session),
        );
        expect(read(text)).toEqual({ callId, sessions: [session] });
      },
    ),
  );
});

test('whatever comes: a call with ids that can be used, nothing, or an error of its own', () => {
  const parts = fc.constantFrom(
    'INVITE sip:a SIP/2.0\r\n',
    'SIP/2.0 200 OK\r\n',
    'Call-ID: c\r\n',
    'i:',
    'c: application/sdp\r\n',
    '\r\n',
    '\n',
    '\r\n\r\n',
    'c: multipart/mixed;boundary=b\r\n',
    'boundary="',
    ';boundary=',
    '--b\r\n',
    '--b--',
    'a=path:',
    'msrp://a:1/s;tcp',
    ' ',
    '\t',
    '\0',
    'Content-Length: 99999999999\r\n',
    'l: 5\r\n',
    'Content-Type: application/sdp\r\n\r\n',
    'é',
    ':',
    ';',
    '/',
    '@',
  );
  const noise = fc.oneof(
    fc.array(parts, { maxLength: 60 }).map((all) => Buffer.from(all.join(''), 'latin1')),
    fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.concat([Buffer.from('a=path:'), octets])),
    fc.tuple(fc.nat(400), fc.uint8Array({ maxLength: 4 })).map(([at, octets]) => {
      const bytes = Buffer.from(invite({ callId: 'c', sessions: 's1' }), 'latin1');
      bytes.set(octets, Math.min(at, bytes.length - octets.length));
      return bytes;
    }),
  );
  fc.assert(
    fc.property(noise, (payload) => {
      try {
        const call = readCall(payload);
        if (call === null) return;
        expect(call.sessions.length).toBeGreaterThan(0);
        for (const id of [call.callId, ...call.sessions]) expect(id).toMatch(/^[\x21-\x7e]{1,255}$/);
      } catch (error) {
        expect(error).toBeInstanceOf(MsrptapError);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** 65,000 octets of what could be read again and again. */
const LONG: readonly (readonly [string, string])[] = [
  ['boundary="', `i: c\nc: multipart/mixed${';boundary="'.repeat(5_900)}`],
  ['blanks', `i: c\nc: multipart/mixed;${' '.repeat(64_000)}x`],
  ['folds', `i: c\n${'a:\n '.repeat(16_000)}`],
  ['line ends', `i: c${'\n'.repeat(64_000)}`],
  ['colons', `i: c\n${':'.repeat(64_000)}`],
];

test.each(LONG)('a message of the largest size takes no longer than its octets do: %s', (_, fields) => {
  const text = Buffer.from(message(fields, 'a=path:'), 'latin1');
  const startedAt = process.cpuUsage();
  for (let i = 0; i < 5; i += 1) {
    try {
      readCall(text);
    } catch (error) {
      expect(error).toBeInstanceOf(MsrptapError);
    }
  }
  const { user, system } = process.cpuUsage(startedAt);
  // A few milliseconds each; what grows with the square takes a second.
  expect(user + system).toBeLessThan(1_000_000);
});
