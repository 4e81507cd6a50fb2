import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../src/admin/metrics.ts';
import type { Route } from '../../src/catalog/model.ts';
import { errorTable } from '../../src/errors.ts';
import { units } from '../../src/money.ts';
import { gauges } from '../admin/gauge-values.ts';
import { callRecord } from '../support/call-record.ts';
import { namesIn } from './promql.ts';

/** docs/monitoring.md, the alert rules and the dashboard against what a registry in use exports. */

const docs = path.resolve(import.meta.dirname, '../../docs');
const read = (file: string) => readFileSync(path.join(docs, file), 'utf8');

type Exported = Map<string, { type: string; labels: Map<string, Set<string>> }>;

/** A gateway that has done a little of everything. */
async function exported(): Promise<Exported> {
  const route = { api: { name: 'weather' }, template: '/weather/:city' } as Route;
  const metrics = createMetrics({
    version: '1',
    gauges: () => ({ ...gauges, pausedApis: ['weather'] }),
    diskFreeBytes: async () => 1,
    logLinesDropped: () => 0,
    webhooks: () => ({ waiting: 0, dead: 0 }),
  });
  metrics.gateway.ended(
    callRecord({ route, status: 502, outcome: 'upstream_unreachable', upstreamError: 'dns_error' }),
  );
  metrics.gateway.charged(route, units(1n));
  metrics.gateway.refunded(route, units(1n));
  const found: Exported = new Map();
  for (const line of (await metrics.text()).split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type) found.set(type[1] ?? '', { type: type[2] ?? '', labels: new Map() });
    const sample = /^([a-z_]+)\{(.*)\} \S+$/.exec(line);
    if (!sample) continue;
    const family = found.get(sample[1] ?? '') ?? found.get((sample[1] ?? '').replace(/_(bucket|sum|count)$/, ''));
    for (const [, label = '', value = ''] of (sample[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)) {
      const values = family?.labels.get(label) ?? new Set();
      family?.labels.set(label, values.add(value));
    }
  }
  return found;
}

const registry = await exported();

/** Labels that Prometheus adds to what it scrapes. */
const scrapeLabels = ['instance', 'job'];
/** Labels whose values the program lists itself, so that a rule cannot wait for one that never comes. */
const listed = ['reason', 'state', 'identity'];

function faultsOf(expression: string): string[] {
  const { metrics, grouped } = namesIn(expression);
  const known = new Set(scrapeLabels);
  const faults: string[] = [];
  for (const { name, labels } of metrics) {
    const suffix = /_(bucket|sum|count)$/.exec(name)?.[0] ?? '';
    const family = registry.get(name) ?? registry.get(name.slice(0, name.length - suffix.length));
    if (!family || (suffix !== '' && !registry.has(name) && family.type !== 'histogram')) {
      faults.push(`no metric ${name}`);
      continue;
    }
    for (const label of family.labels.keys()) known.add(label);
    for (const { name: label, op, value } of labels) {
      if (scrapeLabels.includes(label)) continue;
      const values = family.labels.get(label);
      if (!values) faults.push(`${name} has no label ${label}`);
      else if (op === '=' && listed.includes(label) && !values.has(value)) faults.push(`${label} is never ${value}`);
    }
  }
  if (metrics.length === 0) faults.push('names no metric');
  return [...faults, ...grouped.filter((label) => !known.has(label)).map((label) => `no label ${label}`)];
}

const labelsIn = (text: string) =>
  [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map((match) => match[1] ?? '');

type Rule = {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook: string };
};
const rules: Rule[] = parse(read('monitoring/alerts.yaml')).groups.flatMap((group: { rules: Rule[] }) => group.rules);

type Panel = { id: number; type: string; title: string; targets?: { expr: string; legendFormat: string }[] };
const board: {
  panels: Panel[];
  templating: { list: { name: string; definition: string }[] };
} = JSON.parse(read('monitoring/grafana-dashboard.json'));

/** What Grafana fills in before it asks. */
const filledIn = (expression: string) => expression.replaceAll('$__rate_interval', '5m');

