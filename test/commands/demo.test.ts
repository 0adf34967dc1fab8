import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connect } from 'node:net';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { type RunningCli, startCli } from './cli.js';

const PACKET = /^\d\d:\d\d:\d\d\.\d{6} 100 /;

/** Starts it, and reads the page up to its summary. */
async function play(): Promise<{ cli: RunningCli; proxyPort: number; httpd: string; configFile: string }> {
  const cli = startCli('demo');
  await cli.out.first(/Ctrl-C/);
  const page = cli.out.all.join('\n');
  return {
    cli,
    proxyPort: Number(/ msrp:127\.0\.0\.1:(\d+) /.exec(page)?.[1]),
    httpd: /MI and metrics: (http:\S+)/.exec(page)?.[1] ?? '',
    configFile: /configuration: (\S+)/.exec(page)?.[1] ?? '',
  };
}

/** What the page wants to be pasted into a shell: the bytes that its printf writes. */
function pasted(cli: RunningCli): string {
  const line = cli.out.all.find((each) => each.includes('printf ')) ?? '';
  return (/printf '([^']*)' \|/.exec(line)?.[1] ?? '').replaceAll(String.raw`\r\n`, '\r\n');
}

describe('msrptap demo', () => {
  it('shows a conversation with all that the proxy mirrors', async () => {
    const { cli } = await play();
    const packets = cli.out.all.filter((line) => PACKET.test(line));
    // Bind, chat, echo, message/cpim with its REPORT, two chunks and a nickname, each SEND and NICKNAME with its 200.
    expect(packets.filter((line) => / SEND\b/.test(line))).toHaveLength(6);
    expect(packets.filter((line) => / REPORT .*Status: 000 200 OK/.test(line))).toHaveLength(1);
    expect(packets.filter((line) => / NICKNAME .*"Alice"/.test(line))).toHaveLength(1);
    expect(packets.filter((line) => / 200 OK\b/.test(line) && !line.includes('REPORT'))).toHaveLength(7);
    expect(packets.filter((line) => line.includes('"Hello Bob, is it you? 👋"'))).toHaveLength(2);
    expect(packets.filter((line) => line.includes('"Here comes a picture 🖼️"'))).toHaveLength(1);
    expect(packets.filter((line) => /image\/png .* not mirrored\]/.test(line))).toHaveLength(2);
    for (const event of ['ACCEPTED SUCCESS down', 'CONNECTED SUCCESS up', 'CLOSED SUCCESS down', 'CLOSED SUCCESS up']) {
      expect(packets.filter((line) => line.includes(`MSRP ${event}`))).toHaveLength(1);
    }
    expect(packets).toHaveLength(19);
    expect(cli.out.all).toContain('19 packets: 4 events of connections, 15 messages.');
    // One session, so one correlation id.
    expect(new Set(packets.map((line) => /\[(bob-\w+)\]/.exec(line)?.[1])).size).toBe(1);
    expect(cli.err.all).toEqual([]);
  });

  it('goes on to print what others send, until SIGINT', async () => {
    const { cli, proxyPort, configFile } = await play();
    const socket = connect({ host: '127.0.0.1', port: proxyPort });
    await once(socket, 'connect');
    socket.end(pasted(cli));
    const answers = (await buffer(socket)).toString();
    expect(answers).toMatch(/^MSRP mine0001 200 OK\r\n/);
    // The endpoint says it back.
    expect(answers).toMatch(/ SEND\r\n[^]*\r\n\r\nHello from my terminal\r\n-------/);
    await cli.out.first(/\[my-session\] MSRP mine0001 SEND text\/plain 22 bytes "Hello from my terminal"$/);
    await cli.out.first(/\[my-session\] MSRP CLOSED SUCCESS upstream/);

    expect(existsSync(configFile)).toBe(true);
    cli.signal('SIGINT');
    expect(await cli.exited).toBe(0);
    expect(existsSync(configFile)).toBe(false);
  });

  it('can be asked over MI and scraped, beside a second one', async () => {
    const demos = await Promise.all([play(), play()]);
    expect(new Set(demos.map(({ httpd }) => httpd)).size).toBe(2);
    for (const { cli, httpd } of demos) {
      const line = cli.out.all.find((each) => / mi --url \S+ msrp_trace$/.test(each)) ?? '';
      expect(line).toContain(`${httpd}/mi`);
    }
    const calls = demos.map(({ httpd }) => startCli('mi', '--url', `${httpd}/mi`, 'msrp_trace'));
    for (const each of await Promise.all(calls.map(({ out }) => out.first(/MSRP tracing/))))
      expect(each).toContain('on');
    const scrapes = await Promise.all(demos.map(async ({ httpd }) => (await fetch(`${httpd}/metrics`)).text()));
    for (const each of scrapes) expect(each).toMatch(/^msrptap_requests_total\{.*method="NICKNAME".*\} 1$/m);
  });

  it('ends at once when it is told to while Alice still talks', async () => {
    const cli = startCli('demo');
    const line = await cli.out.first(/configuration: /);
    cli.signal('SIGINT');
    expect(await cli.exited).toBe(0);
    expect(existsSync(line.replace(/.*configuration: /, ''))).toBe(false);
  });

  it('drains on SIGTERM while a connection is open', async () => {
    const { cli, proxyPort } = await play();
    const socket = connect({ host: '127.0.0.1', port: proxyPort });
    socket.write(pasted(cli));
    await once(socket, 'data');
    cli.signal('SIGTERM');
    await buffer(socket);
    expect(await cli.exited).toBe(0);
    expect(cli.out.all.filter((line) => /\[my-session\] MSRP CLOSED SUCCESS .*drained/.test(line))).toHaveLength(2);
  });
});
