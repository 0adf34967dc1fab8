/** New certificates and CRLs while connections stand; what is broken leaves the old in force; and the expiry that is in force. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { EXPIRY_METRIC, listTlsDomains, parseConfig } from '#src/config.js';
import { useRevocationCerts, type CertFiles } from '../helpers/certs.js';
import { carry, dial, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { TapProcess } from '../helpers/tap.js';
import { presenting, serverSeesChain, trusting } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

const certs = useRevocationCerts();

const END_OF_2089 = Date.parse('2089-12-31T23:59:59Z') / 1_000;

/** Files that change, and a msrptap that has them. */
async function scene(workers: number, ca_list = certs().ca.certificate) {
  const directory = await mkdtemp(join(tmpdir(), 'msrptap-reload-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const files = { certificate: join(directory, 'cert.pem'), private_key: join(directory, 'key.pem') };
  const crl_dir = join(directory, 'crls');
  await mkdir(crl_dir);
  const install = async ({ certificate, private_key }: CertFiles): Promise<void> => {
    await copyFile(certificate, files.certificate);
    await copyFile(private_key, files.private_key);
  };
  const publish = (crl: string): Promise<void> => copyFile(crl, join(crl_dir, 'ca.pem'));
  await install(certs().server);
  await publish(certs().caCrl);
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const tap = await TapProcess.start({
    workers,
    trace,
    listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }],
    tls_mgm: {
      server_domain: {
        public: { ...files, verify_cert: 0 },
        strict: { ...files, match_sip_domain: 'strict', ca_list, crl_dir, require_cert: 0 },
      },
      client_domain: { core: { ...certs().client, ca_list: certs().ca.certificate } },
    },
  });
  return { tap, hop, trace, files, install, publish };
}

async function talk(from: Peer, to: Peer): Promise<void> {
  await carry(new Chat('msrps').ask('still here'), from, to);
}

const subjectOf = ({ socket }: Peer): string => String((socket as TLSSocket).getPeerCertificate().subject.CN);

test.each([1, 2])(
  'workers: %d: a reload keeps connections; what is broken is told, and changes nothing',
  async (workers) => {
    const { tap, hop, files, install } = await scene(workers);
    const options = { ...trusting(certs()), rejectUnauthorized: false };
    const standing: [Peer, Peer][] = [];
    for (let i = 0; i < workers; i += 1) standing.push([await dial(tap.socket, options), await hop.accept()]);
    const expiry = (domain: string): Promise<number> => tap.metric(EXPIRY_METRIC, { domain });
    expect([await expiry('public'), await expiry('strict'), await expiry('core')]).toEqual(
      Array<number>(3).fill(END_OF_2089),
    );

    await install(certs().rsa);
    tap.signal('SIGHUP');
    await eventually(() => tap.logged('configuration reloaded')).toBe(1);
    expect(subjectOf(await dial(tap.socket, options))).toBe('rsa');
    await hop.accept();

    // A certificate without its key, and then an expired one.
    await copyFile(certs().server.certificate, files.certificate);
    tap.signal('SIGHUP');
    const kept = 'configuration not reloaded, the previous one stays in force';
    await eventually(() => tap.logged(kept)).toBe(1);
    await install(certs().expired);
    tap.signal('SIGHUP');
    await eventually(() => tap.logged(kept)).toBe(2);
    const errors = tap.log.filter(({ msg }) => msg === kept).map(({ error }) => error);
    expect(errors).toEqual([
      expect.stringContaining('does not belong to the certificate'),
      expect.stringContaining('expired on Jan 31 23:59:59 2020 GMT'),
    ]);
    expect(subjectOf(await dial(tap.socket, options))).toBe('rsa');
    await hop.accept();
    expect(await expiry('public')).toBe(END_OF_2089);
    for (const [client, server] of standing) await talk(client, server);
  },
);

test('a CRL that is published revokes from the reload on', async () => {
  const { tap, hop, trace, publish } = await scene(1);
  const options = { ...trusting(certs()), servername: 'strict', rejectUnauthorized: false };
  await publish(certs().rsaCrl);
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration reloaded')).toBe(1);
  await dial(tap.socket, { ...options, ...presenting(certs().client) });
  expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Reason: 'tls_crl_unusable' });

  await publish(certs().caCrl);
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration reloaded')).toBe(2);
  const good = await dial(tap.socket, { ...options, ...presenting(certs().client) });
  await talk(good, await hop.accept());
  await dial(tap.socket, { ...options, ...presenting(certs().revoked) });
  expect(await trace.event({ Event: 'ACCEPTED', Reason: 'tls_certificate_revoked' })).toMatchObject({
    Status: 'FAILURE',
  });
});

test('with CRLs every client is verified anew: what comes with a session is no less welcome', async () => {
  const ca_list = (await serverSeesChain(certs())) ? certs().ca.certificate : certs().bothCas;
  const { tap, hop, publish } = await scene(1, ca_list);
  await publish(certs().intermediateCrl);
  tap.signal('SIGHUP');
  await eventually(() => tap.logged('configuration reloaded')).toBe(1);
  const options = {
    ...trusting(certs()),
    servername: 'strict',
    rejectUnauthorized: false,
    ...presenting(certs().below),
  };
  const first = await dial(tap.socket, options);
  const server = await hop.accept();
  await talk(first, server);
  // Tickets come before all that follows.
  await talk(server, first);
  const session = (first.socket as TLSSocket).getSession();
  const second = await dial(tap.socket, { ...options, ...(session === undefined ? {} : { session }) });
  await talk(second, await hop.accept());
});

test('the list of domains has what MI shows, and the expiry that the metric tells', async () => {
  const { ca, server } = certs();
  const text = JSON.stringify({
    listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: 'msrp:127.0.0.1:9' }],
    tls_mgm: {
      server_domain: {
        public: { ...server, match_ip_address: '10.0.0.1:2856, [::1]:1, *', tls_method: 'TLSv1_2-', verify_cert: 0 },
      },
      client_domain: { core: { ca_list: ca.certificate, tls_method: 'TLSv1_3', match_sip_domain: '*.example.com' } },
    },
  });
  const config = parseConfig(text, '/etc/msrptap/msrptap.yaml');
  const expiries = [[{ side: 'server', domain: 'public' }, END_OF_2089]] as const;
  expect(listTlsDomains(config, expiries)).toEqual([
    expect.objectContaining({
      side: 'server',
      name: 'public',
      match_ip_address: ['10.0.0.1:2856', '[::1]:1', '*'],
      match_sip_domain: ['*'],
      tls_method: 'TLSv1_2-TLSv1_3',
      certificate: server.certificate,
      verify_cert: 0,
      require_cert: 1,
      expires: END_OF_2089,
    }),
    expect.objectContaining({
      side: 'client',
      name: 'core',
      tls_method: 'TLSv1_3',
      match_sip_domain: ['*.example.com'],
      certificate: null,
      ca_list: ca.certificate,
      require_cert: 0,
      expires: null,
    }),
  ]);
});
