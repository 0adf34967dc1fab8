/** What a command answers; also what a call over mi-client comes back with. */
export type MiResponse = { readonly result: unknown } | { readonly error: MiError };

export interface MiError {
  /** JSON-RPC's own codes are negative, OpenSIPS' are like those of HTTP. */
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** One way to call a command: OpenSIPS' word for a set of parameters that belong together. */
export interface Recipe {
  readonly params: readonly string[];
  /** Gets the values in the order of `params`, whether they came by name or by position. */
  readonly run: (...values: unknown[]) => MiResponse | Promise<MiResponse>;
}

export interface Command {
  /** All names that it answers to. */
  readonly names: readonly string[];
  readonly recipes: readonly Recipe[];
}

/** By name. A Map, so that "constructor" and "__proto__" are names like any other. */
export type CommandTable = ReadonlyMap<string, Command>;

export function commandTable(commands: readonly Command[]): CommandTable {
  return new Map(commands.flatMap((command) => command.names.map((name) => [name, command] as const)));
}

export function ok(result: unknown = 'OK'): MiResponse {
  return { result };
}

export function fault(code: number, message: string, data?: unknown): MiResponse {
  return { error: data === undefined ? { code, message } : { code, message, data } };
}

/** @param data what is wrong with them */
export function invalidParams(data?: string): MiResponse {
  return fault(-32602, 'Invalid params', data);
}

/** A parameter as text. OpenSIPS takes a number for its text, and nothing else. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
}

/** A parameter as a whole number, not negative; opensips-cli sends numbers as text. */
export function wholeNumber(value: unknown): number | null {
  const text = textOf(value);
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
