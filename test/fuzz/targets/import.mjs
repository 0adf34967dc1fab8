// @ts-check
import { readYaml } from '#src/config/yaml.js';
import { readCfg } from '#src/import/cfg-statements.js';
import { importCfg } from '#src/import/import.js';
import { check } from './check.mjs';

/** @import { Target } from '../target.mjs' */

const CFG = `# opensips
socket=msrp:10.0.0.1:2855
listen = msrps:[2001:db8::1]:2856 use_workers 4
loadmodule "proto_msrp.so"
loadmodule "msrp_relay.so"
modparam("proto_msrp", "send_timeout", 10000)
modparam("proto_msrp", "trace_destination", "hep_dest")
modparam("proto_msrp", "trace_filter_route", "r")
`;
const TLS = `socket=msrps:10.0.0.1:2856
modparam("tls_mgm", "server_domain", "public")
modparam("tls_mgm", "certificate", "[public]/etc/cert.pem")
modparam("tls_mgm", "private_key", "[public]/etc/key.pem")
modparam("proto_hep", "hep_id", "[hep_dest]10.0.0.2:9060;transport=tcp;version=3")
`;
const ROUTE = `socket=msrp:10.0.0.1
modparam("proto_msrp", "trace_filter_route", "r")
route[r] {
  if ($si == "1.1.1.1" && $sp == 8000) { exit; } /* c */
  drop;
}
`;

/** Also a line each: what is short is changed where it matters. */
const SEEDS = [CFG, TLS, ROUTE, ...CFG.split('\n'), ...TLS.split('\n')].map((text) => Buffer.from(text));
const WORDS = [
  'modparam(',
  'loadmodule "',
  'socket=',
  'listen=',
  'route[',
  '{',
  '}',
  '"',
  "'",
  '\\',
  '/*',
  '*/',
  '#',
  '#!ifdef X\n',
  '#!endif\n',
  '!!define ',
  'include_file "x"',
  '\n',
  '\r',
  '__proto__',
  'msrp:',
  ' as ',
  ' tag ',
];
const MAX_LENGTH = 700;

/** @type {Target} */
export const importReading = {
  name: 'import-read',
  what: 'opensips.cfg, taken apart: statements of its lines, and what cannot be read is remarked upon',
  seeds: SEEDS,
  words: WORDS,
  maxLength: MAX_LENGTH,
  run(input) {
    const text = input.toString('utf8');
    const lines = text.split('\n').length;
    const { parameters, remarks } = readCfg(text);
    for (const { line } of [...parameters, ...remarks]) check(line >= 1 && line <= lines, 'a line is one of the file');
  },
};

/** @type {Target} */
export const importing = {
  name: 'import',
  what: 'opensips.cfg, as a whole: whatever stands in it, what is printed is YAML',
  seeds: SEEDS,
  words: WORDS,
  maxLength: MAX_LENGTH,
  run(input) {
    const yaml = importCfg(input.toString('utf8'), 'opensips.cfg');
    check(typeof readYaml(yaml, 'msrptap.yaml').value === 'object', 'a map of sections, or nothing');
  },
};
