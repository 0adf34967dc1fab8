// @ts-check
import { beginsAsProxyHeader, findProxyHeader, writeProxyHeader } from '#src/net/proxy-protocol.js';
import { check, same } from './check.mjs';

/** @import { Target } from '../target.mjs' */

const V4 = { source: { ip: '192.0.2.1', port: 1 }, destination: { ip: '192.0.2.2', port: 2855 } };
const V6 = { source: { ip: '2001:db8::1', port: 1 }, destination: { ip: '2001:db8::2', port: 2855 } };

/** @type {Target} */
export const proxyHeader = {
  name: 'proxy-header',
  what: 'PROXY protocol headers, versions 1 and 2: found at the same place however little came, and written as they were read',
  seeds: [
    writeProxyHeader(1, V4),
    writeProxyHeader(1, V6),
    writeProxyHeader(2, V4),
    writeProxyHeader(2, V6),
    Buffer.from('PROXY UNKNOWN anything\r\nMSRP '),
    Buffer.from('MSRP a786 SEND\r\n'),
  ],
  words: [
    'PROXY ',
    'TCP4 ',
    'TCP6 ',
    'UNKNOWN',
    '\r\n',
    '\r\n\r\n\0\r\nQUIT\n',
    '\x21\x11\0\x0c',
    '\x20\0\0\0',
    '\x21\x31\0\xd8',
    '::',
    '::ffff:1.2.3.4',
    '%eth0',
    '65535',
    '0',
  ],
  maxLength: 600,
  run(input) {
    const found = findProxyHeader(input);
    const begins = beginsAsProxyHeader(input);
    check(found.kind !== 'header' || begins === true, 'a header begins as one');
    if (found.kind !== 'header') return;
    check(found.length <= input.length, 'a header stands in what came');
    same(findProxyHeader(input.subarray(0, found.length)), found, 'the header, with nothing behind it');
    for (const length of [0, 1, 12, 15, 16, found.length - 1]) {
      if (length < found.length)
        check(findProxyHeader(input.subarray(0, length)).kind === 'more', 'less of a header asks for more');
    }
    const { addresses } = found;
    if (addresses === null) return;
    for (const version of /** @type {const} */ ([1, 2])) {
      const again = findProxyHeader(writeProxyHeader(version, addresses));
      check(again.kind === 'header' && again.addresses !== null, 'what is written is a header');
      same(
        [again.addresses.source.port, again.addresses.destination.port],
        [addresses.source.port, addresses.destination.port],
        'the ports',
      );
      const twice = findProxyHeader(writeProxyHeader(version, again.addresses));
      same(twice, again, 'the addresses, read and written again');
    }
  },
};
