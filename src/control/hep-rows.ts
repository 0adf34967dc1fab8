/** What becomes of the packets of the HEP destinations, over all that send to them. */

export interface HepRow {
  readonly name: string;
  readonly transport: string;
  /** `host:port` as configured. */
  readonly address: string;
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
  readonly maybe: number;
  readonly queuePackets: number;
  readonly queueBytes: number;
  readonly connected: boolean;
  /** null: there is none. */
  readonly spool: { readonly packets: number; readonly bytes: number } | null;
}

/** Those of several workers as one: connected is what all of them are. */
export function joinHepRows(all: readonly (readonly HepRow[])[]): readonly HepRow[] {
  const byName = new Map<string, HepRow>();
  for (const row of all.flat()) {
    const known = byName.get(row.name);
    byName.set(row.name, known === undefined ? row : sum(known, row));
  }
  return [...byName.values()];
}

function sum(a: HepRow, b: HepRow): HepRow {
  return {
    name: a.name,
    transport: a.transport,
    address: a.address,
    sent: a.sent + b.sent,
    dropped: a.dropped + b.dropped,
    failed: a.failed + b.failed,
    maybe: a.maybe + b.maybe,
    queuePackets: a.queuePackets + b.queuePackets,
    queueBytes: a.queueBytes + b.queueBytes,
    connected: a.connected && b.connected,
    spool: sumSpools(a.spool, b.spool),
  };
}

function sumSpools(a: HepRow['spool'], b: HepRow['spool']): HepRow['spool'] {
  if (a === null || b === null) return a ?? b;
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes };
}
