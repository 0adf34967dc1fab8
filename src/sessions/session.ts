import type { SessionWitness } from './witness.js';
import type { Limits } from './limits.js';
import { Way } from './way.js';

/** Octets of a URI that are kept to be shown. */
const MAX_URI = 256;

export interface SessionUris {
  /** Of the first request; '' where there is none. */
  readonly to: string;
  readonly from: string;
}

/** An MSRP session on a link: what goes between two URIs [RFC 4975 §5.4]. */
export class Session {
  /** Of its link, from 1 on. 0: it stands for all that are not watched, and is shown to nobody. */
  readonly number: number;
  /** As they are written, MAX_URI octets at most. */
  readonly to: string;
  readonly from: string;
  /** Microseconds since 1970. */
  readonly openedAt: number;
  readonly up: Way;
  readonly down: Way;
  /** By what it is found on its link. */
  readonly keys: string[] = [];
  /** When a message of it was read last, in seconds of the clock of all sessions. */
  activeAt = 0;
  /** A request has waited for its response for STALL_MS. */
  hasStalled = false;

  constructor(number: number, { to, from }: SessionUris, openedAt: number, witness: SessionWitness, limits: Limits) {
    this.number = number;
    this.to = shown(to);
    this.from = shown(from);
    this.openedAt = openedAt;
    this.up = new Way(witness.up, limits);
    this.down = new Way(witness.down, limits);
  }

  /** Somebody waited for an answer, and nothing ever came from the other side. */
  get isOneSided(): boolean {
    return this.hasStalled && (this.up.bytes === 0 || this.down.bytes === 0);
  }

  end(): void {
    this.up.end();
    this.down.end();
  }
}

function shown(uri: string): string {
  // A copy: as a part of the header it would keep all of that in memory.
  return Buffer.from(uri.slice(0, MAX_URI)).toString();
}
