/** Draws the main panels of the dashboard, out of what a real Prometheus says of three minutes of traffic. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { test } from 'vitest';
import type { Chart, Line } from '../../grafana/picture/chart.js';
import { drawPicture, type Figure } from '../../grafana/picture/picture.js';
import { THEMES } from '../../grafana/picture/theme.js';
import { useCerts } from '../helpers/certs.js';
import { filledIn, readDashboard, ROOT, type Panel } from '../grafana/files.js';
import { startScene } from './grafana-scene.js';
import type { Prometheus } from './prometheus.js';

const FIGURES = [
  'Requests',
  'Connections in use',
  'Connections failing',
  'Next hops down',
  'HEP packets lost',
  'Tracing off',
];
const CHARTS = [
  'Requests by method',
  'Open connections',
  'Sessions',
  'Messages by content',
  'Time to the response',
  'Messages that did not arrive as a whole',
  'Connections that failed',
  'Packets sent',
];

/** Seconds. */
const WARM_UP = 12;
const LENGTH = 180;
const STEP = 2;
const TROUBLE = { from: 80, to: 125 };
const TIMES = { rateInterval: '10s', range: `${LENGTH}s` };

const TITLE = 'Panels of the dashboard: three minutes of chats, and 45 seconds of mishaps in them';

const certs = useCerts();

test('the picture', async () => {
  const isTroubled = (seconds: number): boolean => seconds >= WARM_UP + TROUBLE.from && seconds < WARM_UP + TROUBLE.to;
  const { prometheus, traffic } = await startScene(certs(), isTroubled);
  await Promise.race([traffic.done, wait((WARM_UP + LENGTH) * 1_000)]);
  const end = Math.floor(Date.now() / 1_000);
  const figures = await Promise.all(FIGURES.map((title) => figure(prometheus, panelCalled(title), end)));
  const charts = await Promise.all(CHARTS.map((title) => chart(prometheus, panelCalled(title), end)));
  await traffic.stop();
  for (const [name, theme] of Object.entries(THEMES)) {
    writeFileSync(join(ROOT, `docs/dashboard-${name}.svg`), drawPicture(TITLE, figures, charts, theme));
  }
});

function panelCalled(title: string): Panel {
  const panel = readDashboard().panels.find((each) => each.title === title && each.type !== 'row');
  if (panel === undefined) throw new Error(`no panel is called ${title}`);
  return panel;
}

async function figure(prometheus: Prometheus, panel: Panel, end: number): Promise<Figure> {
  const { unit = '', thresholds } = panel.fieldConfig?.defaults ?? {};
  const [line] = await lines(prometheus, panel, end);
  const value = line?.points.at(-1)?.[1];
  if (value === undefined) throw new Error(`${panel.title} has no data`);
  return { title: panel.title, unit, value, steps: thresholds?.steps ?? [] };
}

async function chart(prometheus: Prometheus, panel: Panel, end: number): Promise<Chart> {
  const { unit = '' } = panel.fieldConfig?.defaults ?? {};
  // What never happens has no line of its own.
  const shown = (await lines(prometheus, panel, end)).filter(({ points }) => points.some(([, value]) => value > 0));
  return { title: panel.title, unit, lines: shown, length: LENGTH, step: STEP };
}

/** A query's answer over time, as the HTTP API gives it. */
interface Matrix {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

async function lines(prometheus: Prometheus, { targets = [] }: Panel, end: number): Promise<readonly Line[]> {
  const start = end - LENGTH;
  const all: Line[] = [];
  for (const { expr, legendFormat } of targets) {
    const range = { query: filledIn(expr, TIMES), start: String(start), end: String(end), step: String(STEP) };
    const response = await fetch(`${prometheus.url}/api/v1/query_range?${String(new URLSearchParams(range))}`);
    const { data } = (await response.json()) as Matrix;
    for (const { metric, values } of data.result) {
      const legend = legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? '');
      const points = values.map(([time, value]) => [time - start, Number(value)] as const);
      all.push({ legend, points });
    }
  }
  return all;
}
