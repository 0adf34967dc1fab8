// @ts-check
/** The figures of the last runs, and docs/reliability.md out of them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { page } from './page.mjs';

/** @import { AllFigures } from './page.mjs' */

const FIGURES = fileURLToPath(new URL('../../docs/reliability.json', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url));

/** @returns {AllFigures} */
function readFigures() {
  /** @type {AllFigures} */
  const none = { fuzz: {}, faults: {}, soak: {} };
  return existsSync(FIGURES) ? { ...none, ...JSON.parse(readFileSync(FIGURES, 'utf8')) } : none;
}

/**
 * Lays new figures over those of the same names, and writes the page.
 * @template {keyof AllFigures} Section
 * @param {Section} section @param {AllFigures[Section]} figures
 */
export function writeFigures(section, figures) {
  const all = readFigures();
  const changed = { ...all, [section]: { ...all[section], ...figures } };
  writeFileSync(FIGURES, `${JSON.stringify(changed, null, 2)}\n`);
  writeFileSync(PAGE, page(changed));
}
