/**
 * Imported into a msrptap and its workers (with --expose-gc): at SIGURG the process collects its garbage, and writes what
 * it holds into a file of HOLDING_DIR that has its number for a name.
 */
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = process.env.HOLDING_DIR;

process.on('SIGURG', () => {
  // What the first one finds out of reach may have kept other things in reach.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const holding = {
    octets: heapUsed + external,
    // One of them is the folder itself.
    descriptors: readdirSync('/proc/self/fd').length - 1,
    resources: process.getActiveResourcesInfo(),
  };
  const file = join(DIRECTORY, String(process.pid));
  writeFileSync(`${file}.new`, JSON.stringify(holding));
  renameSync(`${file}.new`, file);
});
