import { KnownHead } from './known-head.js';
import type { Message } from './message.js';

/** The heads of the last messages of one direction: all that is known of it while no message is open. */
export class KnownHeads {
  #ofRequests: KnownHead | null = null;
  #ofResponses: KnownHead | null = null;

  of(kind: Message['kind']): KnownHead {
    // Most directions have one of them only.
    if (kind === 'request') return (this.#ofRequests ??= new KnownHead());
    return (this.#ofResponses ??= new KnownHead());
  }
}
