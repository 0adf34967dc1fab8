/** `npm run dashboard`: writes grafana/msrptap.json. With --check it only says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { buildDashboard } from './dashboard.js';

/** As seen from .cache/grafana/dashboard, where this is compiled to. */
const FILE = new URL('../../../grafana/msrptap.json', import.meta.url);

const text = `${JSON.stringify(buildDashboard(), null, 2)}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, text);
} else if (text !== readFileSync(FILE, 'utf8')) {
  console.error('grafana/msrptap.json is not what grafana/dashboard builds: npm run dashboard');
  process.exitCode = 1;
}
