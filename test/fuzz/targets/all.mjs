// @ts-check
/** In the order of the table. */
import { clientHello } from './client-hello.mjs';
import { config } from './config.mjs';
import { revocations } from './crl.mjs';
import { hepInput } from './hep-input.mjs';
import { hepListen } from './hep-listen.mjs';
import { importing, importReading } from './import.mjs';
import { miDatagram } from './mi-datagram.mjs';
import { miFifo } from './mi-fifo.mjs';
import { miHttp } from './mi-http.mjs';
import { miJson } from './mi-json.mjs';
import { miReply } from './mi-reply.mjs';
import { parser } from './parser.mjs';
import { proxyHeader } from './proxy-header.mjs';
import { spool } from './spool.mjs';

/** @import { Target } from '../target.mjs' */

/** @type {readonly Target[]} */
export const TARGETS = [
  parser,
  proxyHeader,
  clientHello,
  hepListen,
  hepInput,
  spool,
  miJson,
  miFifo,
  miDatagram,
  miHttp,
  miReply,
  config,
  revocations,
  importReading,
  importing,
];
