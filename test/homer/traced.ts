/** A proxy that traces to Homer and, packet by packet the same, to a witness: what the one stored is held against the other. */
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { TapProcess, type Setup } from '../helpers/tap.js';
import { Trace, type Traced } from '../helpers/trace.js';
import { addressesOf, isEvent, type Homer, type StoredRow } from './homer.js';

export type Transport = 'udp' | 'tcp' | 'tls';

export interface TracedTap {
  readonly tap: TapProcess;
  readonly witness: Trace;
  /** The name by which the rows of this proxy are known. */
  readonly node: string;
}

export async function startTraced(
  homer: Homer,
  transport: Transport,
  { tls_mgm, ...setup }: Omit<Setup, 'trace'>,
): Promise<TracedTap> {
  const witness = await Trace.start();
  const node = `tap-${randomBytes(6).toString('hex')}`;
  const tap = await TapProcess.start({
    ...setup,
    proto_msrp: { trace_on: 1, trace_destination: ['homer', 'witness'], ...setup.proto_msrp },
    proto_hep: {
      hep_id: [homer.destination(transport), `[witness]127.0.0.1:${witness.port}`],
      hep_node_name: node,
      ...setup.proto_hep,
    },
    tls_mgm: { ...tls_mgm, client_domain: { homer: { match_sip_domain: 'localhost', ca_list: homer.server.ca } } },
  });
  return { tap, witness, node };
}

/**
 * The rows, in the order of their times, once there are `count`, each of which has to be what the witness got at that time.
 * @throws when a field of them differs
 */
export async function storedAsSent(
  homer: Homer,
  { witness, node }: TracedTap,
  count: number,
): Promise<readonly StoredRow[]> {
  await witness.count(count);
  const rows = await homer.stored(count, node);
  const sent = witness.packets.toSorted((a, b) => a.time - b.time);
  expect(rows.map(factsOf)).toEqual(sent.map(expected));
  return rows;
}

export function messagesOf(rows: readonly StoredRow[]): { source: string; destination: string; raw: string }[] {
  return rows.filter((row) => !isEvent(row)).map((row) => ({ ...addressesOf(row), raw: row.raw }));
}

/** By kind and leg, of which there is one each: what the payload says, and the addresses of its row. */
export function eventsOf(rows: readonly StoredRow[]): Readonly<Record<string, unknown>> {
  const all = rows.filter(isEvent).map((row) => {
    const event = JSON.parse(row.raw) as { readonly Event: string; readonly Leg: string };
    return [`${event.Event} ${event.Leg}`, { ...event, ...addressesOf(row), sid: row.sid }] as const;
  });
  expect(new Set(all.map(([kind]) => kind)).size).toBe(all.length);
  return Object.fromEntries(all);
}

/** heplify-server deletes NULs and what is no UTF-8, for PostgreSQL takes neither. */
export function asStored(payload: Buffer): string {
  return payload.toString('utf8').replaceAll(/[\0\uFFFD]/g, '');
}

interface Facts {
  readonly sid: string;
  readonly time: number;
  readonly source: string;
  readonly destination: string;
  readonly raw: string;
  readonly header: Readonly<Record<string, unknown>>;
}

function factsOf(row: StoredRow): Facts {
  const { protocolFamily, protocol, timeSeconds, timeUseconds, payloadType, correlation_id } = row.protocol_header;
  expect(timeSeconds * 1_000_000 + timeUseconds, 'both of its times').toBe(row.created);
  const header = { protocolFamily, protocol, payloadType, correlation_id };
  return { sid: row.sid, time: row.created, ...addressesOf(row), raw: row.raw, header };
}

function expected({ id, time, source, destination, payload }: Traced): Facts {
  const protocolFamily = source.startsWith('[') ? 10 : 2;
  return {
    sid: id,
    time,
    source: plain(source),
    destination: plain(destination),
    raw: asStored(payload),
    header: { protocolFamily, protocol: 6, payloadType: 100, correlation_id: id },
  };
}

/** Go writes an IPv4 address that stands in an IPv6 one (::ffff:a.b.c.d) as a.b.c.d. */
function plain(socket: string): string {
  return socket.replace(/^\[::ffff:([\d.]+)\]/, '$1');
}
