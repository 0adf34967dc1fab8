import { Way, type WayCommon } from './way.js';

/** Octets of a URI that are kept to be shown. */
const MAX_URI = 256;

export interface SessionUris {
  /** Of the first request; '' where there is none. */
  readonly to: string;
  readonly from: string;
}

/** What the sessions of all links have in common, one way and the other. */
export interface SessionCommon {
  readonly up: WayCommon;
  readonly down: WayCommon;
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
  /** Whose it is; null: it is over, or stands for all that are not watched. */
  home: object | null;
  /** By what it is found on its link. */
  keys: readonly string[] = [];
  /** When a message of it was read last, in seconds of the clock of all sessions. */
  activeAt = 0;
  /** A request has waited for its response for STALL_MS. */
  hasStalled = false;

  /** @param home the link's */
  constructor(home: object | null, number: number, { to, from }: SessionUris, openedAt: number, common: SessionCommon) {
    this.home = home;
    this.number = number;
    this.to = shown(to);
    this.from = shown(from);
    this.openedAt = openedAt;
    this.up = new Way(common.up);
    this.down = new Way(common.down);
  }

  /** Somebody waited for an answer, and nothing ever came from the other side. */
  get isOneSided(): boolean {
    return this.hasStalled && (this.up.bytes === 0 || this.down.bytes === 0);
  }

  end(): void {
    this.home = null;
    this.up.end();
    this.down.end();
  }
}

function shown(uri: string): string {
  // A copy: as a part of the header it would keep all of that in memory.
  return Buffer.from(uri.slice(0, MAX_URI)).toString();
}
