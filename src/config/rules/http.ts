/** The ports for HTTP, and who is let in. */
import { isLoopback } from '../../lib/address.js';
import { hasDeprecatedVersion } from '../../net/tls-domain.js';
import { tokenOf, TOKEN_VARIABLE, type Environment } from '../token.js';
import { namesOf, type Rule } from './rule.js';

const HTTP_PORTS = ['httpd', 'prometheus'] as const;

/** There is a token where one is needed; which may be a matter of the machine. */
export function tokenGuardsHttpd(environment: Environment): Rule {
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

export const oneToken: Rule = {
  reads: HTTP_PORTS,
  check(sections, refuse) {
    for (const name of HTTP_PORTS) {
      const { token, token_file } = sections[name];
      if (token === undefined || token_file === null) continue;
      refuse([name, 'token_file'], `is in the place of ${name}.token: leave one of them out`);
    }
  },
};

/** A rule of the machine: a token that stands elsewhere is there, and is one. */
export function tokenIsSound(directory: string, environment: Environment): Rule {
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

export const metricsPortIsOne: Rule = {
  reads: ['prometheus'],
  check({ prometheus }, refuse) {
    if (prometheus.port !== null) return;
    const set = (['token', 'token_file', 'tls_domain'] as const).filter((key) => (prometheus[key] ?? null) !== null);
    for (const key of set) refuse(['prometheus', key], 'needs prometheus.port, a port of its own for the metrics');
  },
};

export const httpDomainsExist: Rule = {
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

export const rootsDiffer: Rule = {
  reads: ['mi_http', 'prometheus'],
  check({ mi_http, prometheus }, refuse) {
    if (mi_http.root !== prometheus.root) return;
    refuse(['prometheus', 'root'], `must differ from mi_http.root, which is ${JSON.stringify(mi_http.root)} too`);
  },
};
