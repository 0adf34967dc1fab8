/** The configuration as users write it: names, forms, ranges and defaults. What fits together is in rules.ts. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { LOG_LEVELS } from '../lib/log.js';
import {
  AT_START,
  milliseconds,
  mustBe,
  octets,
  oneOf,
  oneOrMore,
  path,
  printable,
  ranges,
  read,
  SECRET,
  section,
  text,
  whole,
  zeroOrOne,
} from './fields.js';
import { HEP_ID_FORM, parseHepId } from './hep-id.js';
import { hepInput } from './hep-input-schema.js';
import { limits } from './limits-schema.js';
import { miDatagram, miFifo } from './mi-schema.js';
import { ALLOWED_FORM, parseAllowed, parseSocket, parseUpstream, SOCKET_FORM, UPSTREAM_FORM } from './socket.js';
import { DOMAIN_NAME, domainsSection } from './tls-schema.js';
import { TOKEN, TOKEN_FORM } from './token.js';

/** What a link holds until its upstream connection stands. */
const HOLD_BYTES = 16_384;
const HOUR = 3_600_000;
const KIB = 1_024;
const MIB = KIB * KIB;
/** 1 TiB. */
const MAX_SPOOL_BYTES = MIB * MIB;
/** More than there are processors helps nobody; each has some 60 MB and connections to all destinations of its own. */
const MAX_WORKERS = 256;
const WORKERS = mustBe(`a whole number from 1 to ${MAX_WORKERS}, or auto`);

/** Each takes its connect_timeout while a client waits. */
const MAX_UPSTREAMS = 16;
const UPSTREAM = mustBe(`${UPSTREAM_FORM}; a list of 1 to ${MAX_UPSTREAMS} of them; or to_path`);
const nextHop = read(parseUpstream, UPSTREAM_FORM);
const upstream = z
  .union(
    [z.literal('to_path'), nextHop, z.array(nextHop, UPSTREAM).min(1, UPSTREAM).max(MAX_UPSTREAMS, UPSTREAM)],
    UPSTREAM,
  )
  .transform((given) => (given === 'to_path' || Array.isArray(given) ? given : [given]));

const proxyProtocol = section({
  from: ranges().describe('Who sends a header, and has to. From anybody else it is refused.'),
  timeout: milliseconds(1).default(5_000).describe('Milliseconds for the header, before TLS.'),
});

const listener = section({
  socket: read(parseSocket, SOCKET_FORM).describe('Where to listen. Port 2855 when left out, any free one when 0.'),
  upstream: upstream.describe(
    'The next hop, or a list of them. Port 2855 when left out; msrps: over TLS. to_path: the first URI of the To-Path.',
  ),
  upstream_policy: oneOf(['ordered', 'round_robin'])
    .default('ordered')
    .describe('Of a list: the first that works, or each in its turn.'),
  proxy_protocol: proxyProtocol
    .nullable()
    .default(null)
    .describe('Who tells with the PROXY protocol (version 1 or 2) whose connections they carry.'),
  send_proxy: z
    .literal([0, 1, 2], mustBe('0, 1 or 2'))
    .default(0)
    .describe('The version of the PROXY protocol that tells the next hop whose connection it is. 0: none.'),
});

const toPath = section({
  allow: z
    .array(read(parseAllowed, ALLOWED_FORM), mustBe(`a list of ${ALLOWED_FORM}`))
    .default([])
    .describe('What may be dialled, CIDR:PORT or CIDR:FROM-TO. Without a port only 2855.'),
  timeout: milliseconds(1).default(5_000).describe('Milliseconds from the accept to the first request.'),
  max_bytes: whole(1_024, HOLD_BYTES, ' of octets')
    .default(HOLD_BYTES)
    .describe('Octets in which the header section of the first request has to come.'),
});

const ROUTE = /^[A-Za-z0-9_-]{1,64}$/;
const destinations = oneOrMore(text(/./, 'the name of a hep_id'), 'the name of a hep_id, or a list of names');

