import { readFileSync } from 'node:fs';

function read(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const json: unknown = JSON.parse(text);
  if (typeof json === 'object' && json !== null && 'version' in json) return String(json.version);
  return 'unknown';
}

/** Of this program, as in package.json. */
export const VERSION = read();
