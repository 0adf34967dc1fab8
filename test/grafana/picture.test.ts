import { describe, expect, test } from 'vitest';
import { drawChart, type Chart } from '../../grafana/picture/chart.js';
import { drawPicture, type Figure } from '../../grafana/picture/picture.js';
import { clock, formatted, ticks } from '../../grafana/picture/scale.js';
import { THEMES } from '../../grafana/picture/theme.js';
import { readText } from './files.js';

test.each([
  [0, 'reqps', '0 req/s'],
  [0.25, 'cps', '0.25/s'],
  [123.4, 'reqps', '123 req/s'],
  [1_500, 'short', '1.5k'],
  [1_500, 'Bps', '1.5 kB/s'],
  [20_000_000, 'bytes', '20 MB'],
  [0.0525, 'percentunit', '5.3 %'],
  [1, 'percentunit', '100 %'],
  [0, 's', '0 s'],
  [0.0025, 's', '2.5 ms'],
  [1.5, 's', '1.5 s'],
  [7 * 86_400, 'dtdurations', '7 days'],
  [730 * 86_400, 'dtdurations', '2 years'],
])('%d %s is %s', (value, unit, expected) => {
  expect(formatted(value, unit)).toBe(expected);
});

test.each([
  [0, [0, 1]],
  [4, [0, 1, 2, 3, 4]],
  [7, [0, 2, 4, 6, 8]],
  [18, [0, 5, 10, 15, 20]],
  [0.3, [0, 0.1, 0.2, 0.3]],
  [0.31, [0, 0.1, 0.2, 0.3, 0.4]],
])('an axis up to %d', (most, expected) => {
  expect(ticks(most, 4)).toEqual(expected);
});

test.each([
  [0, '0:00'],
  [65, '1:05'],
  [180, '3:00'],
])('%d s is %s', (seconds, expected) => {
  expect(clock(seconds)).toBe(expected);
});

const CHART: Chart = {
  title: 'Requests <by> method & more',
  unit: 'reqps',
  length: 60,
  step: 2,
  lines: [
    {
      legend: 'SEND',
      points: [
        [0, 5],
        [2, 10],
        [20, 10],
        [22, 0],
      ],
    },
    {
      legend: 'REPORT',
      points: [
        [0, 1],
        [2, 1],
      ],
    },
  ],
};
const FIGURE: Figure = {
  title: 'Next hops down',
  unit: 'short',
  value: 1,
  steps: [
    { color: 'green', value: null },
    { color: 'red', value: 1 },
  ],
};

describe.each(Object.entries(THEMES))('%s', (_name, theme) => {
  test('every colour of a threshold is known, and lines have their own', () => {
    expect(Object.keys(theme.named)).toEqual(expect.arrayContaining(['green', 'orange', 'red', 'blue']));
    expect(new Set(theme.lines).size).toBe(theme.lines.length);
  });

  test('a figure has the colour of the threshold that it has reached', () => {
    const drawn = (value: number): string => drawPicture('A picture', [{ ...FIGURE, value }], [], theme);
    expect(drawn(0)).toContain(theme.named.green);
    expect(drawn(0)).not.toContain(theme.named.red);
    expect(drawn(1)).toContain(theme.named.red);
  });
});

describe('a chart', () => {
  const box = { x: 100, y: 50, width: 400, height: 200 };
  const drawn = drawChart(CHART, box, THEMES.dark);

  test('escapes what is not its own', () => {
    expect(drawn).toContain('Requests &lt;by&gt; method &amp; more');
    expect(drawn).not.toContain('<by>');
  });

  test('breaks a line where there is a hole', () => {
    const parts = [...drawn.matchAll(/<path d="M([^"Z]+)" fill="none"/g)].map(
      ([, points = '']) => points.split('L').length,
    );
    expect(parts).toEqual([2, 2, 2]);
  });

  test('stays in its box, with larger values higher and later ones further right', () => {
    const points = [...drawn.matchAll(/<path d="M([^"Z]+)" fill="none"/g)]
      .flatMap(([, part = '']) => part.split('L'))
      .map((point) => point.split(' ').map(Number) as [number, number]);
    for (const [x, y] of points) {
      expect(x).toBeGreaterThanOrEqual(box.x);
      expect(x).toBeLessThanOrEqual(box.x + box.width);
      expect(y).toBeGreaterThanOrEqual(box.y);
      expect(y).toBeLessThanOrEqual(box.y + box.height);
    }
    const [first = [0, 0], second = [0, 0]] = points;
    expect(second[0]).toBeGreaterThan(first[0]);
    expect(second[1]).toBeLessThan(first[1]);
  });
});

test.each(['light', 'dark'])('the README shows the %s picture, which is whole', (name) => {
  expect(readText('README.md')).toContain(`docs/dashboard-${name}.svg`);
  const svg = readText(`docs/dashboard-${name}.svg`);
  expect(svg).toMatch(/^<svg [^]+<\/svg>\n$/);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});
