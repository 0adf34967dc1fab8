/** Signals: a drain that ends links where nothing is lost, a second one that does not wait, and new certificates. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { useCerts, type CertFiles } from '../helpers/certs.js';
import { carry, dial, linkThrough, NextHop, startHanging, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { freeSocket } from '../helpers/free-socket.js';
import { TapProcess } from '../helpers/tap.js';
import { trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

/** Everything that the far side still sends, until it ends the connection. */
async function closing({ client, server }: { client: Peer; server: Peer }): Promise<unknown> {
  const ends = await Promise.all([client.end, server.end]);
  client.finish();
  server.finish();
  return ends;
}

describe('SIGTERM', () => {
  test('ends links at message boundaries, and then the process', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    // Nobody else is there when it has stopped to listen.
    const socket = `msrp:${formatEndpoint(await freeSocket())}`;
    const tap = await TapProcess.start({ listeners: [{ socket, upstream: hop.url }], trace, drain_timeout: 10_000 });
    const [idle, midway, waiting] = [
      await linkThrough(tap.socket, hop),
      await linkThrough(tap.socket, hop),
      await linkThrough(tap.socket, hop),
    ];
    const chats = [new Chat(), new Chat(), new Chat()] as const;
    await carry(chats[0].ask('hello'), idle.client, idle.server);
    const { head, end } = chats[1].open('text/plain');
    await carry(Buffer.concat([head, Buffer.from('half')]), midway.client, midway.server);
    const question = chats[2].ask('still there?');
    await carry(question, waiting.client, waiting.server);
    expect((await tap.http('/readyz')).status).toBe(200);

    const startedAt = performance.now();
    // An answer that comes soon gets through: it is there when the drain begins, whenever this process goes on.
    tap.signal('SIGSTOP');
    tap.signal('SIGTERM');
    const answered = carry(chats[2].ok(question), waiting.server, waiting.client);
    tap.signal('SIGCONT');
    await answered;
    await eventually(async () => (await tap.http('/readyz')).status).toBe(503);
    await expect(dial(tap.socket)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await Promise.all([closing(idle), closing(waiting)])).toEqual([
      ['fin', 'fin'],
      ['fin', 'fin'],
    ]);
    // A message under way is waited for.
    expect(tap.isOver).toBe(false);
    await carry(Buffer.concat([Buffer.from(' and half'), end]), midway.client, midway.server);
    expect(await closing(midway)).toEqual(['fin', 'fin']);
    expect(await tap.exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);

    for (const Session of chats.map(({ session }) => session)) {
      const closed = trace.events({ Event: 'CLOSED', Session });
      expect(closed.map(({ Leg, Status, Reason }) => `${Leg} ${Status} ${Reason}`).toSorted()).toEqual([
        'downstream SUCCESS drained',
        'upstream SUCCESS drained',
      ]);
    }
  });

  test('after drain_timeout cuts what has not ended', async () => {
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await TapProcess.start({ upstream: hop.url, trace, drain_timeout: 400 });
    const { client, server } = await linkThrough(tap.socket, hop);
    const chat = new Chat();
    const begun = Buffer.concat([chat.open('text/plain').head, Buffer.from('never ends')]);
    await carry(begun, client, server);
    const startedAt = performance.now();
    tap.signal('SIGTERM');
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(performance.now() - startedAt).toBeGreaterThan(300);
    expect(await tap.exited).toBe(0);
    expect(trace.events({ Event: 'CLOSED', Session: chat.session, Status: 'SUCCESS', Reason: 'drained' })).toHaveLength(
      2,
    );
    await trace.message(Buffer.concat([begun, Buffer.from(`[msrptap: cut after ${begun.length} bytes]`)]));
  });

  test('a second one does not wait', async () => {
    const hop = await NextHop.start();
    const tap = await TapProcess.start({ upstream: hop.url, drain_timeout: 60_000 });
    const { client, server } = await linkThrough(tap.socket, hop);
    await carry(new Chat().open('text/plain').head, client, server);
    tap.signal('SIGTERM');
    await eventually(() => tap.logged('draining')).toBe(1);
    tap.signal('SIGTERM');
    expect(await Promise.all([client.end, server.end])).toEqual(['rst', 'rst']);
    expect(await tap.exited).toBe(0);
  });

  test('while a next hop is being dialled', async () => {
    const { ip, port } = await startHanging();
    const trace = await Trace.start();
    const tap = await TapProcess.start({ upstream: `msrp:${ip}:${port}`, trace, drain_timeout: 300 });
    const client = await dial(tap.socket);
    await eventually(() => tap.metric('connections', { leg: 'downstream' })).toBe(1);
    tap.signal('SIGTERM');
    expect(await client.end).toBe('rst');
    expect(await tap.exited).toBe(0);
    expect(trace.events({ Event: 'CONNECTED' })).toEqual([expect.objectContaining({ Status: 'FAILURE' })]);
  });

  test('of a process that does nothing: it is gone at once', async () => {
    const tap = await TapProcess.start({});
    tap.signal('SIGINT');
    expect(await tap.exited).toBe(0);
  });
});

describe('SIGHUP', () => {
  const certs = useCerts();

  test('new handshakes see the new certificate, old connections live on; a broken one changes nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'msrptap-reload-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const [certificate, private_key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const install = async (files: CertFiles): Promise<void> => {
      await copyFile(files.certificate, certificate);
      await copyFile(files.private_key, private_key);
    };
    await install(certs().server);
    const hop = await NextHop.start();
    const tap = await TapProcess.start({
      listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }],
      tls_mgm: { server_domain: { public: { certificate, private_key, verify_cert: 0 } } },
    });
    /** Connects whatever the certificate is; its subject. */
    const handshake = async (): Promise<{ link: { client: Peer; server: Peer }; subject: string }> => {
      const client = await dial(tap.socket, { ...trusting(certs()), rejectUnauthorized: false });
      const subject = (client.socket as TLSSocket).getPeerCertificate().subject.CN;
      return { link: { client, server: await hop.accept() }, subject: String(subject) };
    };
    const first = await handshake();
    expect(first.subject).toBe('localhost');

    await install(certs().otherCa);
    tap.signal('SIGHUP');
    await eventually(() => tap.logged('configuration reloaded')).toBe(1);
    expect((await handshake()).subject).toBe('other CA');
    const chat = new Chat('msrps');
    await carry(chat.ask('still here'), first.link.client, first.link.server);

    await writeFile(certificate, '-----BEGIN CERTIFICATE-----\nnot this\n-----END CERTIFICATE-----\n');
    tap.signal('SIGHUP');
    await eventually(() => tap.logged('configuration not reloaded, the previous one stays in force')).toBe(1);
    expect((await handshake()).subject).toBe('other CA');
    await carry(chat.ask('and here'), first.link.client, first.link.server);

    await install(certs().server);
    tap.signal('SIGHUP');
    await eventually(() => tap.logged('configuration reloaded')).toBe(2);
    expect((await handshake()).subject).toBe('localhost');
  });
});
