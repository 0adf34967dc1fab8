/**
 * Why a figure misses its line, by the figure's name: what the profile shows, and what was tried. docs/performance.md prints
 * it as long as the line is missed.
 * @type {Readonly<Record<string, string>>}
 */
export const FINDINGS = {};
