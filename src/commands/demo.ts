import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '../app.js';
import { converse } from '../demo/conversation.js';
import { startEndpoint } from '../demo/endpoint.js';
import { introduction, type Scene, summary } from '../demo/page.js';
import { startProxy } from '../demo/proxy.js';
import { listenHep } from '../hep/listen.js';
import { type ExitStatus, type Terminal, fired } from './command.js';
import { PacketPage } from './packet-page.js';
import { Refusals } from './refusals.js';

/** Milliseconds for the conversation, which takes some ten. */
const CONVERSATION_TIMEOUT = 10_000;
/** Milliseconds that its last packets get to arrive. */
const ARRIVAL_TIMEOUT = 5_000;
/** One for each connection of a link. */
const CLOSES = 2;

/** `msrptap demo`: an MSRP endpoint, the proxy before it, and a HEP receiver that prints; until a signal. */
export async function demo(terminal: Terminal): Promise<ExitStatus> {
  await using stage = new AsyncDisposableStack();
  return 0;
}
