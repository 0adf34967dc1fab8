/** What most end-to-end tests begin with: a msrptap, traced, and what is before and behind it. */
import { carry, linkThrough, NextHop, type Peer } from './endpoint.js';
import { startTap, type Settings, type Tap } from './tap.js';
import { Trace } from './trace.js';
import { Chat } from './wire.js';

export interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly client: Peer;
  readonly server: Peer;
  readonly chat: Chat;
}

export async function scene(proto_msrp: Settings = {}): Promise<Scene> {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await startTap({ upstream: hop.url, trace, proto_msrp });
  return { trace, tap, hop, chat: new Chat(), ...(await linkThrough(tap.socket, hop)) };
}

/** A msrptap, traced, in front of `upstream`. */
export async function tapBefore(
  upstream: string,
  proto_msrp: Settings = {},
): Promise<{ trace: Trace; tap: Tap; near: string }> {
  const trace = await Trace.start();
  const tap = await startTap({ upstream, trace, proto_msrp });
  return { trace, tap, near: `127.0.0.1:${tap.socket.port}` };
}

export async function stillWorks(tap: Tap, hop: NextHop): Promise<void> {
  const { client, server } = await linkThrough(tap.socket, hop);
  const chat = new Chat();
  const hello = chat.ask('hello');
  await carry(hello, client, server);
  await carry(chat.ok(hello), server, client);
}
