import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MIB = 2 ** 20;

/** The young generation of a process that keeps 40 MiB of small objects. */
function grown(prepare: string): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${prepare}
    const kept = [];
    for (let chunk = 0; chunk < 320; chunk += 1) kept.push(Array.from({ length: 2_048 }, (_, i) => ({ i })));
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);
    process.exit();
  `;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }));
}

const IMPORT = "await import('#src/lib/young-generation.js');";
/** It comes to have what is enough. */
const GROW = `
  const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const first = [];
  while (size() < 8 * ${MIB}) first.push(Array.from({ length: 2_048 }, (_, i) => ({ i })));`;

test('the young generation does not outgrow what is enough at the import', () => {
  expect(grown('')).toBeGreaterThanOrEqual(16 * MIB);
  expect(grown(GROW + IMPORT)).toBeLessThan(16 * MIB);
});
