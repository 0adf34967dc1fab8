/** crl_dir and crl_check_all, with the openssl command as client and as next hop. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatEndpoint } from '#src/lib/address.js';
import { useRevocationCerts, type CertFiles, type RevocationCerts } from '../helpers/certs.js';
import { dial, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { startTap, type Settings } from '../helpers/tap.js';
import { serverSeesChain, serving } from '../helpers/tls.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';
import { OpenSsl } from '../interop/openssl.js';

const certs = useRevocationCerts();

const identity = ({ certificate, private_key }: CertFiles): string[] => ['-cert', certificate, '-key', private_key];

/** With the certificates that stand behind the own one in its file. */
const chain = (files: CertFiles): string[] => [...identity(files), '-cert_chain', files.certificate];

async function folderOf(...files: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'msrptap-crls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const file of files) await copyFile(file, join(folder, basename(file)));
  return folder;
}

interface Row {
  readonly who: string;
  readonly peer: (made: RevocationCerts) => CertFiles;
  readonly crls: (made: RevocationCerts) => readonly string[];
  readonly all?: 0 | 1;
  /** null: it is welcome. */
  readonly reason: string | null;
}

const ROWS: readonly Row[] = [
  {
    who: 'one that is not revoked',
    peer: ({ below }) => below,
    crls: ({ intermediateCrl }) => [intermediateCrl],
    reason: null,
  },
  {
    who: 'one that is revoked',
    peer: ({ revoked }) => revoked,
    crls: ({ caCrl }) => [caCrl],
    reason: 'tls_certificate_revoked',
  },
  {
    who: 'one that the intermediate CA has revoked',
    peer: ({ revokedBelow }) => revokedBelow,
    crls: ({ caCrl, intermediateCrl }) => [caCrl, intermediateCrl],
    reason: 'tls_certificate_revoked',
  },
  {
    who: 'one whose CA has a list, but the CA above it none (crl_check_all 1)',
    peer: ({ below }) => below,
    crls: ({ intermediateCrl }) => [intermediateCrl],
    all: 1,
    reason: 'tls_crl_unusable',
  },
  {
    who: 'one with a list of every CA (crl_check_all 1)',
    peer: ({ below }) => below,
    crls: ({ caCrl, intermediateCrl }) => [caCrl, intermediateCrl],
    all: 1,
    reason: null,
  },
  {
    who: 'one whose CA has no list, while another CA has',
    peer: ({ below }) => below,
    crls: ({ rsaCrl }) => [rsaCrl],
    reason: 'tls_crl_unusable',
  },
];

/** Of the CA alone, or of the intermediate one too: then its certificate is found without the peer. */
const TRUSTED = ['the CA', 'both CAs'] as const;
const CASES = ROWS.flatMap((row) => TRUSTED.map((trusted) => ({ ...row, trusted })));

describe.each(CASES)('$who, with $trusted in ca_list', ({ peer, crls, all = 0, reason, trusted }) => {
  const revocation = async (): Promise<Settings> => ({
    crl_dir: await folderOf(...crls(certs())),
    crl_check_all: all,
    ca_list: trusted === 'the CA' ? certs().ca.certificate : certs().bothCas,
  });

  test(`as a client: ${reason ?? 'accepted'}`, async () => {
    const isLost = trusted === 'the CA' && peer(certs()) !== certs().revoked && !(await serverSeesChain(certs()));
    const expected = isLost ? 'tls_crl_unusable' : reason;
    const trace = await Trace.start();
    const hop = await NextHop.start();
    const tap = await startTap({
      listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: hop.url }],
      trace,
      tls_mgm: { server_domain: { public: { ...certs().server, ...(await revocation()) } } },
    });
    const caller = OpenSsl.client(tap.socket, '-CAfile', certs().ca.certificate, ...chain(peer(certs())));
    if (expected === null) {
      const hello = new Chat('msrps').ask('hello');
      caller.send(hello);
      expect((await (await hop.accept()).receive(hello.length)).equals(hello)).toBe(true);
    } else {
      expect(await trace.event({ Event: 'ACCEPTED' })).toMatchObject({ Status: 'FAILURE', Reason: expected });
      expect(hop.unclaimed).toBe(0);
    }
  });

  test(`as a next hop: ${reason ?? 'connected'}`, async () => {
    const callee = await OpenSsl.server('127.0.0.1', ...chain(peer(certs())));
    const trace = await Trace.start();
    const tap = await startTap({
      upstream: `msrps:${formatEndpoint(callee.socket)}`,
      trace,
      tls_mgm: { client_domain: { core: await revocation() } },
    });
    const client = await dial(tap.socket);
    client.send(new Chat().ask('hello'));
    const event = await trace.event({ Event: 'CONNECTED' });
    if (reason === null) expect(event).toMatchObject({ Status: 'SUCCESS' });
    else expect(event).toMatchObject({ Status: 'FAILURE', Reason: reason });
  });
});

test('a list that is over does not make what it revoked good again, nor what it did not', async () => {
  const { server, ca, client, revoked, oldCrl } = certs();
  const trace = await Trace.start();
  const tap = await startTap({
    listeners: [{ socket: 'msrps:127.0.0.1:0', upstream: 'msrp:127.0.0.1:9' }],
    trace,
    tls_mgm: { server_domain: { public: { ...server, ca_list: ca.certificate, crl_dir: await folderOf(oldCrl) } } },
  });
  for (const files of [client, revoked]) OpenSsl.client(tap.socket, '-CAfile', ca.certificate, ...identity(files));
  await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'tls_certificate_revoked' });
  await trace.event({ Event: 'ACCEPTED', Status: 'FAILURE', Reason: 'tls_crl_unusable' });
});

test('a HEP destination whose certificate is revoked gets nothing', async () => {
  const { ca, caCrl, revoked } = certs();
  const homer = await NextHop.start({ tls: serving(revoked) });
  const tap = await startTap({
    trace: homer,
    proto_hep: { hep_id: [`[homer]${homer.address};transport=tls`] },
    tls_mgm: { client_domain: { homer: { ca_list: ca.certificate, crl_dir: await folderOf(caCrl) } } },
  });
  await eventually(() => tap.logged('HEP destination not reachable')).toBe(1);
  const told = tap.log.find(({ msg }) => msg === 'HEP destination not reachable');
  expect(told?.['reason']).toMatch(/^CERT_REVOKED: CN=revoked, serial number [0-9A-F]+$/);
});
