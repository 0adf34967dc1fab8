/** MI and metrics over TLS, and metrics on a port of their own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { callMi } from '#src/control/mi-client.js';
import { startCli } from '../commands/cli.js';
import { dial as dialHttp, get, postMi } from '../control/http-client.js';
import { useCerts, type CertFiles } from '../helpers/certs.js';
import { eventually } from '../helpers/eventually.js';
import { endpointOf, settings, startTap, TapProcess, type Settings, type Tap } from '../helpers/tap.js';
import { presenting, trusting } from '../helpers/tls.js';

const certs = useCerts();

const TOKEN = 'a-token-of-16-chars';

/** With TLS 1.3 a client knows no more of it. */
const REFUSED = /hang up|ECONNRESET|closed|EPIPE/;

/** The address of the ready line for the metrics. */
function metricsOf({ log }: Tap): { readonly ip: string; readonly port: number } {
  return endpointOf(String(log.find(({ msg }) => msg === 'ready')?.['prometheus']));
}

interface Secured {
  readonly status: number;
  readonly subject: string;
}

/** A scrape over TLS, on a connection of its own. */
function scrape(port: number, options: RequestOptions = {}): Promise<Secured> {
  return new Promise((resolve, reject) => {
    const url = `https://localhost:${port}/metrics`;
    const asked = request(url, { ...trusting(certs()), agent: false, family: 4, ...options }, (response) => {
      const subject =
        response.socket instanceof TLSSocket ? String(response.socket.getPeerCertificate().subject.CN) : '';
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, subject }));
    });
    asked.on('error', reject).end();
  });
}

const domain = (more: Settings = {}): Settings => ({
  server_domain: { mgmt: { ...certs().server, verify_cert: 0, ...more } },
});

