import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf, MsrptapError } from '../lib/errors.js';
import type { ClientDomain, ServerDomain } from '../net/tls-domain.js';
import { problemsOf } from './messages.js';
import { DEFAULT_MAX_CONNECTIONS, defaultMaxConnections, openFileLimit, workerCount } from './open-files.js';
import { ConfigError, type ConfigProblem } from './problems.js';
import { machineRules, RULES } from './rules.js';
import { withRules } from './rules/rule.js';
import { schema, type Sections } from './schema.js';
import type { ClientDomainSection, ServerDomainSection } from './tls-schema.js';
import { tokenOf, type Environment, type TokenSources } from './token.js';
import type { Config, HepSpool, Limits, MiFifo } from './types.js';
import { readYaml } from './yaml.js';

/**
 * Reads a configuration file. Certificates are not read here, see loadDomain.
 * @throws {MsrptapError} config_unreadable
 * @throws {ConfigError} config_invalid, with all the problems
 */
export function readConfig(file: string, environment: Environment = {}): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new MsrptapError('config_unreadable', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  return parseConfig(text, file, environment);
}

/**
 * @param file where the text comes from: relative paths in it are relative to its folder
 * @throws {ConfigError} config_invalid, with all the problems
 */
export function parseConfig(text: string, file: string, environment: Environment = {}): Config {
  const data = readYaml(text, file);
  const directory = dirname(resolve(file));
  const written = withoutEmpty(data.value);
  const result = withRules(schema, machineRules(directory, environment)).safeParse(written);
  if (!result.success) throw new ConfigError(file, problemsOf(result.error.issues, data));
  return { ...complete(result.data, resolve(file), directory, environment), written };
}

/** Whatever there is on this machine. Made once, as it is asked for again and again by whoever mends a text. */
const textSchema = withRules(schema, RULES);

/** What is wrong with the text of a configuration, whatever there is on this machine. */
export function textProblems(text: string, file: string): readonly ConfigProblem[] {
  try {
    const data = readYaml(text, file);
    const result = textSchema.safeParse(withoutEmpty(data.value));
    return result.success ? [] : problemsOf(result.error.issues, data);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** Parts of sections that may be empty as sections may: whoever comments out what stands in them leaves them so. */
const MAY_BE_EMPTY = new Set(['server_domain', 'client_domain', 'hep_id']);

/** Sections that switch something on by standing there, be it with nothing but defaults. */
const SWITCHES = new Set(['mi_fifo']);

/** A section that is empty in YAML is null: it has nothing but defaults. */
function withoutEmpty(value: unknown): unknown {
  return without(
    value ?? {},
    (key, section) => section === null && !SWITCHES.has(key),
    (section) => (section === null ? {} : without(section, (key, part) => part === null && MAY_BE_EMPTY.has(key))),
  );
}

/** A map without the entries that are `empty`; anything else as it is. */
function without(
  value: unknown,
  empty: (key: string, entry: unknown) => boolean,
  each: (entry: unknown) => unknown = (entry) => entry,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => (empty(key, entry) ? [] : [[key, each(entry)]])),
  );
}

function complete(
  sections: Sections,
  file: string,
  directory: string,
  environment: Environment,
): Omit<Config, 'written'> {
  const { listeners, proto_hep, tls_mgm, httpd, prometheus, hep_input, mi_fifo, mi_datagram, filters, limits } =
    sections;
  const workers = workerCount(sections.workers);
  return {
    ...sections,
    file,
    directory,
    listeners: listeners.map(({ socket, ...others }) => ({ ...socket, ...others })),
    proto_hep: { ...proto_hep, hep_spool: absoluteSpool(proto_hep.hep_spool, directory) },
    tls_mgm: {
      server_domain: mapValues(tls_mgm.server_domain, (domain, name) => serverDomain(name, domain, directory)),
      client_domain: mapValues(tls_mgm.client_domain, (domain, name) => clientDomain(name, domain, directory)),
    },
    hep_input: hep_input ?? null,
    httpd: withToken(httpd, directory, environment),
    prometheus: withToken(prometheus, directory, {}),
    mi_fifo: mi_fifo === undefined ? null : absoluteFifo(mi_fifo, directory),
    mi_datagram: mi_datagram ?? null,
    filters: resolve(directory, filters),
    limits: withDefaults(limits, workers),
    workers,
  };
}

/** Those that depend on the machine, and on each other. */
function withDefaults(limits: Sections['limits'], workers: number): Limits {
  const { max_connections = defaultMaxConnections(openFileLimit(), workers) } = limits;
  const { accept_rate = Math.max(DEFAULT_MAX_CONNECTIONS, max_connections) } = limits;
  return { ...limits, max_connections, accept_rate };
}

/** @throws MsrptapError config_invalid when the file was changed since the rules looked at it */
function withToken<T extends TokenSources>(port: T, directory: string, environment: Environment): T {
  const found = tokenOf(port, directory, environment);
  if ('problem' in found) throw new MsrptapError('config_invalid', found.problem);
  const token = found.value === undefined ? {} : { token: found.value };
  return { ...port, token_file: resolved(port.token_file, directory), ...token };
}

function absoluteSpool(spool: HepSpool | null, directory: string): HepSpool | null {
  return spool === null ? null : { ...spool, dir: resolve(directory, spool.dir) };
}

function absoluteFifo(fifo: MiFifo, directory: string): MiFifo {
  return { ...fifo, fifo_name: resolve(directory, fifo.fifo_name), reply_dir: resolve(directory, fifo.reply_dir) };
}

function serverDomain(name: string, domain: ServerDomainSection, directory: string): ServerDomain {
  return {
    ...domain,
    kind: 'server_domain',
    name,
    certificate: resolve(directory, domain.certificate),
    private_key: resolve(directory, domain.private_key),
    ...filesOf(domain, directory),
  };
}

function clientDomain(name: string, domain: ClientDomainSection, directory: string): ClientDomain {
  return {
    ...domain,
    kind: 'client_domain',
    name,
    certificate: resolved(domain.certificate, directory),
    private_key: resolved(domain.private_key, directory),
    ...filesOf(domain, directory),
  };
}

type Paths = Pick<ServerDomain, 'ca_list' | 'ca_dir' | 'crl_dir' | 'dh_params'>;

function filesOf({ ca_list, ca_dir, crl_dir, dh_params }: Paths, directory: string): Paths {
  return {
    ca_list: resolved(ca_list, directory),
    ca_dir: resolved(ca_dir, directory),
    crl_dir: resolved(crl_dir, directory),
    dh_params: resolved(dh_params, directory),
  };
}

function resolved(path: string | null, directory: string): string | null {
  return path === null ? null : resolve(directory, path);
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
