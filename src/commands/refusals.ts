import type { Endpoint } from '../lib/address.js';
import { formatEndpoint } from '../lib/address.js';
import { messageOf } from '../lib/errors.js';
import { createLog } from '../lib/log.js';
import { readableLine } from '../lib/log-line.js';
import { RateLimitedLog } from '../lib/rate-limited-log.js';
import type { Terminal } from './command.js';

/** Says what could not be received, a few lines at most in any ten seconds and then how many more: anybody may send. */
export class Refusals {
  readonly #log: RateLimitedLog;

  constructor(terminal: Terminal) {
    const lines = { write: (line: string) => terminal.complain(readableLine(line).trimEnd()) };
    this.#log = new RateLimitedLog(createLog('warn', lines));
  }

  readonly tell = (error: unknown, from: Endpoint): void => {
    this.#log.write('warn', 'not received', { from: formatEndpoint(from), error: messageOf(error) });
  };

  /** Tells what was left out so far. */
  end(): void {
    this.#log.flush();
  }
}