const protoMsrp = section({
  send_timeout: milliseconds().default(100).describe('Without progress while there is something to send. 0: no limit.'),
  max_msg_chunks: whole(0, 1_000_000)
    .default(4)
    .describe('The reads a message may arrive in, beyond full segments. 0: any.'),
  tls_handshake_timeout: milliseconds(1)
    .default(100)
    .describe('For the TLS handshake, of accepted and of originated connections.'),
  cert_check_on_conn_reusage: zeroOrOne()
    .default(0)
    .describe('1: a TLS connection is reused with the same certificate only. No effect yet: none is reused.'),
  trace_destination: destinations.default([]).describe('The hep_ids that get the trace.'),
  trace_on: zeroOrOne().default(0).describe('Whether tracing is on at start; msrp_trace changes it.'),
  trace_filter_route: text(ROUTE, 'the name of a route (letters, digits, _ and -), whose file is NAME.js in filters')
    .nullable()
    .default(null)
    .describe('The module in filters that decides which connections are traced, and what of their messages.'),
  connect_timeout: milliseconds(1).default(5_000).describe('Until a next hop is connected, name lookup included.'),
  idle_timeout: milliseconds().default(HOUR).describe('Without a byte either way. 0: no limit.'),
  half_close_timeout: milliseconds().default(30_000).describe('Without a byte after one side has ended. 0: no limit.'),
  on_parse_error: oneOf(['close', 'pass'])
    .default('close')
    .describe('What happens to a link whose bytes are not MSRP: close it, or pass them on and look no more.'),
  transaction_timeout: milliseconds()
    .default(30_000)
    .describe(
      'From the end of a request until its response is missed, as in RFC 4975. 0: responses are not waited for.',
    ),
  sessions: zeroOrOne()
    .default(1)
    .describe(
      '1: MSRP sessions, what they carry and what is missing in them are told by MI and metrics. 0: they are not.',
    ),
  trace_body: oneOf(['text', 'full', 'headers'])
    .default('text')
    .describe('Which bodies are mirrored: of text types, all (full), none (headers).'),
  trace_legs: oneOf(['through', 'both'])
    .default('through')
    .describe('Messages are mirrored once (through), or once for each connection (both).'),
  trace_max_payload: octets(512, 60_000)
    .default(12 * KIB)
    .describe('The longest HEP payload. Kamailio refuses packets of 16384 over TCP; HEP ends at 65507.'),
  correlation_wait: milliseconds()
    .default(5_000)
    .describe('How long events wait for the first message, whose session they belong to. 0: not at all.'),
  correlation_lifetime: milliseconds(1)
    .default(4 * HOUR)
    .describe('How long it is known which SIP call a session is of, unless it is told anew.'),
});

const payloadType = whole(1, 255).default(100);

const protoHep = section({
  hep_id: z
    .array(read(parseHepId, HEP_ID_FORM), { error: `must be a list of ${HEP_ID_FORM}` })
    .default([])
    .describe('The HEP destinations. Over tcp (default), udp or tls; port 9060 when left out.'),
  hep_capture_id: whole(0, 2 ** 32 - 1)
    .default(1)
    .describe('The capture agent, as HEP chunk 0x000c names it.'),
  hep_node_name: printable().exactOptional().describe('The name of the node, sent when set (chunk 0x0013).'),
  hep_auth_key: printable()
    .exactOptional()
    .describe('The key that the receiver asks for, sent when set (chunk 0x000e).')
    .meta(SECRET),
  hep_payload_type: z
    .union(
      [
        whole(1, 255),
        section({
          events: payloadType.describe('Of connection events.'),
          messages: payloadType.describe('Of MSRP messages.'),
        }),
      ],
      {
        error: 'must be a whole number from 1 to 255, or { events: NUMBER, messages: NUMBER }',
      },
    )
    .transform((type) => (typeof type === 'number' ? { events: type, messages: type } : type))
    .default({ events: 100, messages: 100 })
    .describe('HEP protocol types. 100 (LOG) is what a stock Homer shows.'),
  hep_queue_bytes: octets(16 * KIB, 1_024 * MIB)
    .default(16 * MIB)
    .describe('What may wait, for each destination; a packet of trace_max_payload fits in.'),
  hep_max_rate: whole(0, 1_000_000, ' of packets a second')
    .default(0)
    .describe(
      'Packets a second towards each destination, over all workers; messages over it are left out. 0: any number.',
    ),
  hep_policy: oneOf(['copies', 'failover'])
    .default('copies')
    .describe(
      'Of several destinations: each gets all packets, or the first that works, in the order of trace_destination.',
    ),
  hep_spool: section({
    dir: path().describe('The folder, made at start, relative to this file. Nobody else may read it.').meta(AT_START),
    max_bytes: octets(MIB, MAX_SPOOL_BYTES)
      .default(1_024 * MIB)
      .describe('Octets on disk for each destination, over all workers; then the oldest packets go.'),
  })
    .nullable()
    .default(null)
    .describe('Where packets wait on disk for a destination that is down or slow. Left out: nowhere.'),
  homer5_on: zeroOrOne().default(0).describe('1: event payloads are text, 0: JSON.'),
  homer5_delim: text(/^[\x20-\x7e]{1,16}$/, '1 to 16 printable ASCII characters')
    .default(':')
    .describe('Stands between the parts of text payloads (homer5_on: 1).'),
});

const address = z
  .string({ error: 'must be an IP address' })
  .meta({ form: 'an IP address' })
  .refine((ip) => isIP(ip) !== 0, {
    error: (issue) => `must be an IP address, not ${JSON.stringify(issue.input)}`,
  });

const tlsDomain = () =>
  text(DOMAIN_NAME, 'the name of a tls_mgm.server_domain')
    .nullable()
    .default(null)
    .describe('The tls_mgm.server_domain whose certificate is shown, of TLS 1.2 at least. Left out: plain HTTP.')
    .meta(AT_START);

/** As it stands in a Host header, without the port. */
const HOST = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*$/;
const HOST_FORM = 'the name of a host, without a port';

