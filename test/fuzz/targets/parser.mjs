// @ts-check
import { KnownHeads } from '#src/msrp/known-heads.js';
import { Parser } from '#src/msrp/parser.js';
import { parseUri, sessionIdOf, uriKey } from '#src/msrp/uri.js';
import { check, crlf, pieces, same } from './check.mjs';

/** @import { Message } from '#src/msrp/message.js' */
/** @import { Target } from '../target.mjs' */

/** @param {Message} message */
function told(message) {
  const { kind, method, status, comment, transactionId, flag, headLength, bodyLength, endLineLength, length } = message;
  const { toPath, fromPath, contentType } = message;
  for (const uri of toPath) {
    const parsed = parseUri(uri);
    if (parsed !== null) uriKey(parsed);
    sessionIdOf(uri);
  }
  const headers = message.headers();
  return {
    kind,
    method,
    status,
    comment,
    transactionId,
    flag,
    headLength,
    bodyLength,
    endLineLength,
    length,
    toPath,
    fromPath,
    contentType,
    headers,
  };
}

/** Gives a parser reads whose buffer is used again after each, as connections do. @param {readonly Buffer[]} reads @param {boolean} withHeads */
function transcribe(reads, withHeads) {
  const parser = new Parser({ maxHeaderSection: 512 });
  if (withHeads) parser.serve(new KnownHeads());
  const messages = [];
  let accepted = 0;
  for (const read of reads) {
    const end = parser.parse(read);
    let at = 0;
    let inPieces = 0;
    for (const { message, start, end: pieceEnd } of parser.pieces) {
      check(start >= at && pieceEnd > start && pieceEnd <= end, 'pieces stand in the read, one behind the other');
      inPieces += pieceEnd - start;
      at = pieceEnd;
      if (message.complete) messages.push(told(message));
    }
    check(inPieces + parser.strayBytes === end, 'every octet is of a piece or stray');
    check(end === read.length || parser.error !== null, 'what is left over is an error');
    accepted += end;
    parser.settle();
    read.fill(0xd5);
    if (parser.open !== null) told(parser.open);
    if (parser.error !== null) break;
  }
  return { messages, error: parser.error, accepted };
}

const SEND = crlf(`MSRP a786 SEND
To-Path: msrp://biloxi.example.com:12763/kjhd37;tcp
From-Path: msrp://atlanta.example.com:7654/jshA7;tcp
Message-ID: 87652491
Byte-Range: 1-25/25
Content-Type: text/plain

Hey Bob, are you there?
-------a786$
`);
const OK = crlf(`MSRP a786 200 OK
To-Path: msrp://atlanta.example.com:7654/jshA7;tcp
From-Path: msrps://[2001:db8::1]:12763/kjhd37;tcp
-------a786$
`);
const CHUNK = crlf(
  'MSRP dkei SEND\nMessage-ID: 4564\nByte-Range: 1-*/8\nContent-Type: text/plain\n\nab\n-------dke\ncd\n-------dkei+\n',
);

/** @type {Target} */
export const parser = {
  name: 'parser',
  what: 'MSRP, whole and in pieces: the same messages, the same error, every octet accounted for',
  seeds: [SEND, OK, CHUNK, Buffer.concat([SEND, SEND, OK]), Buffer.concat([CHUNK, crlf('\n\n'), OK])],
  words: [
    'MSRP ',
    ' SEND\r\n',
    ' 200 OK\r\n',
    '\r\n',
    '\r\n\r\n',
    '-------',
    '-------a786$\r\n',
    '\r\n-------a786',
    'a786',
    '$',
    '+',
    '#',
    'To-Path: ',
    'From-Path: ',
    'msrp://',
    ';tcp',
    'REPORT',
    'Byte-Range: ',
    ': ',
    '\t',
  ],
  maxLength: 1_200,
  run(input) {
    const whole = transcribe([Buffer.from(input)], false);
    const split = transcribe(pieces(input), true);
    same(split.messages, whole.messages, 'the messages of one read and of many');
    same(split.error, whole.error, 'the error of one read and of many');
    check(split.accepted >= whole.accepted, 'many reads pass on no less');
  },
};
