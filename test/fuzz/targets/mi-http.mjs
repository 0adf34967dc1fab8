// @ts-check
import { connect } from 'node:net';
import { HttpServer } from '#src/control/http.js';
import { silentLog } from '#src/lib/log.js';
import { check } from './check.mjs';
import { COMMANDS, JSON_WORDS, REQUESTS } from './mi-commands.mjs';

/** @import { Target } from '../target.mjs' */

const scrape = async () => ({ contentType: 'text/plain', body: 'up 1\n' });

/** Started with the first input. @type {Promise<{ readonly server: HttpServer, readonly port: number }> | null} */
let running = null;

async function start() {
  // All come from one address, and 429 is not the answer that is looked for.
  const server = new HttpServer({ commands: COMMANDS, scrape, log: silentLog, requestsPerSecond: 1_000_000 });
  const { port } = await server.listen('127.0.0.1', 0);
  return { server, port };
}

/** @param {Buffer} input @returns {Promise<string>} all that comes back @throws when nobody accepts the connection */
async function answerTo(input) {
  running ??= start();
  const { port } = await running;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  return new Promise((resolve, reject) => {
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => (answer += text.toString()));
    // Once it is accepted it may be reset: what was sent is no HTTP.
    socket.on('error', (error) => ('syscall' in error && error.syscall === 'connect' ? reject(error) : null));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(answer));
    socket.end(input);
  });
}

/** Inputs between two questions whether it still answers. */
const BETWEEN_QUESTIONS = 50;
let inputs = 0;

async function stillAnswers() {
  const answer = await answerTo(request('GET /readyz'));
  check(/^HTTP\/1\.1 (?:200|503) /.test(answer), 'it goes on answering');
}

/** @param {string} line @param {string} body */
function request(line, body = '') {
  const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  return Buffer.from(`${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${length}\r\n${body}`);
}

/** @type {Target} */
export const miHttp = {
  name: 'mi-http',
  what: 'octets to the HTTP port, over a socket: answered in HTTP or not at all, and it goes on answering',
  seeds: [
    ...REQUESTS.map((text) => request('POST /mi', text)),
    request('GET /metrics'),
    request('GET /readyz'),
    request('HEAD /healthz'),
    request('POST /mi', REQUESTS[0]).subarray(0, -1),
  ],
  words: [
    ...JSON_WORDS,
    'GET ',
    'POST ',
    'OPTIONS ',
    '/mi',
    '/metrics',
    ' HTTP/1.1\r\n',
    'Content-Length: ',
    'Transfer-Encoding: chunked\r\n',
    'Expect: 100-continue\r\n',
    'Upgrade: x\r\n',
    'Host: [::1]:1\r\n',
    'Origin: http://localhost\r\n',
    'Authorization: Bearer x\r\n',
    '\r\n',
    '\r\n\r\n',
    '0\r\n\r\n',
  ],
  maxLength: 700,
  async run(input) {
    const answer = await answerTo(input);
    check(answer === '' || /^HTTP\/1\.1 \d{3} /.test(answer), 'an answer of HTTP');
    check(!answer.startsWith('HTTP/1.1 500'), 'no command failed');
    inputs += 1;
    if (inputs % BETWEEN_QUESTIONS === 0) await stillAnswers();
  },
  async close() {
    if (running !== null) await stillAnswers();
    const started = await running;
    running = null;
    await started?.server.close();
  },
};
