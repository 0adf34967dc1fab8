import type { Socket } from 'node:net';
import { plainIp } from '../lib/address.js';
import { Allowance } from '../lib/allowance.js';
import { type Cidr, inRanges } from '../lib/cidr.js';
import type { Reason } from '../lib/reasons.js';
import { SourceRate } from '../lib/source-rate.js';
import { sourceOf } from './sources.js';

export interface AcceptLimits {
  readonly max_connections: number;
  /** 0: any number; so with the next two, which are of connections a second. */
  readonly connections_per_source: number;
  readonly accept_rate: number;
  readonly accept_rate_per_source: number;
}

/** What there is. */
export interface AcceptedCounts {
  /** Connections that are open, handshakes included. */
  all(): number;
  /** Those of a source that was counted. */
  of(source: string): number;
}

/** An answer to a client that has just connected. */
export interface Admission {
  /** null: it is welcome. */
  readonly refusal: Reason | null;
  /** As what it counts for as long as it is open; null: it is not counted. */
  readonly source: string | null;
}

/**
 * Who may connect: the process that accepts asks it of each client, before anything is spent on it. The client that would be
 * one too many goes; those that are connected stay.
 */
export class AcceptGate {
  readonly #limits: () => AcceptLimits;
  readonly #counts: AcceptedCounts;
  readonly #rate = new Rates((perSecond) => new Allowance(perSecond));
  readonly #rateOfSources = new Rates((perSecond) => new SourceRate(perSecond));

  /** @param limits those that hold now */
  constructor(limits: () => AcceptLimits, counts: AcceptedCounts) {
    this.#limits = limits;
    this.#counts = counts;
  }

  /** @param isProxy see carriesOthers() */
  admit({ remoteAddress = '' }: Socket, isProxy: (ip: string) => boolean): Admission {
    const limits = this.#limits();
    const { connections_per_source, accept_rate_per_source } = limits;
    if (this.#counts.all() >= limits.max_connections) return refused('max_connections');
    const isCounted = connections_per_source > 0 || accept_rate_per_source > 0;
    const source = !isCounted || isProxy(plainIp(remoteAddress)) ? null : sourceOf(remoteAddress);
    if (source !== null) {
      if (connections_per_source > 0 && this.#counts.of(source) >= connections_per_source) {
        return refused('connections_per_source');
      }
      // Before that of all, which one source must not use up.
      if (this.#rateOfSources.of(accept_rate_per_source)?.take(source) === false) {
        return refused('accept_rate_per_source');
      }
    }
    if (this.#rate.of(limits.accept_rate)?.spend(1) === false) return refused('accept_rate');
    return { refusal: null, source: connections_per_source > 0 ? source : null };
  }
}

function refused(refusal: Reason): Admission {
  return { refusal, source: null };
}

/**
 * Whether an address is one that sends PROXY protocol headers to a listener: the connections of many come from it, and are no
 * matter of this source.
 */
export function carriesOthers(proxyProtocol: { readonly from: readonly Cidr[] } | null): (ip: string) => boolean {
  return proxyProtocol === null ? () => false : inRanges(proxyProtocol.from);
}

/** What keeps to a rate, for as long as that stays the same. */
class Rates<Rate> {
  readonly #make: (perSecond: number) => Rate;
  #perSecond = 0;
  #rate: Rate | null = null;

  constructor(make: (perSecond: number) => Rate) {
    this.#make = make;
  }

  /** @returns null for 0: any number */
  of(perSecond: number): Rate | null {
    if (perSecond === this.#perSecond) return this.#rate;
    this.#perSecond = perSecond;
    this.#rate = perSecond === 0 ? null : this.#make(perSecond);
    return this.#rate;
  }
}
