/** OpenSIPS' statistics: `GROUP:NAME`, each a number. */
import type { Figures, Labels } from '../figures.js';
import { fault, invalidParams, ok, type Command, type MiResponse } from '../mi-command.js';
import type { Control } from './control.js';

/** What one call may name. */
const MAX_NAMES = 100;

export function statisticCommands(control: Control): readonly Command[] {
  const run = async (names: unknown): Promise<MiResponse> => {
    const wanted = namesIn(names);
    if (wanted === null) return invalidParams();
    const all = [...statisticsIn(await control.figures())];
    const found = wanted.flatMap((name) => all.filter(([statistic]) => isMeant(statistic, name)));
    return found.length === 0 ? fault(404, 'Statistics Not Found') : ok(Object.fromEntries(found));
  };
  return [{ names: ['get_statistics', 'statistics:get'], recipes: [{ params: ['statistics'], run }] }];
}

/** A list as in OpenSIPS, or a text with the names separated by blanks. */
function namesIn(value: unknown): readonly string[] | null {
  const names: readonly unknown[] = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(/\s+/).filter((name) => name !== '')
      : [];
  if (names.length === 0 || names.length > MAX_NAMES) return null;
  return names.every((name) => typeof name === 'string') ? names : null;
}

function isMeant(statistic: string, name: string): boolean {
  return name === 'all' || name === statistic || (name.endsWith(':') && statistic.startsWith(name));
}

/** The figures of /metrics: those of HEP destinations in the group hep, the others in msrp. */
function* statisticsIn(figures: Figures): Generator<readonly [string, number]> {
  for (const [family, series] of Object.entries(figures)) {
    const [group, name] = family.startsWith('hep_') ? ['hep', family.slice('hep_'.length)] : ['msrp', family];
    for (const [labels, value] of series) yield [`${group}:${name}${suffix(labels)}`, value];
  }
}

function suffix(labels: Labels): string {
  return Object.values(labels)
    .map((value) => `-${value}`)
    .join('');
}
