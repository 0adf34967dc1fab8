/** What must fit together across sections. A rule runs when the sections it reads are sound, whatever the others are. */
import { existsSync, lstatSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { canonicalEndpoint, formatEndpoint, formatHostPort, isLoopback, type Endpoint } from '../lib/address.js';
import { isFolder } from '../lib/folder.js';
import { hasDeprecatedVersion, servesSocket } from '../net/tls-domain.js';
import { connectionsThatFit, openFileLimit, workerCount } from './open-files.js';
import type { ListenAt } from './socket.js';
import { tokenOf, TOKEN_VARIABLE, type Environment, type TokenSources } from './token.js';
import type { ServerDomainSection } from './tls-schema.js';
import type { HepId, HepInputConfig, HepSpool, ListenerConfig } from './types.js';

/** What httpd and the port of the metrics have both. */
interface HttpPort extends TokenSources {
  readonly tls_domain: string | null;
}

const HTTP_PORTS = ['httpd', 'prometheus'] as const;

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

export interface Rule {
  readonly reads: readonly (keyof Ruled)[];
  check(sections: Ruled, refuse: Refuse): void;
}

const socketsDiffer: Rule = {
  reads: ['listeners', 'httpd', 'hep_input', 'prometheus'],
  check({ listeners, httpd, hep_input, prometheus: { ip, port } }, refuse) {
    const sockets = [
      ...listeners.map(({ socket }, index) => ({
        at: socket as Endpoint,
        name: `listeners[${index}]`,
        path: ['listeners', index, 'socket'],
      })),
      { at: httpd as Endpoint, name: 'httpd', path: ['httpd', 'port'] },
      ...(port === null ? [] : [{ at: { ip, port }, name: 'prometheus', path: ['prometheus', 'port'] }]),
      ...(hep_input?.transport === 'tcp' ? [{ at: hep_input, name: 'hep_input', path: ['hep_input'] }] : []),
    ].map((socket) => ({ ...socket, bound: canonicalEndpoint(socket.at) }));
    for (const socket of sockets) {
      const first = sockets.find((other) => other === socket || clash(other.bound, socket.bound));
      if (first === undefined || first === socket) continue;
      refuse(socket.path, `${formatEndpoint(first.at)} is the socket of ${first.name} already`);
    }
  },
};

/** Whether the system refuses to bind both, which are canonical: `::` takes IPv4 too. */
function clash({ ip: a, port }: Endpoint, { ip: b, port: other }: Endpoint): boolean {
  if (port !== other || port === 0) return false;
  if (a === b || a === '::' || b === '::') return true;
  return (a === '0.0.0.0' && isIPv4(b)) || (b === '0.0.0.0' && isIPv4(a));
}

const datagramSocketsDiffer: Rule = {
  reads: ['mi_datagram', 'hep_input'],
  check({ mi_datagram, hep_input }, refuse) {
    if (
      mi_datagram === undefined ||
      hep_input?.transport !== 'udp' ||
      !clash(canonicalEndpoint(mi_datagram.socket_name), canonicalEndpoint(hep_input))
    )
      return;
    refuse(['hep_input'], `${formatEndpoint(mi_datagram.socket_name)} is the socket of mi_datagram already`);
  },
};

const rangesGuardHepInput: Rule = {
  reads: ['hep_input'],
  check({ hep_input }, refuse) {
    if (hep_input === undefined || hep_input.from !== null || isLoopback(hep_input.ip)) return;
    refuse(
      ['hep_input'],
      `needs { socket, from }: ${hep_input.ip} is no loopback address, and who may send there must be said, as in from: [10.0.0.5]`,
    );
  },
};

const msrpsHasCertificate: Rule = {
  reads: ['listeners', 'tls_mgm'],
  check({ listeners, tls_mgm }, refuse) {
    const domains = Object.values(tls_mgm.server_domain);
    for (const [index, { socket }] of listeners.entries()) {
      if (socket.proto === 'msrp' || domains.some((domain) => servesSocket(domain, socket))) continue;
      refuse(
        ['listeners', index, 'socket'],
        `no tls_mgm.server_domain matches ${formatEndpoint(socket)}; add one with certificate and private_key (and match_ip_address "*" or this address)`,
      );
    }
  },
};

const upstreamsDiffer: Rule = {
  reads: ['listeners'],
  check({ listeners }, refuse) {
    for (const [index, { upstream }] of listeners.entries()) {
      if (upstream === 'to_path') continue;
      const names = upstream.map((nextHop) => `${nextHop.proto}:${formatHostPort(nextHop)}`);
      for (const [at, name] of names.entries()) {
        if (names.indexOf(name) < at) refuse(['listeners', index, 'upstream', at], `${name} is in the list already`);
      }
    }
  },
};

const toPathHasRanges: Rule = {
  reads: ['listeners', 'to_path'],
  check({ listeners, to_path }, refuse) {
    for (const [index, { upstream, upstream_policy }] of listeners.entries()) {
      if (upstream !== 'to_path') continue;
      if (to_path.allow.length === 0) {
        refuse(
          ['listeners', index, 'upstream'],
          'to_path needs to_path.allow, the addresses that may be dialled, as in to_path: { allow: ["10.0.0.0/8:2000-7000"] }',
        );
      }
      if (upstream_policy !== 'ordered') {
        refuse(['listeners', index, 'upstream_policy'], 'is for a list of next hops; leave it out with to_path');
      }
    }
  },
};

const hepNamesDiffer: Rule = {
  reads: ['proto_hep'],
  check({ proto_hep }, refuse) {
    const names = proto_hep.hep_id.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) refuse(['proto_hep', 'hep_id', index], `the name ${name} is taken already`);
    }
  },
};

