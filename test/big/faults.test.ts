/** Faults that last, and links that come and go for long. */
import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { carry, dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { ReceiverProcess } from '../helpers/hep.js';
import { Talk } from '../helpers/talk.js';
import { TapProcess } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';

/** Milliseconds for an exchange on a machine that may stand still for a while: Homer is away for longer, five times. */
const LONGEST = 5_000;
/** Milliseconds until msrptap connects again: connections that live for less than 5 s leave the back-off where it is, and it doubles up to 30 s. */
const BACK = 40_000;

test('a HEP destination that dies and comes back five times: no gap, and every packet is accounted for', async () => {
  let receiver = await ReceiverProcess.start();
  const receivers = [receiver];
  onTestFinished(async () => {
    for (const each of receivers) await each.close();
  });
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url, trace: receiver });
  const talks: Talk[] = [];
  for (let i = 0; i < 4; i += 1) {
    const { client, server } = await linkThrough(tap.socket, hop);
    talks.push(new Talk(client, server, 'x'.repeat(500)));
  }
  for (let round = 0; round < 5; round += 1) {
    const current = receiver;
    await eventually(() => current.tally().packets, BACK).toBeGreaterThan(500);
    await receiver.kill();
    await eventually(() => tap.metric('hep_connected')).toBe(0);
    receiver = await ReceiverProcess.start(receiver.port);
    receivers.push(receiver);
  }
  const last = receiver;
  await eventually(() => last.tally().packets, BACK).toBeGreaterThan(500);
  for (const talk of talks) await talk.stop();

  expect(Math.max(...talks.map(({ longest }) => longest))).toBeLessThan(LONGEST);
  await eventually(() => tap.metric('hep_queue_bytes')).toBe(0);
  const { sent, dropped, failed, maybe } = await tap.hepPackets();
  const exchanges = talks.reduce((sum, talk) => sum + talk.exchanges, 0);
  expect(failed).toBe(0);
  expect(sent + dropped).toBe(talks.length * 2 + 2 * exchanges);
  const received = (): number => receivers.reduce((sum, each) => sum + each.tally().packets, 0);
  await eventually(received).toBeGreaterThanOrEqual(sent - maybe);
  expect(received()).toBeLessThanOrEqual(sent);
}, 300_000);

test('20,000 links, one after another, leave neither memory nor descriptors behind', async () => {
  const receiver = await ReceiverProcess.start();
  onTestFinished(() => receiver.close());
  const hop = await NextHop.start();
  const tap = await TapProcess.start({ upstream: hop.url, trace: receiver });
  const visit = async (): Promise<void> => {
    const accepted = hop.accept();
    const client = await dial(tap.socket);
    const server = await accepted;
    const hello = new Chat().ask('hello');
    await carry(hello, client, server);
    client.reset();
    await server.closed;
  };
  const round = async (): Promise<number> => {
    for (let i = 0; i < 4_000; i += 1) await visit();
    await eventually(() => tap.metric('connections')).toBe(0);
    return tap.memory().now;
  };
  const descriptors = (): number => readdirSync(`/proc/${tap.pid}/fd`).length;
  const before = descriptors();
  const memory: number[] = [];
  for (let i = 0; i < 5; i += 1) memory.push(await round());
  // The heap finds its size in the first round.
  expect(Number(memory.at(-1)) - Number(memory[0])).toBeLessThan(15);
  await eventually(descriptors).toBeLessThanOrEqual(before + 1);
});
