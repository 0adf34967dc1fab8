/** `npm run docs`: writes the reference of the configuration. With --check it only says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '#src/config.js';
import { editorSchema, reference } from './reference.mjs';

const schema = configJsonSchema();
const files = {
  'docs/configuration.md': reference(schema),
  'docs/msrptap.schema.json': `${JSON.stringify(editorSchema(schema), null, 2)}\n`,
};

let isCurrent = true;
for (const [path, text] of Object.entries(files)) {
  const url = new URL(`../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(url, text);
  else if (read(url) !== text) {
    isCurrent = false;
    console.error(`${path} is not what the schema of the configuration says: npm run docs`);
  }
}
process.exitCode = isCurrent ? 0 : 1;

/** @param {URL} url */
function read(url) {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return null;
  }
}
