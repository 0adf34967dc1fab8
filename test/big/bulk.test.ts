/** Memory does not grow with the file. */
import { expect, test } from 'vitest';
import { grown, MEGABYTE, transfer } from '../helpers/bulk.js';
import { useCerts } from '../helpers/certs.js';
import { dial, linkThrough, NextHop } from '../helpers/endpoint.js';
import { TapProcess } from '../helpers/tap.js';
import { serving, tlsDomains, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';

const certs = useCerts();

/**
 * MiB by which two runs of the same thing differ: when the garbage collector happens to run, and a longer one is seen at its
 * worst moment. It is less than a fiftieth of what goes through.
 */
const NOISE = 32;
/** So that what waits for a receiver that is not scheduled is none of it. */
const QUEUE = 65_536;

async function growth(octets: number): Promise<number> {
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await TapProcess.start({
    upstream: hop.url,
    trace,
    proto_msrp: { max_msg_chunks: 4, trace_body: 'full' },
    proto_hep: { hep_queue_bytes: QUEUE },
  });
  const link = await linkThrough(tap.socket, hop);
  return (
    await grown(
      () => tap.memory(),
      () => transfer(octets, link),
    )
  ).by;
}

test('2 GB in one chunk take no more memory than 200 MB', async () => {
  const [small, large] = [await growth(200 * MEGABYTE), await growth(2_000 * MEGABYTE)];
  expect(large).toBeLessThanOrEqual(small + NOISE);
});

test('1 GB over TLS on both sides takes no more memory than 100 MB', async () => {
  const hop = await NextHop.start({ tls: serving(certs().server) });
  const run = async (octets: number): Promise<number> => {
    const listeners = [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }];
    const tap = await TapProcess.start({ listeners, tls_mgm: tlsDomains(certs()) });
    const client = await dial(tap.socket, trusting(certs()));
    const link = { client, server: await hop.accept() };
    return (
      await grown(
        () => tap.memory(),
        () => transfer(octets, link),
      )
    ).by;
  };
  const [small, large] = [await run(100 * MEGABYTE), await run(1_000 * MEGABYTE)];
  expect(large).toBeLessThanOrEqual(small + NOISE);
});
