import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { importCfg } from '../import/import.js';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { ExitStatus, Terminal } from './command.js';

/** Octets of an opensips.cfg; large ones have some 200,000. */
const MAX_CFG = 1_048_576;

/**
 * `msrptap import`: prints YAML.
 * @throws MsrptapError usage, config_unreadable
 */
export async function importFile(words: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  const [file, ...more] = words;
  if (file === undefined || more.length > 0) {
    throw new MsrptapError('usage', 'import needs one file, as in: msrptap import opensips.cfg > msrptap.yaml');
  }
  terminal.print(importCfg(await readText(file), basename(file)).trimEnd());
  return 0;
}

/** No more of it than may be read, whatever it is: a device has no end. */
async function readText(file: string): Promise<string> {
  const parts: Buffer[] = [];
  let octets = 0;
  try {
    for await (const part of createReadStream(file, { end: MAX_CFG }) as AsyncIterable<Buffer>) {
      parts.push(part);
      octets += part.length;
    }
    if (octets > MAX_CFG) throw new Error(`it has more than ${MAX_CFG} octets`);
  } catch (error) {
    throw new MsrptapError('config_unreadable', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return Buffer.concat(parts).toString();
}