const destinationsExist: Rule = {
  reads: ['proto_msrp', 'proto_hep'],
  check({ proto_msrp, proto_hep }, refuse) {
    const path = ['proto_msrp', 'trace_destination'];
    const known = proto_hep.hep_id.map(({ name }) => name);
    const seen = new Set<string>();
    for (const name of proto_msrp.trace_destination) {
      if (seen.has(name)) refuse(path, `${name} is listed twice`);
      else if (!known.includes(name))
        refuse(path, `no proto_hep.hep_id has the name ${JSON.stringify(name)}; ${namesOf(known)}`);
      seen.add(name);
    }
  },
};

/** There is a token where one is needed; which may be a matter of the machine. */
function tokenGuardsHttpd(environment: Environment): Rule {
  return {
    reads: ['httpd'],
    check({ httpd }, refuse) {
      const { ip, token, token_file } = httpd;
      if (isLoopback(ip) || token !== undefined || token_file !== null) return;
      if (environment.token !== undefined && environment.token !== '') return;
      refuse(
        ['httpd', 'token'],
        `is required unless httpd.ip is a loopback address, and httpd.ip is ${ip}; set it, httpd.token_file, or ${TOKEN_VARIABLE} in the environment`,
      );
    },
  };
}

/** Less would not hold some segments, out of which the oldest goes. */
const SPOOL_BYTES_EACH = 1_048_576;

const spoolIsShared: Rule = {
  reads: ['proto_hep', 'workers'],
  check({ proto_hep: { hep_spool }, workers }, refuse) {
    const least = workerCount(workers) * SPOOL_BYTES_EACH;
    if (hep_spool === null || hep_spool.max_bytes >= least) return;
    refuse(
      ['proto_hep', 'hep_spool', 'max_bytes'],
      `${hep_spool.max_bytes} is too little for ${workerCount(workers)} workers, who share it; set ${least} at least`,
    );
  },
};

const oneToken: Rule = {
  reads: HTTP_PORTS,
  check(sections, refuse) {
    for (const name of HTTP_PORTS) {
      const { token, token_file } = sections[name];
      if (token === undefined || token_file === null) continue;
      refuse([name, 'token_file'], `is in the place of ${name}.token: leave one of them out`);
    }
  },
};

const metricsPortIsOne: Rule = {
  reads: ['prometheus'],
  check({ prometheus }, refuse) {
    if (prometheus.port !== null) return;
    const set = (['token', 'token_file', 'tls_domain'] as const).filter((key) => (prometheus[key] ?? null) !== null);
    for (const key of set) refuse(['prometheus', key], 'needs prometheus.port, a port of its own for the metrics');
  },
};

const httpDomainsExist: Rule = {
  reads: [...HTTP_PORTS, 'tls_mgm'],
  check({ tls_mgm: { server_domain }, ...sections }, refuse) {
    for (const port of HTTP_PORTS) {
      const name = sections[port].tls_domain;
      if (name === null) continue;
      const domain = Object.hasOwn(server_domain, name) ? server_domain[name] : undefined;
      if (domain === undefined) {
        const known = namesOf(Object.keys(server_domain));
        refuse([port, 'tls_domain'], `no tls_mgm.server_domain has the name ${JSON.stringify(name)}; ${known}`);
      } else if (hasDeprecatedVersion(domain)) {
        const { min } = domain.tls_method;
        refuse([port, 'tls_domain'], `${name} takes ${min}, and tokens need TLSv1.2 at least: name another domain`);
      }
    }
  },
};

/** Another rule of the machine: a token that stands elsewhere is there, and is one. */
function tokenIsSound(directory: string, environment: Environment): Rule {
  return {
    reads: HTTP_PORTS,
    check(sections, refuse) {
      for (const name of HTTP_PORTS) {
        const found = tokenOf(sections[name], directory, name === 'httpd' ? environment : {});
        const key = sections[name].token_file === null ? 'token' : 'token_file';
        if ('problem' in found) refuse([name, key], found.problem);
      }
    },
  };
}

