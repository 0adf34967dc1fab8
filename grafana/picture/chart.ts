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

const LEFT = 66;
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
  const plot = {
    x: box.x + LEFT,
    y: box.y + TOP,
    width: box.width - LEFT - RIGHT,
    height: box.height - TOP - BOTTOM,
  };
  const values = shown.flatMap(({ points }) => points.map(([, value]) => value));
  const levels = ticks(Math.max(0, ...values), TICKS);
  const highest = levels.at(-1) ?? 1;
  const atX = (seconds: number): number => plot.x + (seconds / length) * plot.width;
  const atY = (value: number): number => plot.y + plot.height - (value / highest) * plot.height;
  const bottom = plot.y + plot.height;
  const small = { fill: theme.faint, 'font-size': 11 };
  const grid = levels.map(
    (level) =>
      element('path', { d: `M${coordinate(plot.x)} ${coordinate(atY(level))}h${plot.width}`, stroke: theme.grid }) +
      text(formatted(level, unit), { x: plot.x - 8, y: atY(level) + 4, 'text-anchor': 'end', ...small }),
  );
  const times: string[] = [];
  for (let seconds = 0; seconds <= length; seconds += SECONDS_A_TICK) {
    times.push(text(clock(seconds), { x: atX(seconds), y: bottom + 16, 'text-anchor': 'middle', ...small }));
  }
  const drawn = shown.map(({ points }, index) => {
    const color = theme.lines[index % theme.lines.length] ?? theme.text;
    return unbroken(points, step)
      .map((part) => {
        const d = part.map(([seconds, value]) => `${coordinate(atX(seconds))} ${coordinate(atY(value))}`).join('L');
        const [first = 0] = part[0] ?? [];
        const [last = 0] = part.at(-1) ?? [];
        const area = `M${coordinate(atX(first))} ${coordinate(bottom)}L${d}L${coordinate(atX(last))} ${coordinate(bottom)}Z`;
        return (
          element('path', { d: area, fill: color, 'fill-opacity': '0.08' }) +
          element('path', {
            d: `M${d}`,
            fill: 'none',
            stroke: color,
            'stroke-width': '1.5',
            'stroke-linejoin': 'round',
          })
        );
      })
      .join('');
  });
  return [
    drawFrame(box, theme),
    text(title, { x: box.x + 14, y: box.y + 23, fill: theme.text, 'font-size': 13, 'font-weight': 600 }),
    ...grid,
    ...times,
    ...drawn,
    drawLegend(shown, { ...box, x: box.x + 16, y: box.y + box.height - 12, width: box.width - 32 }, theme),
  ].join('\n');
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
      const color = theme.lines[index % theme.lines.length] ?? theme.text;
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
