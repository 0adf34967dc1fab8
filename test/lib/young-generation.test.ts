import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MIB = 2 ** 20;

/** The young generation of a process that keeps 40 MiB of small objects. */
function grown(prepare: string): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { boundYoungGeneration } from '#src/lib/young-generation.js';
    const kept = [];
    const keep = (mebibytes) => {
      for (const end = kept.length + mebibytes * 8; kept.length < end;) kept.push(Array.from({ length: 2_048 }, (_, i) => ({ i })));
    };
    const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
    while (size() < 16 * ${MIB}) keep(1);
    ${prepare}
    keep(40);
    console.log(size());
  `;
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }));
}

test('the young generation does not outgrow what is enough', () => {
  // Some versions of V8 end there by themselves.
  expect(grown('')).toBeGreaterThanOrEqual(16 * MIB);
  expect(grown('boundYoungGeneration();')).toBeLessThanOrEqual(17 * MIB);
});
