/** What `msrptap check` tells: what keeps a configuration from being used, and what is risky about it. */
import { join } from 'node:path';
import { hepInputRisks } from './check/hep-input.js';
import { miRisks } from './check/mi.js';
import { nextHopRisks } from './check/next-hops.js';
import { socketRisks } from './check/sockets.js';
import { timeoutRisks } from './check/timeouts.js';
import { tlsRisks, versionRisks } from './check/tls.js';
import { traceRisks } from './check/trace.js';
import { ConfigError, formatProblem, readConfig, type Config } from './config.js';
import type { Environment } from './config/token.js';
import { messageOf } from './lib/errors.js';
import { loadDomain } from './net/tls-files.js';
import { loadCheck } from './trace/filter-thread.js';

export { timeoutRisks } from './check/timeouts.js';

export interface Findings {
  /** msrptap would not start. */
  readonly problems: readonly string[];
  /** It would start; each names the key, why it is risky, and what to set. */
  readonly risks: readonly string[];
}

/** Reads the configuration and all the files that it names; binds and connects nothing. */
export async function checkConfig(file: string, now = new Date(), environment: Environment = {}): Promise<Findings> {
  let config: Config;
  try {
    config = readConfig(file, environment);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems.map(formatProblem) : [messageOf(error)];
    return { problems, risks: [] };
  }
  const tls = checkDomains(config, now);
  const filter = await filterProblem(config);
  return {
    problems: [...tls.problems, ...(filter === null ? [] : [filter])],
    risks: [
      ...timeoutRisks(config),
      ...traceRisks(config),
      ...versionRisks(config),
      ...tls.risks,
      ...socketRisks(config),
      ...nextHopRisks(config),
      ...miRisks(config),
      ...hepInputRisks(config),
    ],
  };
}

function checkDomains({ tls_mgm }: Config, now: Date): Findings {
  const problems: string[] = [];
  const risks: string[] = [];
  for (const domain of [...Object.values(tls_mgm.server_domain), ...Object.values(tls_mgm.client_domain)]) {
    try {
      risks.push(...tlsRisks(domain, loadDomain(domain, now), now));
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { problems, risks };
}

async function filterProblem({ filters, proto_msrp }: Config): Promise<string | null> {
  const route = proto_msrp.trace_filter_route;
  if (route === null) return null;
  const problem = await loadCheck({ file: join(filters, `${route}.js`), routeName: route });
  return problem === null ? null : `proto_msrp.trace_filter_route: ${problem.message}`;
}
