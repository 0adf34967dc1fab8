/** What the command line asks for. */
import { parseArgs } from 'node:util';
import { isProgramName, PROGRAM_NAMES } from './peers/programs.mjs';
import { ROWS } from './rows/all.mjs';

const ROW_NAMES = ROWS.map(({ name, figures }) => `  ${name.padEnd(12)}${figures.join(' ')}`).join('\n');

export const USAGE = `npm run bench -- [--only NAME]… [--quick] [--without PROGRAM]… [--json FILE] [--markdown FILE]

  --only NAME         a row or a figure; several with several --only
  --quick             few exchanges, one round: shows that everything runs and adds up; the figures mean nothing
  --without PROGRAM   leave out what needs it: ${PROGRAM_NAMES.join(', ')}
  --json FILE         also write every round to FILE
  --markdown FILE     also write the whole report to FILE

The rows, and their figures:
${ROW_NAMES}
`;

/**
 * @param {readonly string[]} args
 * @throws {Error} they are not as USAGE says
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      without: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      markdown: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const without = values.without.map((name) => {
    if (!isProgramName(name)) throw new Error(`--without must be one of ${PROGRAM_NAMES.join(', ')}, not ${name}`);
    return name;
  });
  return {
    help: values.help,
    quick: values.quick,
    /** Names of figures. */
    wanted: wantedFigures(values.only),
    without,
    /** A file, if any. */
    json: values.json ?? null,
    /** A file, if any. */
    markdown: values.markdown ?? null,
  };
}

/** @param {readonly string[]} names of rows and figures; none: all @returns {ReadonlySet<string>} */
function wantedFigures(names) {
  if (names.length === 0) return new Set(ROWS.flatMap(({ figures }) => figures));
  return new Set(
    names.flatMap((name) => {
      const row = ROWS.find((other) => other.name === name);
      if (row !== undefined) return row.figures;
      if (ROWS.some(({ figures }) => figures.includes(name))) return [name];
      throw new Error(`--only must be one of these, not ${name}:\n${ROW_NAMES}`);
    }),
  );
}
