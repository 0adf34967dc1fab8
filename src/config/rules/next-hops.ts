/** Where connections lead. */
import { formatHostPort } from '../../lib/address.js';
import type { Rule } from './rule.js';

export const upstreamsDiffer: Rule = {
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

export const toPathHasRanges: Rule = {
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
