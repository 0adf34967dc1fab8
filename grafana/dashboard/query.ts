/** PromQL, put together: every selector keeps to the job and the instances that are chosen above the dashboard. */

const CHOSEN = 'job=~"$job", instance=~"$instance"';

/** A name and its legend, as `{{reason}}`. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/**
 * The series of one of msrptap's metrics.
 * @param metric without the prefix
 * @param matchers as PromQL has them, without braces
 */
export function series(metric: string, matchers = ''): string {
  return foreign(`msrptap_${metric}`, matchers);
}

/** The series of a metric that is not msrptap's own: Prometheus' or Node's. */
export function foreign(metric: string, matchers = ''): string {
  return `${metric}{${matchers === '' ? CHOSEN : `${CHOSEN}, ${matchers}`}}`;
}

/** How fast one of msrptap's counters grows, a second. */
export function rate(counter: string, matchers = ''): string {
  return `rate(${series(counter, matchers)}[$__rate_interval])`;
}

/** By how much one of msrptap's counters grew in the time that the dashboard shows. */
export function increase(counter: string, matchers = ''): string {
  return `increase(${series(counter, matchers)}[$__range])`;
}

/** @param labels those that are kept; none: one figure in all */
export function sum(expr: string, ...labels: readonly string[]): string {
  return aggregated('sum', expr, labels);
}

export function min(expr: string, ...labels: readonly string[]): string {
  return aggregated('min', expr, labels);
}

export function max(expr: string, ...labels: readonly string[]): string {
  return aggregated('max', expr, labels);
}

/** Leaves out what does not happen: a counter has a series for each reason there is. */
export function happening(expr: string): string {
  return `${expr} > 0`;
}

/** A part of a whole, 0 to 1. While nothing happens at all there is no such figure. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/**
 * A quantile of what one of msrptap's histograms was told. While it is told nothing there is no such figure.
 * @param q 0 to 1
 * @param labels those that are kept
 */
export function quantile(q: number, histogram: string, ...labels: readonly string[]): string {
  return happening(`histogram_quantile(${q}, ${sum(rate(`${histogram}_bucket`), 'le', ...labels)})`);
}

function aggregated(operator: string, expr: string, labels: readonly string[]): string {
  return labels.length === 0 ? `${operator}(${expr})` : `${operator} by (${labels.join(', ')}) (${expr})`;
}
