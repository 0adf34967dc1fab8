// @ts-check
import { replyText } from '#src/commands/mi.js';
import { readReply } from '#src/control/mi-client.js';
import { check } from './check.mjs';
import { JSON_WORDS } from './mi-commands.mjs';

/** @import { Target } from '../target.mjs' */

/** What moves a cursor, or turns the direction of a line. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Between emoji it joins them. */
const ZERO_WIDTH_JOINER = '\u200d';

const RESULT = '{"jsonrpc":"2.0","id":1,"result":';
const ERROR = '{"jsonrpc":"2.0","id":1,"error":';

/** @type {Target} */
export const miReply = {
  name: 'mi-reply',
  what: 'what answers msrptap mi, whoever it is: shown without controls, or not taken for a reply',
  seeds: [
    `${RESULT}"OK"}`,
    `${RESULT}"two\\nlines"}`,
    `${RESULT}{"Links":[{"id":"a-1","n":5,"x":null}]}}`,
    `${ERROR}{"code":-32601,"message":"no such method","data":["m"]}}`,
    `${ERROR}{"code":404,"message":"no such link","data":"a-1"}}`,
  ].map((text) => Buffer.from(text)),
  words: [
    ...JSON_WORDS,
    RESULT,
    ERROR,
    '"code":',
    '"message":',
    '"data":',
    '\\u001b[2J',
    '\x9b2J',
    '\xe2\x80\xae',
    '\xf3\xa0\x80\xa8',
    '\\u202e',
    '\\n',
  ],
  maxLength: 500,
  run(input) {
    const response = readReply(input.toString('utf8'));
    if (response === null) return;
    const text = replyText(response);
    for (const line of text.split('\n')) {
      check(!CONTROLS.test(line.replaceAll(ZERO_WIDTH_JOINER, '')), 'a line without controls');
    }
    check('result' in response || !text.includes('\n'), 'an error is one line');
  },
};