const httpd = section({
  ip: address.default('127.0.0.1').describe('Where /mi, /metrics, /healthz and /readyz are served.').meta(AT_START),
  port: whole(0, 65_535).default(8_888).describe('0: any free one.').meta(AT_START),
  token: text(TOKEN, TOKEN_FORM)
    .exactOptional()
    .describe(
      'What callers send as Authorization: Bearer TOKEN. Required unless ip is a loopback address, here, in token_file or as MSRPTAP_TOKEN in the environment.',
    )
    .meta(SECRET),
  token_file: path().nullable().default(null).describe('A file that holds the token and nothing else, in place of it.'),
  hosts: z
    .array(text(HOST, HOST_FORM), mustBe(`a list of ${HOST_FORM}`))
    .default([])
    .describe('Names, beside localhost, that callers may have in their URLs. IP addresses they always may.'),
  tls_domain: tlsDomain(),
  requests_per_second: whole(1, 1_000_000)
    .default(1_000)
    .describe('What each address may ask in a second, health and readiness aside; more is answered 429.'),
});

/** Paths of the HTTP port that are taken. */
const TAKEN = /^(?!(?:healthz|readyz)$)[A-Za-z0-9_-]{1,64}$/;
const root = text(TAKEN, 'letters, digits, _ and -, without a slash, and neither healthz nor readyz');

const shape = {
  listeners: z
    .array(listener, { error: 'must be a list of { socket, upstream }' })
    .min(1, { error: 'must have at least one { socket, upstream }' })
    .describe('Where clients connect to, and where their connections go on to.'),
  to_path: toPath.prefault({}).describe('Next hops that clients name: what upstream: to_path may dial.'),
  proto_msrp: protoMsrp.prefault({}).describe('MSRP connections, and what of them is traced.'),
  proto_hep: protoHep.prefault({}).describe('Where the trace goes to, and how.'),
  hep_input: hepInput
    .exactOptional()
    .describe('Where SIP is listened to, to trace MSRP with its call: a socket, or a section. Left out: nowhere.')
    .meta(AT_START),
  tls_mgm: domainsSection.prefault({}).describe('TLS domains: certificates, and whom to trust.'),
  httpd: httpd.prefault({}).describe('The HTTP port.'),
  mi_http: section({ root: root.default('mi').describe('The path of MI on httpd.').meta(AT_START) })
    .prefault({})
    .describe('MI over HTTP.'),
  mi_fifo: miFifo.exactOptional().describe('MI over a FIFO, where this section stands.').meta(AT_START),
  mi_datagram: miDatagram.exactOptional().describe('MI over UDP, where this section stands.').meta(AT_START),
  prometheus: section({
    root: root.default('metrics').describe('The path of the metrics on httpd.').meta(AT_START),
    prefix: text(/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/, 'letters, digits and _, no digit first')
      .default('msrptap')
      .describe('What the names of the metrics begin with.')
      .meta(AT_START),
    port: whole(0, 65_535)
      .nullable()
      .default(null)
      .describe('Where metrics, /healthz and /readyz are served too, without MI. 0: any free one. Left out: nowhere.')
      .meta(AT_START),
    ip: address.default('127.0.0.1').describe('The address of that port.').meta(AT_START),
    token: text(TOKEN, TOKEN_FORM)
      .exactOptional()
      .describe('What scrapers of that port send as Authorization: Bearer TOKEN. Left out: whoever reaches it may.')
      .meta(SECRET),
    token_file: path()
      .nullable()
      .default(null)
      .describe('A file that holds the token and nothing else, in place of it.'),
    tls_domain: tlsDomain(),
  })
    .prefault({})
    .describe('Metrics for Prometheus.'),
  filters: path().default('./filters').describe('The folder of the filter modules, relative to this file.'),
  limits: limits.prefault({}).describe('What there may be at once, and for how long: docs/limits.md has all of it.'),
  drain_timeout: milliseconds().default(10_000).describe('How long connections get to end when the process stops.'),
  workers: z
    .union([z.int(WORKERS).min(1, WORKERS).max(MAX_WORKERS, WORKERS), z.literal('auto')], WORKERS)
    .default(1)
    .describe('Processes that carry traffic; auto: one for each processor. 1: no process but this one.')
    .meta(AT_START),
  log: section({ level: oneOf(LOG_LEVELS).default('info').describe('The least that is logged.') })
    .prefault({})
    .describe('JSON lines on stderr, readable ones on a terminal.'),
};

export const schema = section(shape);

/** The sections of a configuration that passed the schema: what fits together, rules.ts tells. */
export type Sections = z.output<typeof schema>;

let jsonSchema: z.core.JSONSchema.JSONSchema | null = null;

/**
 * A JSON Schema (draft 2020-12) of the configuration as users write it: for editors. Made once: it takes longer than to
 * read a configuration, and each key that is none asks for it.
 */
export function configJsonSchema(): z.core.JSONSchema.JSONSchema {
  jsonSchema ??= z.toJSONSchema(schema, { io: 'input' });
  return jsonSchema;
}
