/** The alerts and the example configuration, as Prometheus' own tool judges them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from '../grafana/files.js';
import { program } from './programs.js';

const run = promisify(execFile);

test.each([
  ['the rules are right', ['check', 'rules', '--lint=all', '--lint-fatal', 'grafana/rules.yaml']],
  ['each alert fires when it should, and stays silent when it should', ['test', 'rules', 'grafana/rules.test.yaml']],
  ['the example configuration is right', ['check', 'config', 'grafana/prometheus.yml']],
])('%s', async (_what, args) => {
  // It rejects with what promtool says, when that is unhappy.
  const { stdout } = await run(program('promtool'), args, { cwd: ROOT });
  expect(stdout).toContain('SUCCESS');
});
