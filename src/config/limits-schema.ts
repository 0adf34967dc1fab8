/** The section `limits`. docs/limits.md says of each what happens when it is reached. */
import { milliseconds, octets, section, whole } from './fields.js';

const KIB = 1_024;
const MIB = KIB * KIB;
const MOST = 1_000_000;

/** The largest read: what waits is counted when it is there, so less could not be kept to. */
const LEAST_LINK_BUFFER = 64 * KIB;

export const limits = section({
  max_connections: whole(1, MOST)
    .optional()
    .describe('Accepted connections, over all workers. Left out: 4000, or what fits the open-file limit.'),
  // Thousands of phones may share the address of one NAT, all clients that of one SBC.
  connections_per_source: whole(0, MOST)
    .default(0)
    .describe(
      'Accepted connections from one IPv4 address or IPv6 /64, over all workers. 0: any number, for all clients of a carrier may come from one NAT.',
    ),
  // After a failover all clients come back at once, and are to be let in.
  accept_rate: whole(0, MOST, ' of connections a second')
    .optional()
    .describe(
      'Connections accepted in a second, over all workers. Left out: max_connections, and 4000 at least, so that all can come back at once. 0: any number.',
    ),
  accept_rate_per_source: whole(0, MOST, ' of connections a second')
    .default(0)
    .describe('The same, from one IPv4 address or IPv6 /64. 0: any number.'),
  // Far more than paths over several relays and credentials come to, and little enough to hold for every connection.
  header_section: octets(KIB, 64 * KIB)
    .default(16 * KIB)
    .describe('Of a message, from its start-line to its blank line.'),
  // Three times those that RFC 4975, 4976 and 7701 define together.
  headers: whole(4, 4_096).default(64).describe('Header lines of a message.'),
  // One for each relay between two endpoints; RFC 4976 sees two.
  path_uris: whole(2, KIB)
    .default(16)
    .describe('URIs of a To-Path or From-Path: one for each relay, and the endpoint.'),
  // Who connects sends a request at once [RFC 4975 §5.4]; as long as it would wait for a response.
  first_byte_timeout: milliseconds()
    .default(30_000)
    .describe('From the accept (msrps: the end of the handshake) to the first byte either way. 0: no limit.'),
  // A phone that passes through a tunnel goes on with its file before that.
  message_timeout: milliseconds()
    .default(120_000)
    .describe('Without a byte inside a message that is still arriving, and is being read. 0: no limit.'),
  link_buffer: octets(LEAST_LINK_BUFFER, 64 * MIB)
    .default(LEAST_LINK_BUFFER)
    .describe('What may wait for a slow reader; then nothing more is read for it. One read (64 KiB) may come on top.'),
  // 2,000 slow readers with what one may have at most.
  buffer: octets(MIB, 64 * KIB * MIB)
    .default(256 * MIB)
    .describe('The same of all connections, over all workers; then who waits at all is not read for.'),
  // Four for each of 4,000 links; some 40 MB at most.
  sessions: whole(1, MOST).default(16_384).describe('MSRP sessions that are watched, over all workers.'),
  // One for every other session; some 4 MB.
  transfers: whole(1, MOST).default(8_192).describe('Messages in several chunks that are watched, over all workers.'),
  // One for each session; some 3 MB.
  deliveries: whole(1, MOST).default(16_384).describe('Messages whose REPORT is waited for, over all workers.'),
  // Eight for each of 4,000 links, and what silent next hops can occupy; some 4 MB.
  transactions: whole(1, MOST).default(32_768).describe('Requests whose response is waited for, over all workers.'),
  // Some 25 MB in each process, if there are so many; at ten chats a second, all of more than an hour.
  correlations: whole(1, MOST)
    .default(100_000)
    .describe('Sessions whose SIP call is known; of more, the oldest is forgotten. 250 octets or so each.'),
  // What somebody may still read one by one.
  failure_events: whole(1, MOST, ' of events a second')
    .default(100)
    .describe(
      'Events in a second, over all workers, of failures with the same Reason that belong to no session; the rest is one event a second, with their Count.',
    ),
});
