/** What is mirrored is MSRP to Wireshark too. */
import { expect, test } from 'vitest';
import { dial, NextHop } from '../helpers/endpoint.js';
import { TapProcess } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { BINARY_BODY, CHAT_TEXT, conversation, converse, newSession } from './conversation.js';
import { dissect, type Dissected } from './tshark.js';

const WHOLE = {
  name: 'whole, from IPv4 to IPv6',
  far: '::1',
  trace_body: 'full',
  // Wireshark takes the first line with seven hyphens for the end-line, whatever the transaction-id.
  file: { transactionIds: 'file0004 another1', flag: '$', data: '' },
};

const AS_SHIPPED = {
  name: 'as shipped, over IPv4',
  far: '127.0.0.1',
  trace_body: 'text',
  file: {
    ...framed('file0004', '+'),
    data: `[msrptap: ${BINARY_BODY.length} bytes of image/png not mirrored]\r\n-------file0004+\r\n`,
  },
};

test.each([WHOLE, AS_SHIPPED])('Wireshark dissects the messages: $name', async ({ far, trace_body, file }) => {
  const trace = await Trace.start();
  const nextHop = await NextHop.start({ ip: far });
  const tap = await TapProcess.start({ upstream: nextHop.url, trace, proto_msrp: { trace_body } });
  const session = newSession();
  const said = conversation(session);
  const client = await dial(tap.socket);
  await converse(client, await nextHop.accept(), said);
  await trace.count(said.length + 2);

  const callerUri = 'msrp://client.example.com:7394/c1.4sx-09;tcp';
  const calleeUri = `msrp://next-hop.example.com:12763/${session};tcp`;
  const callerIp = far === '::1' ? { ipv6: '::ffff:127.0.0.1' } : { ipv4: '127.0.0.1' };
  const calleeIp = far === '::1' ? { ipv6: '::1' } : { ipv4: '127.0.0.1' };
  const caller = { ...callerIp, port: String(client.socket.localPort), toPath: calleeUri, fromPath: callerUri };
  const callee = { ...calleeIp, port: String(nextHop.port), toPath: callerUri, fromPath: calleeUri };
  const cpim = said[4]?.octets.toString() ?? '';

  const expected: readonly Dissected[] = [
    { ...caller, ...framed('bind0001'), method: 'SEND', messageId: '1.bind', byteRange: '1-0/0' },
    { ...callee, ...framed('bind0001'), status: '200' },
    {
      ...caller,
      ...framed('chat0002'),
      method: 'SEND',
      messageId: '2.chat',
      byteRange: `1-${Buffer.byteLength(CHAT_TEXT)}/${Buffer.byteLength(CHAT_TEXT)}`,
      contentType: 'text/plain;charset=utf-8',
      data: `${CHAT_TEXT}\r\n-------chat0002$\r\n`,
    },
    { ...callee, ...framed('chat0002'), status: '200' },
    {
      ...callee,
      ...framed('cpim0003'),
      method: 'SEND',
      messageId: '3.cpim',
      byteRange: '1-*/*',
      contentType: 'message/cpim',
      data: cpim.slice(cpim.indexOf('\r\n\r\n') + 4),
    },
    { ...caller, ...framed('cpim0003'), status: '200' },
    {
      ...caller,
      ...file,
      method: 'SEND',
      messageId: '4.file',
      successReport: 'yes',
      byteRange: '1-278/*',
      contentType: 'image/png',
    },
    { ...callee, ...framed('file0004'), status: '200' },
    {
      ...caller,
      ...framed('file0005', '#'),
      method: 'SEND',
      messageId: '4.file',
      byteRange: '279-*/*',
      contentType: 'image/png',
      data: '\r\n-------file0005#\r\n',
    },
    {
      ...callee,
      ...framed('report06'),
      method: 'REPORT',
      messageId: '4.file',
      byteRange: '1-278/278',
      reportStatus: '000 200 OK',
    },
    { ...caller, ...framed('nick0007'), method: 'NICKNAME' },
    { ...callee, ...framed('nick0007'), status: '425' },
  ];
  expect(await dissect(trace.messages)).toEqual(expected);
});

/** The same transaction-id in the start-line and in the end-line. */
function framed(transactionId: string, flag = '$'): Dissected {
  return { transactionIds: `${transactionId} ${transactionId}`, flag };
}
