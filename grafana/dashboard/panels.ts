/** The kinds of panel that the dashboard has: each looks the same wherever it stands. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Query } from './query.js';

/** What panels of every kind can be told. */
interface PanelBuilder extends Builder<dashboard.Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: common.DataSourceRef): this;
  withTarget(target: Builder<Dataquery>): this;
  height(rows: number): this;
  span(columns: number): this;
}

export type Panel = PanelBuilder;

interface Told {
  readonly title: string;
  /** The question it answers, and what to think of the answer. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Columns; the dashboard has 24. */
  readonly span?: number;
}

interface Measured extends Told {
  /** One of the SDK's units. */
  readonly unit: string;
}

/** From which value on a figure has which colour; the first holds for all that is less than the second. */
export type Colours = readonly (readonly [color: string, from: number | null])[];

/** One is one too many. */
export const NONE_IS_GOOD: Colours = [
  ['green', null],
  ['red', 1],
];

/** What the values of a switch mean. */
export interface Meaning {
  readonly zero: string;
  readonly one: string;
}

/** The data source that is chosen above the dashboard. */
export const DATASOURCE: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

const LINES = { span: 8, height: 8 };
const FIGURE = { span: 4, height: 4 };

/** Figures over time. */
export function lines({ unit, ...told }: Measured): TimeSeriesBuilder {
  return tell(new TimeSeriesBuilder(), told, LINES)
    .unit(unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending)
        .hideZeros(true),
    );
}

/** One figure, as it is now, with its course behind it. */
export function figure({ unit, colours, ...told }: Measured & { readonly colours: Colours }): StatBuilder {
  return tell(new StatBuilder(), told, FIGURE)
    .unit(unit)
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(
      new dashboard.ThresholdsConfigBuilder()
        .mode(dashboard.ThresholdsMode.Absolute)
        .steps(colours.map(([color, value]) => ({ color, value }))),
    );
}

/** Switches: when each was 0 (red) and when 1 (green). */
export function states({ zero, one, ...told }: Told & Meaning): StateTimelineBuilder {
  return tell(new StateTimelineBuilder(), told, LINES)
    .mappings([
      {
        type: dashboard.MappingType.ValueToText,
        options: { 0: { text: zero, color: 'red', index: 0 }, 1: { text: one, color: 'green', index: 1 } },
      },
    ])
    .fillOpacity(70)
    .lineWidth(0);
}

function tell<Kind extends PanelBuilder>(
  panel: Kind,
  { title, description, queries, span }: Told,
  usual: { readonly span: number; readonly height: number },
): Kind {
  panel
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .height(usual.height)
    .span(span ?? usual.span);
  for (const [index, { expr, legend }] of queries.entries()) {
    const refId = String.fromCodePoint('A'.codePointAt(0)! + index);
    panel.withTarget(
      new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(expr).legendFormat(legend).range(),
    );
  }
  return panel;
}
