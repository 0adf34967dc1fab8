// Traces the flows of clients in some subnets, and no others.
import { BlockList, isIPv6 } from 'node:net';

// "BlockList" is Node's name for a set of addresses and subnets; here it lists whom we trace.
const traced = new BlockList();
traced.addSubnet('10.20.0.0', 16);
traced.addSubnet('192.0.2.128', 25);
traced.addSubnet('2001:db8:20::', 48, 'ipv6');

/** @type {import('msrptap/filter').Route} */
export default function only_subnets({ si, peer }, { drop }) {
  // The originated connection goes by the client it was originated for, so both connections of a flow decide alike.
  const client = peer?.si ?? si;
  if (!traced.check(client, isIPv6(client) ? 'ipv6' : 'ipv4')) drop();
}