describe('alert rules', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s asks for what is exported', (_name, { expr }) => {
    expect(faultsOf(expr)).toEqual([]);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s has a summary, a severity and an entry in the runbook',
    (name, { annotations, labels, expr }) => {
      expect(annotations.summary.length).toBeGreaterThan(10);
      expect(['critical', 'warning']).toContain(labels.severity);
      const { grouped, metrics } = namesIn(expr);
      const possible = metrics.flatMap((metric) => [...(registry.get(metric.name)?.labels.keys() ?? [])]);
      for (const label of labelsIn(annotations.summary)) expect([...grouped, ...possible]).toContain(label);
      expect(annotations.runbook).toBe(`docs/operators.md#${name.toLowerCase()}`);
      expect(read('operators.md')).toMatch(new RegExp(`^### ${name}\\n\\S`, 'm'));
    },
  );

  it('have different names, and the runbook has no others', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const entries = [...read('operators.md').matchAll(/^### (Callora\w+)$/gm)].map((match) => match[1]);
    expect(entries.sort()).toEqual([...names].sort());
  });
});

describe('the dashboard', () => {
  const targets = board.panels.flatMap(({ title, targets: list }) =>
    (list ?? []).map((item) => [title, item] as const),
  );

  it.each(targets)('%s asks for what is exported', (_title, { expr, legendFormat }) => {
    expect(faultsOf(filledIn(expr))).toEqual([]);
    const { grouped, metrics } = namesIn(filledIn(expr));
    const labels = metrics.flatMap(({ name }) => [...(registry.get(name)?.labels.keys() ?? [])]);
    for (const label of labelsIn(legendFormat)) expect([...grouped, ...labels]).toContain(label);
  });

  it('has panels with ids of their own, and variables from labels there are', () => {
    const ids = board.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { definition } of board.templating.list) {
      const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
      expect([...scrapeLabels, ...(registry.get(metric)?.labels.keys() ?? [])]).toContain(label);
    }
  });
});

describe('docs/monitoring.md', () => {
  const rows = [...read('monitoring.md').matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name, type, labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    }),
  );

  it('has a row with type and labels for every metric of the gateway, and for no other', () => {
    const ours = [...registry]
      .filter(([name]) => !/^(process|nodejs)_/.test(name))
      .map(([name, { type, labels }]) => ({
        name,
        type,
        labels: [...labels.keys()].filter((label) => label !== 'le'),
      }));
    const sorted = (list: { name: string | undefined }[]) =>
      [...list].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1));
    expect(sorted(rows)).toEqual(sorted(ours));
  });

  it('has the names that were promised', () => {
    const promised = [
      'callora_requests_total',
      'callora_charged_usdc_total',
      'callora_refunded_usdc_total',
      'callora_reservations',
      'callora_unsettled_usdc',
      'callora_settlement_duration_seconds',
      'callora_settlement_failures_total',
      'callora_deposit_watcher_lag_ledgers',
      'callora_ledger_commit_seconds',
      'callora_invariant_violations_total',
      'http_server_request_duration_seconds',
      'callora_build_info',
    ];
    expect(promised.filter((name) => !registry.has(name))).toEqual([]);
  });

  it('lists reasons of a stop that callers can meet', () => {
    const reasons = [...(registry.get('callora_sales_stopped')?.labels.get('reason') ?? [])];
    for (const reason of reasons) {
      expect(errorTable).toHaveProperty(reason);
      expect(read('monitoring.md')).toContain(`\`${reason}\``);
    }
  });
});

describe('the reader of expressions', () => {
  it.each([
    ['callora_requests', ['no metric callora_requests']],
    ['callora_accounts_bucket', ['no metric callora_accounts_bucket']],
    ['sum by (apis) (rate(callora_requests_total[5m]))', ['no label apis']],
    ['sum(rate(callora_requests_total{code="x"}[5m])) by (api)', ['callora_requests_total has no label code']],
    ['callora_webhook_deliveries{state="gone"} > 0', ['state is never gone']],
    ['sum(1)', ['names no metric']],
  ])('finds the fault of %s', (expression, faults) => {
    expect(faultsOf(expression)).toEqual(faults);
  });

  it('refuses what it does not understand', () => {
    expect(() => namesIn('callora_accounts ; drop')).toThrow('not understood');
    expect(() => namesIn('callora_accounts{a=b}')).toThrow('no matcher');
  });
});
