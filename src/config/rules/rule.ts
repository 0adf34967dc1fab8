import type { z } from 'zod';
import type { Endpoint } from '../../lib/address.js';
import type { ListenAt } from '../socket.js';
import type { TokenSources } from '../token.js';
import type { ServerDomainSection } from '../tls-schema.js';
import type { HepId, HepInputConfig, HepSpool, ListenerConfig } from '../types.js';

/** What httpd and the port of the metrics have both. */
interface HttpPort extends TokenSources {
  readonly tls_domain: string | null;
}

/** The part of the sections that rules read. */
interface Ruled {
  readonly listeners: readonly (Pick<ListenerConfig, 'upstream' | 'upstream_policy'> & { readonly socket: ListenAt })[];
  readonly to_path: { readonly allow: readonly unknown[] };
  readonly proto_msrp: { readonly trace_destination: readonly string[]; readonly trace_filter_route: string | null };
  readonly proto_hep: { readonly hep_id: readonly HepId[]; readonly hep_spool: HepSpool | null };
  readonly tls_mgm: { readonly server_domain: Readonly<Record<string, ServerDomainSection>> };
  readonly hep_input?: HepInputConfig | undefined;
  readonly mi_datagram?: { readonly socket_name: Endpoint } | undefined;
  readonly httpd: Endpoint & HttpPort;
  readonly mi_http: { readonly root: string };
  readonly prometheus: HttpPort & { readonly root: string; readonly ip: string; readonly port: number | null };
  readonly mi_fifo?: { readonly fifo_name: string; readonly reply_dir: string } | undefined;
  readonly filters: string;
  readonly limits: {
    readonly max_connections?: number | undefined;
    readonly link_buffer: number;
    readonly buffer: number;
  };
  readonly workers: number | 'auto';
}

type Refuse = (path: readonly (string | number)[], message: string) => void;

/** One thing that must fit together. */
export interface Rule {
  readonly reads: readonly (keyof Ruled)[];
  check(sections: Ruled, refuse: Refuse): void;
}

/** Which names there are, for who has given another. */
export function namesOf(known: readonly string[]): string {
  return known.length === 0 ? 'there is none' : `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
}

/** Adds rules to the schema of the whole configuration. */
export function withRules<T extends z.ZodType<Ruled>>(schema: T, rules: readonly Rule[]): T {
  return rules.reduce(
    (ruled, rule) =>
      ruled.superRefine(
        (sections, context) =>
          rule.check(sections, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
        { when: ({ issues }) => rule.reads.every((section) => issues.every((issue) => !spoils(issue, section))) },
      ),
    schema,
  );
}

/** Whether a section cannot be relied on. A key too many leaves the others usable. */
function spoils(issue: z.core.$ZodRawIssue, section: string): boolean {
  const [first] = issue.path ?? [];
  return (first === undefined || first === section) && issue.code !== 'unrecognized_keys';
}