const rootsDiffer: Rule = {
  reads: ['mi_http', 'prometheus'],
  check({ mi_http, prometheus }, refuse) {
    if (mi_http.root !== prometheus.root) return;
    refuse(['prometheus', 'root'], `must differ from mi_http.root, which is ${JSON.stringify(mi_http.root)} too`);
  },
};

/** A rule of the machine rather than of the text. */
function routeHasFile(directory: string): Rule {
  return {
    reads: ['proto_msrp', 'filters'],
    check({ proto_msrp, filters }, refuse) {
      if (proto_msrp.trace_filter_route === null) return;
      const file = resolve(directory, filters, `${proto_msrp.trace_filter_route}.js`);
      if (!existsSync(file)) refuse(['proto_msrp', 'trace_filter_route'], `there is no file ${file}`);
    },
  };
}

/** The FIFOs, another rule of the machine: their folders are there, and no other file stands in their place. */
function fifosHaveRoom(directory: string): Rule {
  return {
    reads: ['mi_fifo'],
    check({ mi_fifo }, refuse) {
      if (mi_fifo === undefined) return;
      const folders = { fifo_name: dirname(resolve(directory, mi_fifo.fifo_name)), reply_dir: mi_fifo.reply_dir };
      for (const [key, folder] of Object.entries(folders)) {
        const path = resolve(directory, folder);
        if (!isFolder(path)) refuse(['mi_fifo', key], `there is no folder ${path}`);
      }
      const fifo = resolve(directory, mi_fifo.fifo_name);
      if (isOtherFile(fifo)) refuse(['mi_fifo', 'fifo_name'], `${fifo} is no FIFO: name another, or remove it`);
    },
  };
}

function isOtherFile(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === false;
  } catch {
    // Its folder is told of.
    return false;
  }
}

/** The folder of the spool is there, or can be made in one that is. */
function spoolHasRoom(directory: string): Rule {
  return {
    reads: ['proto_hep'],
    check({ proto_hep: { hep_spool } }, refuse) {
      if (hep_spool === null) return;
      const [dir, path] = [resolve(directory, hep_spool.dir), ['proto_hep', 'hep_spool', 'dir']];
      if (isFolder(dir)) return;
      if (existsSync(dir)) refuse(path, `${dir} is no folder: name another, or remove it`);
      else if (!isFolder(dirname(dir))) refuse(path, `there is no folder ${dirname(dir)}`);
    },
  };
}

/** Another rule of the machine: at the open-file limit Node.js closes accepted connections without a word. */
const connectionsFit: Rule = {
  reads: ['limits', 'workers'],
  check({ limits: { max_connections = 1 }, workers }, refuse) {
    const [openFiles, processes] = [openFileLimit(), workerCount(workers)];
    const fit = connectionsThatFit(openFiles, processes);
    if (max_connections <= fit) return;
    const limit = processes === 1 ? `${openFiles}` : `${openFiles} of ${processes} workers each`;
    refuse(
      ['limits', 'max_connections'],
      `${max_connections} do not fit the open-file limit ${limit}; set ${fit} at most, or raise the limit (LimitNOFILE=, ulimit -n)`,
    );
  },
};

const buffersFit: Rule = {
  reads: ['limits', 'workers'],
  check({ limits: { link_buffer, buffer }, workers }, refuse) {
    const least = link_buffer * workerCount(workers);
    if (buffer >= least) return;
    refuse(
      ['limits', 'buffer'],
      `${buffer} is less than link_buffer (${link_buffer}) for each of the workers, who share it; set ${least} at least`,
    );
  },
};

/** The rules of the text. */
const TEXT_RULES: readonly Rule[] = [
  socketsDiffer,
  datagramSocketsDiffer,
  rangesGuardHepInput,
  upstreamsDiffer,
  toPathHasRanges,
  msrpsHasCertificate,
  hepNamesDiffer,
  destinationsExist,
  oneToken,
  metricsPortIsOne,
  httpDomainsExist,
  spoolIsShared,
  buffersFit,
  rootsDiffer,
];

/** The rules of the text alone, whatever there is on this machine. */
export const RULES: readonly Rule[] = [...TEXT_RULES, tokenGuardsHttpd({})];

/** And those of the machine: files, limits, the environment. */
export function machineRules(directory: string, environment: Environment): readonly Rule[] {
  return [
    ...TEXT_RULES,
    routeHasFile(directory),
    fifosHaveRoom(directory),
    spoolHasRoom(directory),
    connectionsFit,
    tokenGuardsHttpd(environment),
    tokenIsSound(directory, environment),
  ];
}

function namesOf(known: readonly string[]): string {
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
