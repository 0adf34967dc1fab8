/** A panel of lines over time. */
import { clock, formatted, ticks } from './scale.js';
import { coordinate, element, text } from './svg.js';
import type { Theme } from './theme.js';

export interface Line {
  readonly legend: string;
  /** Seconds since the beginning of the picture, and the value then. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Chart {
  readonly title: string;
  /** One of Grafana's. */
  readonly unit: string;
  readonly lines: readonly Line[];
  /** Seconds that the picture shows. */
  readonly length: number;
  /** Seconds from one point to the next; where more lie between two, the line is broken. */
  readonly step: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const LEFT = 72;
const RIGHT = 16;
const TOP = 36;
/** The legend, and the times above it. */
const BOTTOM = 46;
const TICKS = 4;
const SECONDS_A_TICK = 30;
/** More would not fit under it. */
const MOST_LINES = 6;

export function drawChart({ title, unit, lines, length, step }: Chart, box: Box, theme: Theme): string {
  const shown = lines.toSorted((a, b) => total(b) - total(a)).slice(0, MOST_LINES);
  const values = shown.flatMap(({ points }) => points.map(([, value]) => value));
  const levels = ticks(Math.max(0, ...values), TICKS);
  const plot = plotIn(box, length, levels.at(-1) ?? 1);
  return [
    drawFrame(box, theme),
    text(title, { x: box.x + 14, y: box.y + 23, fill: theme.text, 'font-size': 13, 'font-weight': 600 }),
    drawAxes(plot, levels, unit, length, theme),
    ...shown.map(({ points }, index) => drawLine(unbroken(points, step), plot, colorOf(index, theme))),
    drawLegend(shown, { ...box, x: box.x + 16, y: box.y + box.height - 12, width: box.width - 32 }, theme),
  ].join('\n');
}

/** Where seconds and values lie. */
interface Plot {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly x: (seconds: number) => number;
  readonly y: (value: number) => number;
}

function plotIn(box: Box, length: number, highest: number): Plot {
  const [left, right] = [box.x + LEFT, box.x + box.width - RIGHT];
  const [top, bottom] = [box.y + TOP, box.y + box.height - BOTTOM];
  return {
    left,
    right,
    bottom,
    x: (seconds) => left + (seconds / length) * (right - left),
    y: (value) => bottom - (value / highest) * (bottom - top),
  };
}

function drawAxes(plot: Plot, levels: readonly number[], unit: string, length: number, theme: Theme): string {
  const ends = (y: number): readonly (readonly [number, number])[] => [
    [plot.left, y],
    [plot.right, y],
  ];
  const small = { fill: theme.faint, 'font-size': 11 };
  const drawn = levels.flatMap((level) => [
    element('path', { d: path(ends(plot.y(level))), stroke: theme.grid }),
    text(formatted(level, unit), { x: plot.left - 8, y: plot.y(level) + 4, 'text-anchor': 'end', ...small }),
  ]);
  for (let seconds = 0; seconds <= length; seconds += SECONDS_A_TICK) {
    drawn.push(text(clock(seconds), { x: plot.x(seconds), y: plot.bottom + 16, 'text-anchor': 'middle', ...small }));
  }
  return drawn.join('');
}

function drawLine(parts: readonly Line['points'][], plot: Plot, color: string): string {
  return parts
    .map((part) => {
      const points = part.map(([seconds, value]) => [plot.x(seconds), plot.y(value)] as const);
      const ends = [points.at(-1), points.at(0)].flatMap((end) =>
        end === undefined ? [] : [[end[0], plot.bottom] as const],
      );
      return (
        element('path', { d: `${path([...points, ...ends])}Z`, fill: color, 'fill-opacity': '0.08' }) +
        element('path', {
          d: path(points),
          fill: 'none',
          stroke: color,
          'stroke-width': 1.5,
          'stroke-linejoin': 'round',
        })
      );
    })
    .join('');
}

function path(points: readonly (readonly [number, number])[]): string {
  return `M${points.map(([x, y]) => `${coordinate(x)} ${coordinate(y)}`).join('L')}`;
}

function colorOf(index: number, { lines, text: color }: Theme): string {
  return lines[index % lines.length] ?? color;
}

export function drawFrame({ x, y, width, height }: Box, { panel, border }: Theme): string {
  return element('rect', {
    x: x + 0.5,
    y: y + 0.5,
    width: width - 1,
    height: height - 1,
    rx: 3,
    fill: panel,
    stroke: border,
  });
}

/** One line of names, each after a dash of its colour; those that no longer fit are left out. */
function drawLegend(lines: readonly Line[], { x, y, width }: Box, theme: Theme): string {
  let left = x;
  return lines
    .map(({ legend }, index) => {
      const start = left;
      const needed = 18 + legend.length * CHARACTER;
      if (start + needed > x + width) return '';
      left += needed + 12;
      const color = colorOf(index, theme);
      return (
        element('path', { d: `M${coordinate(start)} ${coordinate(y - 4)}h12`, stroke: color, 'stroke-width': 3 }) +
        text(legend, { x: start + 18, y, fill: theme.faint, 'font-size': 11 })
      );
    })
    .join('');
}

/** Of a letter of 11 pixels, about. */
const CHARACTER = 6.7;

function total({ points }: Line): number {
  return points.reduce((sum, [, value]) => sum + value, 0);
}

/** The parts of a line that have no hole. */
function unbroken(points: Line['points'], step: number): readonly Line['points'][] {
  const parts: (readonly [number, number])[][] = [];
  let last = -Infinity;
  for (const point of points) {
    if (point[0] - last > step * 1.5) parts.push([]);
    parts.at(-1)?.push(point);
    [last] = point;
  }
  return parts;
}
