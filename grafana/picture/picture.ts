/** The main panels of the dashboard as an SVG: figures above, charts below, two to a line. */
import { drawChart, drawFrame, type Box, type Chart } from './chart.js';
import { formatted } from './scale.js';
import { element, escaped, text } from './svg.js';
import type { Theme } from './theme.js';

export interface Figure {
  readonly title: string;
  /** One of Grafana's. */
  readonly unit: string;
  readonly value: number;
  /** From which value on it has which colour, the least first. */
  readonly steps: readonly { readonly color: string; readonly value: number | null }[];
}

const WIDTH = 1_000;
const GAP = 10;
const FIGURE_HEIGHT = 78;
const CHART_HEIGHT = 214;
const COLUMNS = 2;
const FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

/** @param title what it shows, for those who do not see it */
export function drawPicture(title: string, figures: readonly Figure[], charts: readonly Chart[], theme: Theme): string {
  const lines = Math.ceil(charts.length / COLUMNS);
  const height = GAP + FIGURE_HEIGHT + GAP + lines * (CHART_HEIGHT + GAP);
  const canvas = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height };
  return `${element(
    'svg',
    { ...canvas, role: 'img', 'font-family': FONT },
    element('title', {}, escaped(title)),
    element('rect', { width: WIDTH, height, rx: 6, fill: theme.canvas }),
    ...figures.map((figure, index) => drawFigure(figure, column(index, figures.length, GAP, FIGURE_HEIGHT), theme)),
    ...charts.map((chart, index) => {
      const y = GAP + FIGURE_HEIGHT + GAP + Math.floor(index / COLUMNS) * (CHART_HEIGHT + GAP);
      return drawChart(chart, column(index % COLUMNS, COLUMNS, y, CHART_HEIGHT), theme);
    }),
  )}\n`;
}

function drawFigure({ title, unit, value, steps }: Figure, box: Box, theme: Theme): string {
  const color = steps.findLast((step) => step.value === null || value >= step.value)?.color ?? '';
  const middle = { x: box.x + box.width / 2, 'text-anchor': 'middle' };
  const big = { 'font-size': 24, 'font-weight': 600, fill: theme.named[color] ?? theme.text };
  return [
    drawFrame(box, theme),
    text(title, { ...middle, y: box.y + 22, fill: theme.text, 'font-size': 12 }),
    text(formatted(value, unit), { ...middle, y: box.y + 57, ...big }),
  ].join('\n');
}

/** Of so many that stand side by side. */
function column(index: number, of: number, y: number, height: number): Box {
  const width = (WIDTH - GAP * (of + 1)) / of;
  return { x: GAP + index * (width + GAP), y, width, height };
}
