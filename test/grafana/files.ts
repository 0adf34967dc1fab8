/** The dashboard and the rules, as they stand in grafana/. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Of a panel, what is looked at here. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: Datasource;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly mappings?: readonly unknown[];
      readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
    };
  };
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: Datasource;
}

export interface Datasource {
  readonly type: string;
  readonly uid: string;
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string;
}

export interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function readDashboard(): Dashboard {
  return JSON.parse(readText('grafana/msrptap.json')) as Dashboard;
}

export function readRules(): readonly Rule[] {
  const { groups } = parse(readText('grafana/rules.yaml')) as Rules;
  return groups.flatMap(({ rules }) => rules);
}

/** Those of the dashboard's panels, in their order. */
export function dashboardQueries(): readonly string[] {
  return readDashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** What Grafana puts into a query: everything is chosen. */
export function filledIn(query: string, { rateInterval = '1m', range = '1h' } = {}): string {
  return query
    .replaceAll('$job', '.+')
    .replaceAll('$instance', '.+')
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll('$__range', range);
}
