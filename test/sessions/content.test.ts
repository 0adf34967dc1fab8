import { describe, expect, it } from 'vitest';
import { contentOf } from '#src/sessions/content-type.js';
import { CONTENTS } from '#src/sessions/kinds.js';
import { Scene, send } from './scene.js';

describe('content types', () => {
  it.each([
    ['text/plain', 'text'],
    ['Text/Plain; charset=utf-8', 'text'],
    ['text/html', 'text'],
    ['message/cpim', 'cpim'],
    ['MESSAGE/CPIM;x=y', 'cpim'],
    ['application/im-iscomposing+xml', 'composing'],
    ['message/imdn+xml', 'imdn'],
    ['image/jpeg', 'file'],
    ['image/svg+xml', 'other'],
    ['video/mp4', 'file'],
    ['application/octet-stream', 'file'],
    ['application/pdf', 'file'],
    ['application/json', 'other'],
    ['application/vnd.gsma.rcs-ft-http+xml', 'other'],
    ['multipart/mixed', 'other'],
    ['message/sip', 'other'],
    ['', 'other'],
    ['constructor', 'other'],
    ['text', 'other'],
  ])('%j is %s', (type, content) => {
    expect(CONTENTS[contentOf(type)]).toBe(content);
  });
});

/** What the body of a SEND is counted as, by the octets of its head. */
function countedAs(octets: Buffer, size = octets.length): unknown {
  const scene = new Scene();
  scene.link().readCut('up', octets, size);
  return scene.counted('up');
}

describe('a SEND', () => {
  const body = 'x'.repeat(100);

  it('counts by the last header, whatever was read before it', () => {
    for (const type of ['text/plain', 'image/png', 'text/plain', 'image/plain', 'xtext/plain']) {
      const headers = [['Content-Type', 'application/im-iscomposing+xml']] as const;
      const content = type === 'text/plain' ? 'text' : type.startsWith('image/') ? 'file' : 'other';
      const counts = { [`bytes ${content}`]: 100, [`messages ${content}`]: 1, 'results complete': 1 };
      expect(countedAs(send({ body, type, headers }))).toEqual(counts);
    }
  });

  it('counts by a Content-Type that does not stand last, as peers send it', () => {
    const octets = send({ body, type: 'image/png' }).toString('latin1');
    const line = 'Content-Type: image/png\r\n';
    const moved = octets.replace(line, '').replace('Message-ID', `${line}Message-ID`);
    expect(countedAs(Buffer.from(moved))).toMatchObject({ 'bytes file': 100 });
  });

  it('counts by it although what stands last repeats', () => {
    const scene = new Scene();
    const link = scene.link();
    for (const type of ['image/png', 'text/plain', 'text/plain', 'image/png']) {
      const octets = send({ body, type }).toString('latin1');
      const [line = ''] = /Content-Type: .*\r\n/.exec(octets) ?? [];
      link.read('up', octets.replace(line, '').replace('Message-ID', `${line}Message-ID`));
    }
    expect(scene.counted('up')).toMatchObject({ 'messages file': 2, 'messages text': 2 });
  });

  it('counts alike however reads cut it', () => {
    const whole = send({ body, type: 'image/png', range: '1-100/100' });
    for (const size of [1, 7, 64, 150, whole.length - 1]) {
      expect(countedAs(whole, size)).toEqual({ 'bytes file': 100, 'messages file': 1, 'results complete': 1 });
    }
  });

  it('without a body is no message', () => {
    expect(countedAs(send())).toEqual({});
    expect(countedAs(send({ range: '1-0/0' }))).toEqual({});
    expect(countedAs(send({ range: '1-0/0' }), 9)).toEqual({});
  });

  it('with a type that is longer than what is remembered counts too', () => {
    expect(countedAs(send({ body, type: `image/png; name="${'n'.repeat(300)}"` }))).toMatchObject({
      'bytes file': 100,
    });
  });
});

const cpim = (inner: string, headers = 'From: <im:a@example.com>\r\nTo: <im:b@example.com>\r\n'): string =>
  `${headers}\r\n${inner}`;
const content = (body: string, size?: number): string[] => {
  const octets = send({ body, type: 'message/cpim' });
  return Object.keys(countedAs(octets, size) as object).filter((name) => name.startsWith('messages '));
};

describe('a message/cpim', () => {
  it.each([
    ['Content-Type: text/plain; charset=utf-8\r\n\r\nhello', 'text'],
    ['content-type: application/im-iscomposing+xml\r\n\r\n<isComposing/>', 'composing'],
    ['Content-Length: 7\r\nContent-Disposition: notification\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn/>', 'imdn'],
    ['Content-Type: image/png\r\n\r\n\u0000', 'file'],
    ['Content-Type: multipart/mixed\r\n\r\n', 'other'],
    ['Content-Type: message/cpim\r\n\r\n', 'cpim'],
    ['\r\nContent-Type: image/png\r\n\r\n', 'cpim'],
    ['Content-Typ', 'cpim'],
    ['', 'cpim'],
  ])('counts by its inner type: %j', (inner, as) => {
    expect(content(cpim(inner))).toEqual([`messages ${as}`]);
  });

  it('counts as what it is when the inner type is not among the first octets', () => {
    const inner = 'Content-Type: text/plain\r\n\r\nhello';
    expect(content(cpim(inner, `Subject: ${'x'.repeat(4_000)}\r\n`))).toEqual(['messages cpim']);
    expect(content('Content-Type: text/plain')).toEqual(['messages cpim']);
    // Its headers are all that is there when it is first seen.
    expect(content(cpim(inner), 120)).toEqual(['messages cpim']);
  });

  it('in several chunks counts as its first one says', () => {
    const body = cpim(`Content-Type: text/plain\r\n\r\n${'x'.repeat(100)}`);
    const half = 80;
    const scene = new Scene();
    const link = scene.link();
    const type = 'message/cpim';
    link.read('up', send({ body: body.slice(0, half), type, range: `1-${half}/${body.length}`, flag: '+' }));
    link.read('up', send({ body: body.slice(half), type, range: `${half + 1}-*/${body.length}` }));
    expect(scene.counted('up')).toEqual({ 'bytes text': body.length, 'messages text': 1, 'results complete': 1 });
  });
});
