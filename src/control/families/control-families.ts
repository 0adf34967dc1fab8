/** What is known of the whole. */
import { labelled, single, type ControlFamily } from './family.js';

export const CONTROL_FAMILIES: readonly ControlFamily[] = [
  {
    name: 'max_connections',
    type: 'gauge',
    help: 'limits.max_connections: how many accepted connections may be open at once, over all workers.',
    samples: (sources) => single(sources.maxConnections()),
  },
  {
    name: 'trace_on',
    type: 'gauge',
    help: '1 while tracing is on (trace_on, msrp_trace), 0 while it is off.',
    samples: (sources) => single(Number(sources.traceOn())),
  },
  {
    name: 'workers',
    type: 'gauge',
    help: 'Processes that carry traffic at this moment.',
    samples: (sources) => single(sources.workers().alive),
  },
  {
    name: 'worker_restarts_total',
    type: 'counter',
    help: 'Worker processes that ended by themselves and were to be replaced.',
    samples: (sources) => single(sources.workers().restarts),
  },
  {
    name: 'correlations',
    type: 'gauge',
    help: 'MSRP sessions whose SIP call is known, at most limits.correlations.',
    samples: (sources) => single(sources.correlations().size),
  },
  {
    name: 'correlations_learnt_total',
    type: 'counter',
    help: 'MSRP sessions whose SIP call became known, by who told: mi (msrptap:correlate), sip (hep_input).',
    labels: ['from'],
    samples: (sources) => labelled('from', Object.entries(sources.correlations().learnt)),
  },
  {
    name: 'correlations_refused_total',
    type: 'counter',
    help: 'Times that SIP named a session which is of another call already, as the second leg of a back-to-back user agent does.',
    samples: (sources) => single(sources.correlations().refused),
  },
  {
    name: 'correlations_forgotten_total',
    type: 'counter',
    help: 'MSRP sessions whose SIP call was forgotten before its time, because there were more than limits.correlations.',
    samples: (sources) => single(sources.correlations().forgotten),
  },
  {
    name: 'hep_input_packets_total',
    type: 'counter',
    help: 'Packets of hep_input: learnt (SIP with the path of an MSRP session), passed (any other HEP), refused (who may not send), malformed, dropped (more than are read).',
    labels: ['result'],
    samples: (sources) => labelled('result', Object.entries(sources.hepInput())),
  },
  {
    name: 'http_refused_total',
    type: 'counter',
    help: 'HTTP requests refused: for their Host or Origin header, too many a second, a token that is missing or wrong.',
    labels: ['reason'],
    samples: (sources) => labelled('reason', Object.entries(sources.httpRefused())),
  },
  {
    name: 'config_reloads_total',
    type: 'counter',
    help: 'Reloads of the whole configuration (SIGHUP, msrptap:reload), by whether it could be used: success, failure.',
    labels: ['result'],
    samples: (sources) => {
      const { success, failure } = sources.reloads();
      return labelled('result', Object.entries({ success, failure }));
    },
  },
  {
    name: 'config_last_reload_successful',
    type: 'gauge',
    help: '1 when the last reload of the configuration was a success or there was none, 0 when what the file says is not in force.',
    samples: (sources) => single(Number(sources.reloads().isLastSuccessful)),
  },
  {
    name: 'config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the configuration in force was put in force, in seconds since 1970.',
    samples: (sources) => single(sources.reloads().lastSuccess),
  },
  {
    name: 'build_info',
    type: 'gauge',
    help: 'Always 1; the labels tell the version of msrptap and of Node.js.',
    labels: ['version', 'node'],
    samples: (sources) => [[{ version: sources.version, node: process.versions.node }, 1]],
  },
];
