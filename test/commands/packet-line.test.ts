import { packetJson, packetLine } from '#src/commands/packet-line.js';
import { decodeHep } from '#src/hep/decode.js';
import { writeRequest, writeResponse } from '#src/msrp/writer.js';
import { describe, expect, it } from 'vitest';
import { hepPacket, type PacketParts } from './hep-encoder.js';

const PATHS = { toPath: 'msrp://b.example:2855/bob;tcp', fromPath: 'msrp://a.example:9/alice;tcp' };
const BYTE_RANGE = [['Byte-Range', '1-5/5']] as const;

function show(parts: PacketParts) {
  return packetLine(decodeHep(hepPacket({ correlationId: 'bob', ...parts })));
}

/** What stands behind the correlation id. */
function what(payload: string | Buffer): string {
  return show({ payload }).line.replace(/^.*?\[bob\] /, '');
}

function send(contentType: string, body: string | Buffer, flag: '$' | '+' | '#' = '$'): Buffer {
  return writeRequest({
    transactionId: 'tid1',
    method: 'SEND',
    ...PATHS,
    headers: BYTE_RANGE,
    contentType,
    body,
    flag,
  });
}

describe('a line', () => {
  it('begins with local time, type, addresses and correlation id', () => {
    const seconds = new Date(2026, 7, 6, 16, 5, 9).getTime() / 1_000;
    const { line } = show({
      seconds,
      microseconds: 42,
      type: 110,
      sourcePort: 1,
      destinationPort: 65_535,
      payload: 'x',
    });
    expect(line).toBe('16:05:09.000042 110 127.0.0.1:1 → 10.0.0.5:65535 [bob] 1 bytes "x"');
  });

  it('has IPv6 addresses in brackets', () => {
    const source = '00000000000000000000000000000001';
    const destination = '20010db8000000000000000000000005';
    expect(show({ source, destination }).line).toContain(' [::1]:50001 → [2001:db8::5]:2855 ');
  });

  it('stays one line of bounded length, whatever is in the packet', () => {
    const hostile = '\u001b[2J\r\n\u009b'.repeat(500);
    const payloads = [
      hostile,
      `MSRP tid1 SEND\r\nTo-Path: ${hostile.replaceAll('\r\n', '')}`,
      send(`text/plain;${'\u001b'.repeat(200)}`, hostile),
      JSON.stringify({ Protocol: hostile, Event: hostile, Status: 'FAILURE', Reason: hostile }),
      Buffer.from('\u0000\u001b\u009b', 'latin1'),
    ];
    for (const payload of payloads) {
      const { line } = show({ payload, correlationId: hostile.slice(0, 300) });
      expect(line).not.toMatch(/\p{Cc}/u);
      expect(line.length).toBeLessThan(1_000);
    }
  });
});

describe('an event', () => {
  const fields = { Protocol: 'MSRPS', Event: 'CONNECTED', Status: 'SUCCESS', Message: 'Successfully connected...' };

  it('shows what happened, and to which leg', () => {
    const { kind, event, line } = show({ payload: JSON.stringify({ ...fields, Leg: 'upstream', Link: 'a-1' }) });
    expect([kind, event]).toEqual(['event', 'CONNECTED']);
    expect(line).toMatch(/ \[bob\] MSRPS CONNECTED SUCCESS upstream Successfully connected\.\.\.$/);
  });

  it('shows why it failed', () => {
    const failure = { ...fields, Status: 'FAILURE', Message: 'Failed to connect...', Reason: 'connect_refused' };
    expect(what(JSON.stringify(failure))).toBe('MSRPS CONNECTED FAILURE Failed to connect... (connect_refused)');
  });

  it('shows the figures of a close', () => {
    const close = {
      ...fields,
      Event: 'CLOSED',
      Message: 'closed by the peer',
      BytesIn: 12,
      BytesOut: 3,
      Duration: 1.5,
    };
    expect(what(JSON.stringify(close))).toBe('MSRPS CLOSED SUCCESS closed by the peer (12 bytes in, 3 out, 1.500 s)');
  });

  it.each(['{', '{"Protocol":"MSRP"}', '{"Protocol":1,"Event":"CLOSED","Status":"SUCCESS"}', '{}', '[1]', 'null'])(
    'is not %s',
    (payload) => {
      expect(show({ payload }).kind).toBe('other');
    },
  );
});

