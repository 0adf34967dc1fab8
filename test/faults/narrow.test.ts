/** Networks that narrow, lose and delay what goes over them, on either side of msrptap: all arrives, only later. */
import { test } from 'vitest';
import { carry } from '../helpers/endpoint.js';
import { Chat } from '../helpers/wire.js';
import { note, recordAtEnd } from './figures.js';
import type { Lab } from './lab.js';
import { file, hangUp, labScene } from './scene.js';

/** Milliseconds. */
const TIMEOUTS = { send_timeout: 5_000, idle_timeout: 10_000 };

type Side = 'client' | 'next hop';
const SIDES: readonly Side[] = ['client', 'next hop'];

recordAtEnd();

interface Narrow {
  readonly name: string;
  readonly octets: number;
  readonly max_msg_chunks?: number;
  readonly make: (lab: Lab, side: Side) => Promise<void>;
}

const NARROW: readonly Narrow[] = [
  {
    name: '4 Mbit/s (tbf)',
    octets: 700_000,
    make: (lab, side) => lab.shape(side, 'tbf', 'rate', '4mbit', 'burst', '4kb', 'latency', '50ms'),
  },
  { name: 'packets of 296 octets (MTU)', octets: 1_500_000, make: (lab, side) => lab.mtu(side, 296) },
  {
    name: "packets of 576 octets (MTU) at 1 Mbit/s, each read by itself, with the document's max_msg_chunks",
    octets: 150_000,
    max_msg_chunks: 4,
    make: async (lab, side) => {
      await lab.mtu(side, 576);
      await lab.shape(side, 'tbf', 'rate', '1mbit', 'burst', '600b', 'latency', '50ms');
    },
  },
  { name: 'one packet in 30 lost (nft)', octets: 300_000, make: (lab, side) => lab.lose(side, 30) },
];

test.for(SIDES.flatMap((side) => NARROW.map((narrow) => ({ side, ...narrow }))))(
  '$name on the side of the $side: all arrives in both directions, and nobody is closed',
  async ({ side, name, octets, make, max_msg_chunks = 64 }, context) => {
    const { lab, examined, link } = await labScene(context, () => ({
      proto_msrp: { ...TIMEOUTS, max_msg_chunks },
    }));
    await make(lab, side);
    const { grown } = await examined.leavesNothing(async () => {
      const both = await link();
      const chat = new Chat();
      await Promise.all([
        carry(file(chat, octets), both.client, both.server),
        carry(chat.tell('x'.repeat(octets / 10)), both.server, both.client),
      ]);
      hangUp(both);
    });
    note(`${name}, ${side}`, { survived: 'all arrives, nothing is closed', lost: 0, detected: null, grown });
  },
);

/** Only some kernels have netem: fault-proxy.ts delays on the others, and nft loses. */
test.for(SIDES)(
  '60 ms away and one packet in 50 lost (netem), on the side of the %s: all arrives',
  async (side, context) => {
    const { lab, examined, link } = await labScene(context, () => ({
      proto_msrp: TIMEOUTS,
    }));
    try {
      await lab.shape(side, 'netem', 'delay', '30ms', 'loss', '2%');
    } catch {
      context.skip('this kernel has no netem');
    }
    const { grown } = await examined.leavesNothing(async () => {
      const both = await link();
      await carry(file(new Chat(), 500_000), both.client, both.server);
      hangUp(both);
    });
    note(`60 ms away, one packet in 50 lost (netem), ${side}`, {
      survived: 'all arrives, nothing is closed',
      lost: 0,
      detected: null,
      grown,
    });
  },
);
