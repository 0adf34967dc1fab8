import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const EXTENSIONS = ['-addext', 'subjectAltName=IP:127.0.0.1'];

/**
 * Makes a key and a certificate for 127.0.0.1, which is its own CA.
 * @param {string} openssl the program
 * @param {string} parent
 * @returns {string} a new folder in `parent` with cert.pem, key.pem and both.pem, which is how HAProxy wants them
 */
export function makeCertificates(openssl, parent) {
  const folder = join(parent, 'tls');
  mkdirSync(folder);
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  const args = ['req', '-x509', ...newKey, '-out', cert, '-days', '2', '-subj', '/CN=msrptap bench', ...EXTENSIONS];
  const { status, stderr } = spawnSync(openssl, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl makes no certificate: ${stderr}`);
  writeFileSync(join(folder, 'both.pem'), readFileSync(cert, 'latin1') + readFileSync(key, 'latin1'));
  return folder;
}
