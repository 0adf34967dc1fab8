import { MsrptapError } from '../lib/errors.js';

export type Path = readonly (string | number)[];

export interface ConfigProblem {
  /** As in `listeners[0].socket`; '' for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right; continues the path. */
  readonly message: string;
  readonly line: number | null;
}

/** More help nobody: another file was named, or one slip is behind all of them. */
export const MAX_PROBLEMS = 50;
const AND_MORE: ConfigProblem = { path: '', message: 'and more that is wrong', line: null };

/** A configuration that cannot be used: code `config_invalid`, with all that is wrong with it, or the beginning of that. */
export class ConfigError extends MsrptapError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, found: readonly ConfigProblem[], options?: ErrorOptions) {
    const problems = found.length > MAX_PROBLEMS ? [...found.slice(0, MAX_PROBLEMS), AND_MORE] : found;
    super('config_invalid', [`${file} cannot be used:`, ...problems.map(formatProblem)].join('\n  '), options);
    this.name = 'ConfigError';
    this.problems = problems;
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
