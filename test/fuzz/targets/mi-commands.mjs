// @ts-check
import { miCommands } from '#src/control/commands.js';

/** @import { Control } from '#src/control/commands.js' */

/** What MI commands act on, in memory. @returns {Control} */
function control() {
  return {
    spots: null,
    correlations: null,
    startedAt: new Date(0),
    now: () => new Date(60_000),
    version: '1.2.3',
    processes: () => [{ pid: 11, type: 'control' }],
    figures: async () => ({ bytes_total: [[{ direction: 'up' }, 5]], observer_errors_total: [[{}, 0]] }),
    links: async () => ({ told: { rows: [], total: 0, hasMore: false }, missing: [] }),
    sessions: async () => ({ told: { rows: [], total: 0, hasMore: false }, missing: [] }),
    closeLink: async (id) => ({ told: id === 'a-1', missing: [] }),
    idleTimeout: 3_600_000,
    destinations: async () => ({ told: [], missing: [] }),
    tlsDomains: [],
    reload: async () => ({ refused: null, changed: [] }),
    reloadCertificates: async () => {},
    reloadFilters: null,
    trace: { on: true, set() {} },
  };
}

export const COMMANDS = miCommands(control());

export const REQUESTS = [
  '{"jsonrpc":"2.0","method":"msrp_trace","params":["off"],"id":1}',
  '{"jsonrpc":"2.0","method":"msrp_trace","params":{"trace_mode":"on"},"id":"x"}',
  '{"jsonrpc":"2.0","method":"get_statistics","params":{"statistics":["all"]},"id":12345678901234567890}',
  '{"jsonrpc":"2.0","method":"msrptap:links","params":{"limit":"5","offset":2},"id":null}',
  '{"jsonrpc":"2.0","method":"msrptap:close","params":["a-1"]}',
  '{"jsonrpc":"2.0","method":"which","id":1}',
];

export const JSON_WORDS = [
  '"jsonrpc":"2.0"',
  '"method":',
  '"params":',
  '"id":',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\"',
  '\\u0000',
  '\\ud800',
  ',',
  ':',
  'null',
  '1e999',
  '__proto__',
  'constructor',
  'version',
  'uptime',
  'ps',
  'tls_list',
  'list_tcp_conns',
  'msrptap:destinations',
  'msrptap:trace',
];
