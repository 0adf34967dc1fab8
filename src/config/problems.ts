import { MsrptapError } from '../lib/errors.js';

export type Path = readonly (string | number)[];

export interface ConfigProblem {
  /** As in `listeners[0].socket`; '' for the file as a whole. */
  readonly path: string;
  /** What is wrong and what would be right; continues the path. */
  readonly message: string;
  readonly line: number | null;
}

/** A configuration that cannot be used: code `config_invalid`, with everything that is wrong with it. */
export class ConfigError extends MsrptapError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
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
