import { BytesIEC, PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { lines, type Panel } from '../panels.js';
import { foreign, increase, max, quantile, rate, series, sum } from '../query.js';

/** Does it have what it needs? Workers are numbered from 1; with `workers: 1` the one process is worker 1. */
export function processPanels(): readonly Panel[] {
  return [
    lines({
      title: 'CPU by worker',
      description: 'Of one processor, user and system. A worker that stays near 100 % needs company: workers.',
      unit: PercentUnit,
      queries: [
        {
          expr: sum(rate('worker_cpu_seconds_total'), 'instance', 'worker'),
          legend: '{{instance}} worker {{worker}}',
        },
      ],
    }),
    lines({
      title: 'Memory by worker',
      description: 'Resident. It grows with open links and with what waits for HEP destinations, and then stays.',
      unit: BytesIEC,
      queries: [
        {
          expr: sum(series('worker_resident_memory_bytes'), 'instance', 'worker'),
          legend: '{{instance}} worker {{worker}}',
        },
      ],
    }),
    lines({
      title: 'Connections by worker',
      description: 'Accepted ones. Each new one goes to the worker that has the fewest.',
      unit: Short,
      queries: [
        { expr: sum(series('worker_connections'), 'instance', 'worker'), legend: '{{instance}} worker {{worker}}' },
      ],
    }),
    lines({
      title: 'Event loop lag',
      description:
        'How late the loop is, 99th percentile, by worker. control: the process that carries no traffic, where there are several workers.',
      unit: Seconds,
      queries: [
        {
          expr: quantile(0.99, 'event_loop_lag_seconds', 'instance', 'worker'),
          legend: '{{instance}} worker {{worker}}',
        },
        { expr: max(foreign('nodejs_eventloop_lag_p99_seconds'), 'instance'), legend: '{{instance}} control' },
      ],
    }),
    lines({
      title: 'Waiting for slow readers',
      description:
        'Bytes that were read and are not taken yet. At limits.buffer nobody is read for who has any, and new clients are refused.',
      unit: BytesIEC,
      queries: [{ expr: sum(series('buffered_bytes'), 'instance'), legend: '{{instance}}' }],
    }),
    lines({
      title: 'Open files',
      description: 'Of the open-file limit. Of the control process, where there are several workers.',
      unit: PercentUnit,
      queries: [
        {
          expr: max(`${foreign('process_open_fds')} / ${foreign('process_max_fds')}`, 'instance'),
          legend: '{{instance}}',
        },
      ],
    }),
    lines({
      title: 'Workers',
      description:
        'Processes that carry traffic, and how many ended by themselves in the time shown and were replaced.',
      unit: Short,
      queries: [
        { expr: sum(series('workers'), 'instance'), legend: '{{instance}} alive' },
        { expr: sum(increase('worker_restarts_total'), 'instance'), legend: '{{instance}} replaced' },
      ],
    }),
    lines({
      title: 'Errors inside',
      description:
        'In the time shown. Errors that tracing and metrics caught: anything but 0 is a bug to report. Log lines: lost, because whoever reads the log is too slow.',
      unit: Short,
      queries: [
        { expr: sum(increase('observer_errors_total'), 'instance'), legend: '{{instance}} errors' },
        { expr: sum(increase('log_lines_dropped_total'), 'instance'), legend: '{{instance}} log lines' },
      ],
    }),
    lines({
      title: 'Versions',
      description: 'Instances by version of msrptap and of Node.js.',
      unit: Short,
      queries: [{ expr: sum(series('build_info'), 'version', 'node'), legend: '{{version}}, Node.js {{node}}' }],
    }),
  ];
}
