/** Where packets go. */
import { namesOf, type Rule } from './rule.js';

export const hepNamesDiffer: Rule = {
  reads: ['proto_hep'],
  check({ proto_hep }, refuse) {
    const names = proto_hep.hep_id.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) < index) refuse(['proto_hep', 'hep_id', index], `the name ${name} is taken already`);
    }
  },
};

export const destinationsExist: Rule = {
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