test.each([1, 2])(
  'workers: %d: MI over TLS, with the certificate of the domain, new ones after a reload',
  async (workers) => {
    const directory = await mkdtemp(join(tmpdir(), 'msrptap-https-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const files = { certificate: join(directory, 'cert.pem'), private_key: join(directory, 'key.pem') };
    const install = async ({ certificate, private_key }: CertFiles): Promise<void> => {
      await copyFile(certificate, files.certificate);
      await copyFile(private_key, files.private_key);
    };
    await install(certs().server);
    const tap = await TapProcess.start({
      workers,
      httpd: { tls_domain: 'mgmt', token: TOKEN },
      tls_mgm: domain(files),
    });
    const { port } = tap.httpd;
    const url = `https://localhost:${port}/mi`;
    const trust = { ca: [readFileSync(certs().ca.certificate)] };
    const call = { url, token: TOKEN, trust };
    const headers = { Authorization: `Bearer ${TOKEN}` };
    expect((await scrape(port)).status).toBe(401);
    expect(await scrape(port, { headers })).toEqual({ status: 200, subject: 'localhost' });
    // Plain HTTP is no TLS: nothing of it is answered.
    await expect(get(port, '/healthz')).rejects.toThrow('fetch failed');

    // A certificate without its key changes nothing; a whole one is shown to those who come.
    await copyFile(certs().stranger.certificate, files.certificate);
    expect(await callMi({ ...call, method: 'tls_reload' })).toMatchObject({ error: { message: 'Server error' } });
    expect((await scrape(port, { headers })).status).toBe(200);
    await install(certs().stranger);
    expect(await callMi({ ...call, method: 'tls_reload' })).toEqual({ result: 'OK' });
    await expect(scrape(port, { headers })).rejects.toThrow(/certificate/);
    await install(certs().server);
    tap.signal('SIGHUP');
    await eventually(() => tap.logged('configuration reloaded')).toBe(1);
    expect(await callMi({ ...call, method: 'msrp_trace' })).toHaveProperty('result');
  },
);

test('no version below TLS 1.2, and whoever says nothing in the handshake is not waited for', async () => {
  const tap = await startTap({ httpd: { tls_domain: 'mgmt' }, tls_mgm: domain() });
  const { port } = tap.httpd;
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await expect(scrape(port, old)).rejects.toThrow(/protocol version/i);
  expect((await scrape(port, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).status).toBe(200);
});

test('a domain that asks for certificates lets nobody in without', async () => {
  const tls_mgm = domain({ verify_cert: 1, require_cert: 1, ca_list: certs().ca.certificate });
  const tap = await TapProcess.start({ httpd: { tls_domain: 'mgmt' }, prometheus: { port: 0 }, tls_mgm });
  const { port } = tap.httpd;
  await expect(scrape(port)).rejects.toThrow(REFUSED);
  await expect(scrape(port, presenting(certs().stranger))).rejects.toThrow(REFUSED);
  expect((await scrape(port, presenting(certs().client))).status).toBe(200);
  const { body } = await get(metricsOf(tap).port, '/metrics');
  expect(body).toContain('msrptap_http_refused_total{reason="certificate"} 2');
  await eventually(() => tap.log.filter(({ reason }) => reason === 'certificate').length).toBe(2);
});

test('msrptap mi -f reads that it is https, whom to trust and under which name', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-https-mi-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const tap = await TapProcess.start({
    httpd: { tls_domain: 'mgmt', hosts: ['localhost'], token: TOKEN },
    tls_mgm: domain(),
  });
  const { port } = tap.httpd;
  const file = join(directory, 'msrptap.yaml');
  const write = (tls_mgm: Settings): void =>
    writeFileSync(
      file,
      JSON.stringify(settings({ httpd: { port, tls_domain: 'mgmt', hosts: ['localhost'], token: TOKEN }, tls_mgm })),
    );
  write(domain({ ca_list: certs().ca.certificate }));
  const trusted = startCli('mi', 'msrp_trace', '-f', file);
  expect([await trusted.exited, trusted.err.all]).toEqual([0, []]);
  // Signed by a CA that nothing names: what to do is told, and no token is sent.
  write(domain());
  const untrusted = startCli('mi', 'msrp_trace', '-f', file);
  expect(await untrusted.exited).toBe(1);
  expect(untrusted.err.all.join('')).toMatch(/--ca/);
  const named = startCli('mi', 'msrp_trace', '-f', file, '--ca', certs().ca.certificate);
  expect(await named.exited).toBe(0);
});

test.each([1, 2])('workers: %d: metrics on a port of their own, without MI', async (workers) => {
  const tap = await TapProcess.start({ workers, httpd: { token: TOKEN }, prometheus: { port: 0 } });
  const { ip, port } = metricsOf(tap);
  expect(ip).toBe('127.0.0.1');
  expect(port).not.toBe(tap.httpd.port);
  const { status, body } = await get(port, '/metrics');
  expect([status, body.includes(`msrptap_workers ${workers}`)]).toEqual([200, true]);
  for (const path of ['/healthz', '/readyz']) expect((await get(port, path)).status).toBe(200);
  expect((await postMi(port, '{"jsonrpc":"2.0","id":1,"method":"msrp_trace"}')).status).toBe(404);
  // And where it was, it stays, behind the token.
  expect((await get(tap.httpd.port, '/metrics')).status).toBe(401);
  expect((await get(port, '/metrics', { headers: { Origin: 'http://evil.example' } })).status).toBe(403);
});

test('a token of their own, and TLS', async () => {
  const tap = await startTap({ prometheus: { port: 0, token: TOKEN, tls_domain: 'mgmt' }, tls_mgm: domain() });
  const { port } = metricsOf(tap);
  expect((await scrape(port)).status).toBe(401);
  expect((await scrape(port, { headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  expect((await get(tap.httpd.port, '/metrics')).status).toBe(200);
});

test('connections in the handshake count too: a health check goes before those that say nothing', async () => {
  const tap = await startTap({ httpd: { tls_domain: 'mgmt' }, tls_mgm: domain() });
  const { port } = tap.httpd;
  const silent = Array.from({ length: 80 }, () => dialHttp(port));
  for (const socket of silent) socket.on('error', () => {}).resume();
  expect((await scrape(port)).status).toBe(200);
  for (const socket of silent) socket.destroy();
});
