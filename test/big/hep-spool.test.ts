/** A hundred thousand packets while Homer is away. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { receiveTcp } from '../helpers/hep.js';
import { TapProcess } from '../helpers/tap.js';
import { Chat } from '../helpers/wire.js';

const MESSAGES = 100_000;
/** Sent at once. */
const BATCH = 500;
/** Octets: a part of what hep_queue_bytes allows. */
const QUEUE = 4_000_000;
const SOON = { timeout: 60_000, interval: 50 };

for (const workers of [1, 2]) {
  test(`Homer down, ${MESSAGES} messages, kill -9, restart, Homer up: all there, none twice (workers: ${workers})`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'msrptap-spool-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const gone = await receiveTcp();
    await gone.close();
    const hop = await NextHop.start();
    const setup = { upstream: hop.url, trace: gone, proto_hep: { hep_spool: { dir } }, workers };
    const first = await TapProcess.start(setup);
    for (let link = 0; link < workers; link += 1) {
      const { client, server } = await linkThrough(first.socket, hop);
      const chat = new Chat();
      for (let sent = 0; sent < MESSAGES / workers; sent += BATCH) {
        const bytes = Buffer.concat(Array.from({ length: BATCH }, (_, index) => chat.ask(`number ${sent + index}`)));
        client.send(bytes);
        await server.receive(bytes.length);
        // A disk may be slower than that for a while; what finds no room in memory would be dropped.
        await expect.poll(() => first.metric('hep_queue_bytes'), SOON).toBeLessThan(QUEUE);
      }
    }
    // ACCEPTED and CONNECTED of each link are among them.
    const expected = MESSAGES + 2 * workers;
    await expect.poll(() => first.metric('hep_spool_packets'), SOON).toBe(expected);
    first.signal('SIGKILL');
    await first.exited;

    const second = await TapProcess.start(setup);
    await expect.poll(() => second.metric('hep_spool_packets'), SOON).toBe(expected);
    const homer = await receiveTcp(gone.port);
    onTestFinished(() => homer.close());
    await expect.poll(() => homer.packets.length, SOON).toBe(expected);
    await expect.poll(() => second.metric('hep_spool_packets'), SOON).toBe(0);
    expect(await second.hepPackets()).toEqual({ sent: expected, dropped: 0, failed: 0, maybe: 0 });
    const messages = homer.packets.map(({ payload, correlationId }) => `${correlationId} ${payload.toString()}`);
    expect(new Set(messages).size).toBe(expected);
    if (workers > 1) return;
    const numbers = messages.flatMap((text) => /number (?<number>\d+)/.exec(text)?.groups?.['number'] ?? []);
    expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, index) => String(index)));
  });
}