describe('a message', () => {
  it('shows its start-line, type, size in octets and text', () => {
    const { kind, line } = show({ payload: send('text/plain', 'Hé 👋\r\nBob') });
    expect(kind).toBe('message');
    expect(line).toMatch(/\[bob\] MSRP tid1 SEND text\/plain 13 bytes "Hé 👋⏎Bob"$/);
  });

  it('shows where it goes when the correlation id does not tell', () => {
    const response = writeResponse({
      transactionId: 'tid1',
      status: 481,
      comment: 'No session',
      toPath: PATHS.fromPath,
      fromPath: PATHS.toPath,
    });
    expect(what(response)).toBe('MSRP tid1 481 No session to alice');
  });

  it('shows the headers that say what it is about', () => {
    const report = { transactionId: 'tid1', method: 'REPORT', ...PATHS, headers: [['Status', '000 413 No']] as const };
    expect(what(writeRequest(report))).toBe('MSRP tid1 REPORT Status: 000 413 No');
    const nickname = { ...report, method: 'NICKNAME', headers: [['Use-Nickname', '"Al"']] as const };
    expect(what(writeRequest(nickname))).toBe('MSRP tid1 NICKNAME Use-Nickname: "Al"');
  });

  it('shows the ranges and flags of chunks', () => {
    expect(what(send('text/plain', 'Hello', '+'))).toBe(
      'MSRP tid1 SEND Byte-Range: 1-5/5 text/plain 5 bytes "Hello" (more follows)',
    );
    expect(what(send('text/plain', 'Hello', '#'))).toMatch(/ \(aborted\)$/);
  });

  it('shows what a message/cpim says, without its headers', () => {
    const cpim = 'From: <im:a@b>\r\nTo: <im:c@d>\r\n\r\nContent-Type: text/plain\r\n\r\nHi\r\n\r\nthere';
    expect(what(send('message/cpim', cpim))).toBe('MSRP tid1 SEND message/cpim 71 bytes "Hi⏎⏎there"');
    expect(what(send('message/cpim', 'broken'))).toMatch(/"broken"$/);
  });

  it('shows the size of what was not mirrored, and no bytes that are not text', () => {
    expect(what(send('image/png', '[msrptap: 4096 bytes of image/png not mirrored]'))).toBe(
      'MSRP tid1 SEND image/png 4096 bytes [msrptap: 4096 bytes not mirrored]',
    );
    expect(what(send('text/plain', 'Long[msrptap: 96 bytes of text/plain not mirrored]'))).toBe(
      'MSRP tid1 SEND text/plain 100 bytes "Long" [msrptap: 96 bytes not mirrored]',
    );
    expect(what(send('image/png', Buffer.of(0x89, 0xff, 0x1b)))).toMatch(/ image\/png 3 bytes \(not text\)$/);
  });

  it('shows one that was cut off', () => {
    const [head = ''] = send('text/plain', '').toString().split('\r\n\r\n');
    expect(what(`${head}\r\n\r\nHel[msrptap: cut after 180 bytes]`)).toBe(
      'MSRP tid1 SEND Byte-Range: 1-5/5 text/plain cut after 180 bytes of the message "Hel"',
    );
    const early = show({ payload: 'MSRP tid1 SE[msrptap: cut after 12 bytes]' });
    expect(early.kind).toBe('message');
    expect(early.line).toMatch(/"MSRP tid1 SE\[msrptap: cut after 12 bytes\]"$/);
  });
});

describe('JSON', () => {
  const from = { ip: '::1', port: 7 };
  const json = (parts: PacketParts): unknown => JSON.parse(packetJson(decodeHep(hepPacket(parts)), from));

  it('has every field', () => {
    const seconds = Date.UTC(2026, 7, 6, 14, 5, 9) / 1_000;
    const names = { nodeName: 'tap1', authKey: 'secret', correlationId: 'bob' };
    expect(json({ seconds, microseconds: 7, type: 89, captureId: 2_001, ...names, payload: '\u001b[2J é' })).toEqual({
      time: '2026-08-06T14:05:09.000007Z',
      received_from: '[::1]:7',
      source: '127.0.0.1:50001',
      destination: '10.0.0.5:2855',
      family: 2,
      protocol: 6,
      payload_type: 89,
      capture_id: 2_001,
      node_name: 'tap1',
      auth_key: 'secret',
      correlation_id: 'bob',
      payload: '\u001b[2J é',
    });
  });

  it('has what is not UTF-8 in base64', () => {
    expect(json({ payload: Buffer.of(0xff, 0xfe, 0) })).toMatchObject({ payload_base64: '//4A' });
    expect(json({ payload: Buffer.of(0xff, 0xfe, 0) })).not.toHaveProperty('payload');
  });
});
