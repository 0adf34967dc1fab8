/** Wireshark's MSRP dissector. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pcap, type Segment } from './pcap.js';
import { program } from './programs.js';

const run = promisify(execFile);

/** Wireshark's names of what is asked for, by ours. */
const FIELDS = {
  ipv4: 'ip.src',
  ipv6: 'ipv6.src',
  port: 'tcp.srcport',
  method: 'msrp.method',
  status: 'msrp.status.code',
  /** Of the start-line and of the end-line. */
  transactionIds: 'msrp.transaction.id',
  toPath: 'msrp.to.path',
  fromPath: 'msrp.from.path',
  messageId: 'msrp.messageid',
  byteRange: 'msrp.byte.range',
  successReport: 'msrp.success.report',
  reportStatus: 'msrp.status',
  contentType: 'msrp.content.type',
  /** From the blank line on, as far as the first NUL, the end-line included. */
  data: 'msrp.data',
  flag: 'msrp.cnt.flg',
  malformed: '_ws.malformed',
} as const;

/** What it found in a packet; what it did not find is not there. */
export type Dissected = { readonly [name in keyof typeof FIELDS]?: string };

/** Several values of one field stand side by side, with a space between. */
export async function dissect(segments: readonly Segment[]): Promise<readonly Dissected[]> {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-tshark-'));
  try {
    const file = join(directory, 'mirrored.pcap');
    await writeFile(file, pcap(segments));
    const ports = new Set(segments.flatMap(({ source, destination }) => [portOf(source), portOf(destination)]));
    const asMsrp = [...ports].flatMap((port) => ['-d', `tcp.port==${port},msrp`]);
    const fields = Object.values(FIELDS).flatMap((field) => ['-e', field]);
    const { stdout } = await run(program('tshark'), ['-n', '-r', file, ...asMsrp, '-T', 'json', ...fields], {
      // Its settings come from a folder without any: those of whoever runs this change nothing.
      env: { ...process.env, WIRESHARK_CONFIG_DIR: directory, LC_ALL: 'C.UTF-8' },
    });
    return (JSON.parse(stdout) as readonly TsharkPacket[]).map(({ _source: { layers } }) => dissectedOf(layers));
  } finally {
    await rm(directory, { recursive: true });
  }
}

interface TsharkPacket {
  readonly _source: { readonly layers: Readonly<Record<string, readonly string[]>> };
}

function dissectedOf(layers: TsharkPacket['_source']['layers']): Dissected {
  const found = Object.entries(FIELDS).map(([name, field]) => [name, layers[field]?.join(' ')] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

function portOf(socket: string): string {
  return socket.slice(socket.lastIndexOf(':') + 1);
}
