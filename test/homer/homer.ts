/** What of Homer 7 is between HEP and a browser: heplify-server and its PostgreSQL. */
import { expect } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { DATA, HeplifyServer, type HeplifySettings } from './heplify-server.js';
import { Postgres } from './postgres.js';

/** A row of one of heplify-server's tables. */
export interface StoredRow {
  readonly sid: string;
  /** Microseconds since 1970, of the column create_date. */
  readonly created: number;
  readonly protocol_header: ProtocolHeader;
  readonly data_header: Readonly<Record<string, string>>;
  readonly raw: string;
}

export interface ProtocolHeader {
  /** 2 IPv4, 10 IPv6. */
  readonly protocolFamily: number;
  readonly protocol: number;
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
  readonly timeSeconds: number;
  readonly timeUseconds: number;
  readonly payloadType: number;
  /** The name of the node, or its number. */
  readonly captureId: string;
  readonly capturePass?: string;
  readonly correlation_id: string;
}

const COLUMNS =
  'sid, (extract(epoch FROM create_date) * 1000000)::bigint AS created, protocol_header, data_header, raw';

/** Rows come in batches, from a program that others keep waiting. */
const PATIENCE = { timeout: 30_000, interval: 100 };

export class Homer {
  readonly postgres: Postgres;
  readonly server: HeplifyServer;

  private constructor(postgres: Postgres, server: HeplifyServer) {
    this.postgres = postgres;
    this.server = server;
  }

  static async start(settings?: HeplifySettings): Promise<Homer> {
    const postgres = await Postgres.start();
    try {
      return new Homer(postgres, await HeplifyServer.start(postgres, settings));
    } catch (error) {
      await postgres.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.postgres.stop();
  }

  /** The `hep_id` of a transport. */
  destination(transport: 'udp' | 'tcp' | 'tls'): string {
    // A name, over TLS: its certificates are made for what the client calls it.
    const at = transport === 'tls' ? `localhost:${this.server.tlsPort}` : `127.0.0.1:${this.server.port}`;
    return `[homer]${at};transport=${transport}`;
  }

  /** The rows of one node in a table, in the order of their times, once there are so many or more. */
  async stored(count: number, node: string, table = 'hep_proto_100_default'): Promise<readonly StoredRow[]> {
    await expect.poll(() => this.count(node, table), PATIENCE).toBeGreaterThanOrEqual(count);
    return this.postgres.rows<StoredRow>(
      DATA,
      `SELECT ${COLUMNS} FROM ${table} WHERE protocol_header->>'captureId' = :'node' ORDER BY create_date`,
      { node },
    );
  }

  async count(node: string, table = 'hep_proto_100_default'): Promise<number> {
    const sql = `SELECT count(*)::int AS rows FROM ${table} WHERE protocol_header->>'captureId' = :'node'`;
    const [found] = await this.postgres.rows<{ readonly rows: number }>(DATA, sql, { node });
    return found?.rows ?? 0;
  }
}

/** `ip:port`, `[v6]:port` of a row's source and destination. */
export function addressesOf({ protocol_header: { srcIp, srcPort, dstIp, dstPort } }: StoredRow): {
  readonly source: string;
  readonly destination: string;
} {
  return {
    source: formatEndpoint({ ip: srcIp, port: srcPort }),
    destination: formatEndpoint({ ip: dstIp, port: dstPort }),
  };
}

export function isEvent({ raw }: StoredRow): boolean {
  return raw.startsWith('{');
}
