/** The command line that OpenSIPS' users have, over each transport: it asks `which` for the commands, then does as told. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { MiTap } from '../helpers/mi.js';
import { program } from './programs.js';

const run = promisify(execFile);

/** What it prints: results on stdout, errors on either. */
type Cli = (...words: readonly string[]) => Promise<string>;

function cli(mi: MiTap, transport: string): Cli {
  const file = join(mi.replies, 'opensips-cli.cfg');
  const settings = {
    log_level: 'WARNING',
    history_file: join(mi.replies, 'history'),
    communication_type: transport,
    fifo_file: mi.fifo,
    fifo_reply_dir: mi.replies,
    url: `http://127.0.0.1:${mi.tap.httpd.port}/mi`,
    datagram_ip: mi.datagram.ip,
    datagram_port: mi.datagram.port,
    // Seconds, for a machine that does a hundred other things.
    datagram_timeout: 10,
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`);
  writeFileSync(file, `[default]\n${lines.join('')}`);
  return async (...words) => {
    const { stdout, stderr } = await run(program('opensips-cli'), ['-f', file, '-x', 'mi', ...words]).catch(
      (error: unknown) => error as { readonly stdout: string; readonly stderr: string },
    );
    return stripVTControlCharacters(stdout + stderr).trim();
  };
}

/** Milliseconds: Python starts for each of its commands. */
const LIMIT = 120_000;

describe.each(['fifo', 'http', 'datagram'])('opensips-cli over %s', { timeout: LIMIT }, (transport) => {
  test('msrp_trace, which, list_tcp_conns', async () => {
    const hop = await NextHop.start();
    const mi = await MiTap.start({ upstream: hop.url, workers: 2 });
    const opensips = cli(mi, transport);
    expect(JSON.parse(await opensips('msrp_trace'))).toEqual({ 'MSRP tracing': 'off' });
    expect(await opensips('msrp_trace', 'on')).toBe('"OK"');
    expect(JSON.parse(await opensips('msrp_trace'))).toEqual({ 'MSRP tracing': 'on' });
    expect(await opensips('msrp_trace', 'trace_mode=off')).toBe('"OK"');
    expect(await opensips('msrp_trace', 'nonsense')).toContain(
      "-32602: Invalid params (trace_mode should be 'on' or 'off')",
    );
    expect(JSON.parse(await opensips('msrp_trace'))).toEqual({ 'MSRP tracing': 'off' });
    expect(JSON.parse(await opensips('which'))).toEqual(
      expect.arrayContaining(['msrp_trace', 'msrp:trace', 'which', 'ps', 'list_tcp_conns', 'tls_reload']),
    );

    const { client } = await linkThrough(mi.tap.socket, hop);
    const remote = `127.0.0.1:${client.socket.localPort ?? 0}`;
    expect(JSON.parse(await opensips('list_tcp_conns'))).toEqual({
      Connections: [
        expect.objectContaining({ Type: 'msrp', State: 0, Remote: remote }),
        expect.objectContaining({ Type: 'msrp', State: 0, Remote: hop.address }),
      ],
    });
    expect(JSON.parse(await opensips('get_statistics', 'msrp:connections-downstream-msrp'))).toEqual({
      'msrp:connections-downstream-msrp': 1,
    });
    expect(JSON.parse(await opensips('ps'))).toMatchObject({ Processes: [{ ID: 0 }, { ID: 1 }, { ID: 2 }] });
  });
});
