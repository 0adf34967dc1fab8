import { MsrptapError } from '../../lib/errors.js';
import type { Figures } from '../figures.js';
import type { HepRow } from '../hep-rows.js';
import type { LinkPage } from '../link-rows.js';
import { fault, ok, type MiResponse } from '../mi-command.js';
import type { PageRequest } from '../pages.js';
import type { SessionPage } from '../session-rows.js';

/** A domain of tls_mgm, as OpenSIPS' tls_list tells of it. */
export interface TlsDomainFacts {
  readonly name: string;
  readonly kind: 'server_domain' | 'client_domain';
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  /** As `TLSv1_2-TLSv1_3`. */
  readonly method: string;
  readonly verifyCert: boolean;
  readonly requireCert: boolean;
  readonly crlCheckAll: boolean;
  /** Paths and lists; '' where there is none. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly caList: string;
  readonly caDir: string;
  readonly crlDir: string;
  readonly ciphers: string;
  readonly dhParams: string;
  readonly ecCurve: string;
}

/** What was told, and the numbers of the workers that did not answer in time. */
export interface Heard<T> {
  readonly told: T;
  readonly missing: readonly number[];
}

/** A key of the configuration that differs from what was in force. Values as in the file, secrets hidden. */
export interface ChangedKey {
  readonly key: string;
  readonly old: unknown;
  readonly new: unknown;
  /** A reload cannot change it. */
  readonly needsRestart: boolean;
}

/** What became of a reload of the whole configuration: all of it is in force, or all is as it was. */
export interface ReloadOutcome {
  /** null: it is in force. */
  readonly refused: { readonly code: string; readonly why: string } | null;
  readonly changed: readonly ChangedKey[];
}

/** What the commands act on. What changes something rejects with a MsrptapError when nothing was changed. */
export interface Control {
  readonly trace: { readonly on: boolean; set(on: boolean): void | Promise<void> };
  /** What is traced for a while although tracing is off; null: there is no trace_destination. */
  readonly spots: Spots | null;
  /** Which SIP calls sessions are of; null: there is no trace_destination. */
  readonly correlations: Correlations | null;
  readonly startedAt: Date;
  /** Of this program, as in package.json. */
  readonly version: string;
  readonly now?: () => Date;
  /** This process first. */
  processes(): readonly { readonly pid: number; readonly type: string }[];
  figures(): Promise<Figures>;
  links(page: PageRequest): Promise<Heard<LinkPage>>;
  sessions(page: PageRequest): Promise<Heard<SessionPage>>;
  /** @returns whether there was one with that id */
  closeLink(id: string): Promise<Heard<boolean>>;
  /** Milliseconds without a byte after which a link is closed; 0: never. */
  readonly idleTimeout: number;
  destinations(): Promise<Heard<readonly HepRow[]>>;
  readonly tlsDomains: readonly TlsDomainFacts[];
  /** The whole configuration. */
  reload(): Promise<ReloadOutcome>;
  reloadCertificates(): Promise<void>;
  /** null: there is no trace_filter_route. */
  readonly reloadFilters: (() => Promise<void>) | null;
}

export interface Spots {
  readonly times: readonly { readonly target: string; readonly seconds: number }[];
  readonly most: number;
  readonly longest: number;
  set(target: string, seconds: number): Promise<void>;
}

export interface Correlations {
  readonly size: number;
  /** Seconds that one is known if nobody says otherwise, and the most that somebody may. */
  readonly lifetime: number;
  readonly longest: number;
  /** The last that were told, newest first. */
  newest(count: number): readonly CorrelationRow[];
  set(session: string, call: string, seconds: number): Promise<void>;
  /** @returns whether there was one */
  end(session: string): Promise<boolean>;
}

export interface CorrelationRow {
  readonly session: string;
  readonly call: string;
  /** Who told it: mi or sip. */
  readonly from: string;
  /** Until it is forgotten. */
  readonly seconds: number;
}

/** What a command answers that changes something: where that fails for a reason of this project, the reason. */
export async function changed(change: () => void | Promise<void>): Promise<MiResponse> {
  try {
    await change();
    return ok();
  } catch (error) {
    if (error instanceof MsrptapError) return fault(-32000, 'Server error', error.message);
    throw error;
  }
}

/** A member that a reply has only where part of what it should tell is missing. */
export function missingWorkers(missing: readonly number[]): { readonly Missing?: readonly string[] } {
  return missing.length === 0 ? {} : { Missing: missing.map((slot) => `worker ${slot}`) };
}
