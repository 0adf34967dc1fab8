/** The dashboard: what is chosen above it, and its rows. */
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, type Panel } from './panels.js';
import { failures } from './rows/failures.js';
import { hepDelivery } from './rows/hep-delivery.js';
import { overview } from './rows/overview.js';
import { processPanels } from './rows/process.js';
import { sessions } from './rows/sessions.js';
import { traffic } from './rows/traffic.js';
import { transactions } from './rows/transactions.js';

/** The panels of one row, from left to right. */
interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const ROWS: readonly Row[] = [
  { title: 'Overview', panels: overview() },
  { title: 'Traffic', panels: traffic() },
  { title: 'Transactions', panels: transactions() },
  { title: 'Sessions', panels: sessions() },
  { title: 'Failures', panels: failures() },
  { title: 'HEP delivery', panels: hepDelivery() },
  { title: 'Process', panels: processPanels() },
];

export function buildDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('msrptap')
    .uid('msrptap')
    .description('MSRP through msrptap, and what Homer gets of it. Built from grafana/dashboard: npm run dashboard.')
    .tags(['msrp', 'msrptap', 'homer'])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(chosen('job', 'Job', 'label_values(msrptap_build_info, job)'))
    .withVariable(chosen('instance', 'Instance', 'label_values(msrptap_build_info{job=~"$job"}, instance)'));
  let id = 0;
  for (const { title, panels } of ROWS) {
    dashboard.withRow(new RowBuilder(title).id((id += 1)));
    for (const panel of panels) dashboard.withPanel(panel.id((id += 1)));
  }
  return dashboard.build();
}

/** All of them to begin with. */
function chosen(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current({ text: 'All', value: '$__all' });
}
