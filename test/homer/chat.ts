/** A short chat through a proxy that traces to Homer. */
import { carry, dial, NextHop } from '../helpers/endpoint.js';
import { Chat } from '../helpers/wire.js';
import { hangUp } from '../interop/conversation.js';
import type { Homer, StoredRow } from './homer.js';
import type { Setup, TapProcess } from '../helpers/tap.js';
import { startTraced } from './traced.js';

/** A request, its response, and the four events. */
export const CHAT_ROWS = 6;

/**
 * @param agree what goes before it: the call in which its session is agreed
 * @returns its rows, once they are stored; how they are correlated is what is to be tested
 */
export async function storedChat(
  homer: Homer,
  chat: Chat,
  setup: Pick<Setup, 'hep_input' | 'workers'> = {},
  agree: (tap: TapProcess) => Promise<void> = () => Promise.resolve(),
): Promise<readonly StoredRow[]> {
  const nextHop = await NextHop.start();
  const { tap, witness, node } = await startTraced(homer, 'tcp', { upstream: nextHop.url, ...setup });
  witness.isCorrelated = true;
  await agree(tap);
  const client = await dial(tap.socket);
  const server = await nextHop.accept();
  const hello = chat.ask('Grüße 👋');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
  await hangUp(client, server);
  return homer.stored(CHAT_ROWS, node);
}
