import { describe, expect, it } from 'vitest';
import { parseUri, sessionIdOf, uriKey } from '#src/msrp/uri.js';

function key(text: string): string {
  const uri = parseUri(text);
  if (uri === null) throw new Error(`${text} is no URI`);
  return uriKey(uri);
}

describe('parseUri', () => {
  it('takes a URI apart', () => {
    expect(parseUri('msrp://atlanta.example.com:7654/jshA7weztas;tcp')).toEqual({
      scheme: 'msrp',
      userinfo: null,
      host: 'atlanta.example.com',
      port: 7654,
      sessionId: 'jshA7weztas',
      transport: 'tcp',
      parameters: '',
    });
    expect(parseUri('MSRPS://alice:x@[2001:db8::1]:9000/a/b+c=d.~_-;TCP;a=1;b')).toEqual({
      scheme: 'msrps',
      userinfo: 'alice:x',
      host: '2001:db8::1',
      port: 9000,
      sessionId: 'a/b+c=d.~_-',
      transport: 'TCP',
      parameters: ';a=1;b',
    });
  });

  it('lets parts be missing', () => {
    expect(parseUri('msrps://alice@intra.example.com;tcp')).toMatchObject({
      userinfo: 'alice',
      port: null,
      sessionId: '',
    });
    expect(parseUri('msrp://10.0.0.5')).toMatchObject({ host: '10.0.0.5', transport: '', parameters: '' });
    expect(parseUri('msrp://10.0.0.5/s;a=b')).toMatchObject({ sessionId: 's', transport: '', parameters: ';a=b' });
  });

  it.each([
    '',
    'msrp:',
    'msrp://',
    'msrp:///s;tcp',
    'sip:alice@example.com',
    'http://example.com/s;tcp',
    'msrp://a b/s;tcp',
    'msrp://a/s s;tcp',
    'msrp://a/s;tcp ',
    ' msrp://a/s;tcp',
    'msrp://a:65536/s;tcp',
    'msrp://a:/s;tcp',
    'msrp://a:x/s;tcp',
    'msrp://[2001:db8::1/s;tcp',
    'msrp://[1:2]/s;tcp',
    'msrp://2001:db8::1/s;tcp',
    'msrp://a/s;;tcp',
    'msrp://a/sé;tcp',
    'msrp://a/s;tcp\n',
  ])('does not take %j', (text) => {
    expect(parseUri(text)).toBeNull();
  });

  it('gives up soon on what is long', () => {
    const started = performance.now();
    for (const part of ['a', 'a@', 'a:', '@', ';a', ';', '/', ':1', 'a=', '.a', '%', '1', '[', 'msrp://']) {
      for (const prefix of ['', 'msrp://', 'msrp://a/', 'msrp://a:1/s;tcp;', 'msrp://[']) {
        const text = `${prefix}${part.repeat(16_384)}\t`;
        expect(parseUri(text)).toBeNull();
        sessionIdOf(text);
      }
    }
    // 70 texts of 16 KiB and more: milliseconds each at most, when a quadratic search would take a second for one.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('uriKey', () => {
  const BASE = 'msrp://host.example:7654/Abc;tcp';

  it.each([
    'MSRP://HOST.Example:7654/Abc;TCP',
    'msrp://alice@host.example:7654/Abc;tcp',
    'msrp://host.example:7654/Abc;tcp;a=b',
    'msrp://%68ost.example:7654/Abc;tcp',
    'msrp://host.example:07654/Abc;tcp',
  ])('is the same for %s', (text) => {
    expect(key(text)).toBe(key(BASE));
  });

  it.each([
    'msrps://host.example:7654/Abc;tcp',
    'msrp://other.example:7654/Abc;tcp',
    'msrp://host.example:7655/Abc;tcp',
    'msrp://host.example/Abc;tcp',
    'msrp://host.example:7654/abc;tcp',
    'msrp://host.example:7654;tcp',
    'msrp://host.example:7654/Abc/;tcp',
    'msrp://host.example:7654/Abc;sctp',
  ])('is another for %s', (text) => {
    expect(key(text)).not.toBe(key(BASE));
  });

  it('never takes a missing port for the registered one', () => {
    expect(key('msrp://a/s;tcp')).not.toBe(key('msrp://a:2855/s;tcp'));
  });

  it('compares addresses as addresses', () => {
    expect(key('msrp://[2001:DB8:0::1]:1/s;tcp')).toBe(key('msrp://[2001:db8::0:1]:1/s;tcp'));
    expect(key('msrp://[2001:db8::1]:1/s;tcp')).not.toBe(key('msrp://[2001:db8::2]:1/s;tcp'));
  });
});

describe('sessionIdOf', () => {
  it.each([
    ['msrp://a.example:7654/jshA7weztas;tcp', 'jshA7weztas'],
    ['msrps://alice@[2001:db8::1]:7654/a/b+c=;tcp;x=/y', 'a/b+c='],
    ['msrp://a.example/s', 's'],
    ['msrp://a b?:x/s!s;tcp', ''],
    ['msrp://under_score.é/s!s;tcp', 's!s'],
    ['msrp://a.example;tcp', ''],
    ['msrp://a.example;tcp;x=/y', ''],
    ['msrp://a.example/;tcp', ''],
    ['http://a.example/s', ''],
    ['s', ''],
    ['', ''],
  ])('of %s is %j', (text, sessionId) => {
    expect(sessionIdOf(text)).toBe(sessionId);
  });
});
