import { MsrptapError } from '../lib/errors.js';

export type Path = readonly (string | number)[];

export interface ConfigProblem {
  /** As in `listeners[0].socket`; '' for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right; continues the path. */
  readonly message: string;
  readonly line: number | null;
}

const AND_MORE: ConfigProblem = { path: '', message: 'there is more: mend these first', line: null };

/** Whoever mends so many looks again before going on. */
export const MAX_PROBLEMS = 100;

/** A configuration that cannot be used: code `config_invalid`, with what is wrong with it, the first 100 of more. */
export class ConfigError extends MsrptapError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const told = problems.length > MAX_PROBLEMS ? [...problems.slice(0, MAX_PROBLEMS), AND_MORE] : problems;
    super('config_invalid', [`${file} cannot be used:`, ...told.map(formatProblem)].join('\n  '), options);
    this.name = 'ConfigError';
    this.problems = told;
  }
}

/** `proto_msrp.send_timeout: must be …, not "fast" (line 7)` */
export function formatProblem({ path, message, line }: ConfigProblem): string {
  return `${path === '' ? '' : `${path}: `}${message}${line === null ? '' : ` (line ${line})`}`;
}

export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
