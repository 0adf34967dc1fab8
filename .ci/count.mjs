// Adds up the runs of vitest whose JSON reports stand in a folder: node count.mjs FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const runs = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));

let passed = 0;
let failed = 0;
for (const { numPassedTests, numFailedTests, testResults } of runs) {
  passed += numPassedTests;
  // A file that does not even load has no tests of its own.
  const unloadable = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  failed += numFailedTests + unloadable.length;
}
console.log(`${passed} passed, ${failed} failed`);
