/** The replies that OpenSIPS was seen to give, byte for byte, over each transport, with one worker and with two. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MiTap, MI_TRANSPORTS, type MiTransport } from '../helpers/mi.js';

const invalid = (data: string): string =>
  `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params","data":"${data}"},"id":"7"}`;
const failed = (code: number, message: string, id = '"7"'): string =>
  `{"jsonrpc":"2.0","error":{"code":${code},"message":"${message}"},"id":${id}}`;
const call = (rest: string): string => `{"jsonrpc":"2.0","id":"7",${rest}}`;
const MODE = "trace_mode should be 'on' or 'off'";
const OK = '{"jsonrpc":"2.0","result":"OK","id":"7"}';
const state = (mode: string): string => `{"jsonrpc":"2.0","result":{"MSRP tracing":"${mode}"},"id":"7"}`;

/** In order: what one switches, the next tells. */
const TABLE: readonly (readonly [request: string, reply: string])[] = [
  [call('"method":"msrp_trace"'), state('off')],
  [call('"method":"msrp:trace","params":{"trace_mode":"on"}'), OK],
  [call('"method":"msrp_trace","params":{}'), state('on')],
  [call('"method":"msrp_trace","params":["OFF"]'), OK],
  [call('"method":"msrp:trace"'), state('off')],
  [call('"method":"msrp_trace","params":["On"]'), OK],
  [call('"method":"msrp_trace","params":{"trace_mode":"maybe"}'), invalid(MODE)],
  [call('"method":"msrp_trace","params":[""]'), invalid(MODE)],
  [call('"method":"msrp_trace","params":[1]'), invalid(MODE)],
  [call('"method":"msrp_trace","params":{"mode":"on"}'), invalid('Named parameters do not match')],
  [call('"method":"nothing"'), failed(-32601, 'Method not found')],
  ['{"id":"7","method":"msrp_trace"}', failed(-32600, 'Invalid Request')],
  ['{"jsonrpc":"1.0","id":"7","method":"msrp_trace"}', failed(-32600, 'Invalid Request')],
  ['{"jsonrpc":"2.0","id":{"a":[1,null]},"method":"msrp:trace"}', state('on').replace('"7"', '{"a":[1,null]}')],
  [call('"method":"msrp_trace","params":["off"]'), OK],
];

const BROKEN: Readonly<Record<MiTransport, string>> = {
  mi_http: failed(-32700, 'Parse error', 'null'),
  mi_fifo: failed(-32700, 'Parse error', 'null'),
  mi_datagram: '400 Parse_error',
};

describe.each([1, 2])('workers: %i', (workers) => {
  test('the table', async () => {
    const mi = await MiTap.start({ workers });
    for (const transport of MI_TRANSPORTS) {
      for (const [request, reply] of TABLE) {
        expect(await mi.raw(transport, request), `${transport} ${request}`).toBe(reply);
      }
      expect(await mi.raw(transport, '{"jsonrpc":')).toBe(BROKEN[transport]);
      const notification = '{"jsonrpc":"2.0","method":"msrp_trace","params":["on"]}';
      expect(await mi.unanswered(transport, notification)).toBe('');
      expect(await mi.raw(transport, call('"method":"msrp_trace"'))).toBe(state('on'));
      expect(await mi.raw(transport, call('"method":"msrp_trace","params":["off"]'))).toBe(OK);
    }
  });
});

test('the file of the FIFO goes when msrptap ends', async () => {
  const mi = await MiTap.start();
  mi.tap.signal('SIGTERM');
  expect(await mi.tap.exited).toBe(0);
  expect(existsSync(mi.fifo)).toBe(false);
});
