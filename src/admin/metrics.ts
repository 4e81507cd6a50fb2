import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GatewayMetrics } from '../gateway/deps.ts';
import { gatewayMetrics } from './gateway-metrics.ts';
import { createGauges, type GaugeValues } from './gauges.ts';

/**
 * Prometheus metrics in a registry of their own. Labels are route templates, methods, status classes and outcomes, never
 * accounts, tokens or paths: their number is bounded by the catalog. docs/monitoring.md explains each; a test compares.
 */
export type Metrics = {
  gateway: GatewayMetrics;
  settlement: {
    /** A batch is confirmed: time from sealing to confirmation. */
    settled(seconds: number): void;
    failed(): void;
  };
  /** One commit of the journal, seconds. */
  committed(seconds: number): void;
  /** An identity of the books does not hold. */
  violated(identity: Identity): void;
  /** One try to deliver a webhook. */
  webhookTried(outcome: 'delivered' | 'failed'): void;
  /** A wallet has logged in. */
  loggedIn(): void;
  contentType: string;
  text(): Promise<string>;
};

/** What must hold at every moment; a series each from the start, so that an alert sees the first breach. */
export const identities = [
  'memory equals database',
  'sums equal rows',
  'vault covers liabilities',
  'settlements are ours',
  'accounts equal vault',
  'settlements equal vault',
] as const;
export type Identity = (typeof identities)[number];

export type MetricsDeps = {
  version: string;
  /** Read at each scrape. */
  gauges: () => GaugeValues;
  /** Space where the database lies; undefined where the file system does not say. */
  diskFreeBytes: () => Promise<number | undefined>;
  /** Lines of the access log lost since the start. */
  logLinesDropped: () => number;
  /** Webhook deliveries that are not delivered. */
  webhooks: () => { waiting: number; dead: number };
};

export function createMetrics(deps: MetricsDeps): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'callora_build_info',
    help: 'Version of this build',
    labelNames: ['version'] as const,
    registers,
  }).set({ version: deps.version }, 1);
  const setGauges = createGauges(registers);
  const disk = new Gauge({ name: 'callora_disk_free_bytes', help: 'Space left where the database lies', registers });
  const deliveries = new Gauge({
    name: 'callora_webhook_deliveries',
    help: 'Webhook deliveries that wait for their next try, and those given up',
    labelNames: ['state'] as const,
    registers,
  });
  const countLostLines = countedElsewhere(registers, 'callora_log_lines_dropped_total', 'Lines of the access log lost');
  const countGaps = countedElsewhere(
    registers,
    'callora_deposit_watcher_gaps_total',
    'Gaps in the history of the chain',
  );
  const countUnreadable = countedElsewhere(
    registers,
    'callora_deposit_watcher_unreadable_events_total',
    'Events of the vault that were set aside unread',
  );
  const commit = new Histogram({
    name: 'callora_ledger_commit_seconds',
    help: 'Time of one commit of the journal',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    registers,
  });
  const gateway = gatewayMetrics(registers);
  return {
    gateway,
    settlement: settlementMetrics(registers),
    committed: (seconds) => commit.observe(seconds),
    ...events(registers),
    contentType: registry.contentType,
    async text() {
      const gauges = deps.gauges();
      setGauges(gauges);
      countLostLines(deps.logLinesDropped());
      countGaps(gauges.watcherGaps);
      countUnreadable(gauges.watcherUnreadable);
      const { waiting, dead } = deps.webhooks();
      deliveries.set({ state: 'waiting' }, waiting);
      deliveries.set({ state: 'dead' }, dead);
      disk.set((await deps.diskFreeBytes()) ?? Number.NaN);
      return `${await registry.metrics()}\n${gateway.text(gauges.tlsExpiresAtS === undefined ? 'http' : 'https')}\n`;
    },
  };
}

/** A counter of what somebody else counts. */
function countedElsewhere(registers: Registry[], name: string, help: string): (total: number) => void {
  const counter = new Counter({ name, help, registers });
  let counted = 0;
  return (total) => {
    counter.inc(total - counted);
    counted = total;
  };
}

function settlementMetrics(registers: Registry[]): Metrics['settlement'] {
  const duration = new Histogram({
    name: 'callora_settlement_duration_seconds',
    help: 'Time from sealing a batch to its confirmation on chain',
    buckets: [1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640],
    registers,
  });
  const failures = new Counter({
    name: 'callora_settlement_failures_total',
    help: 'Attempts to settle a batch that ended without confirmation',
    registers,
  });
  return { settled: (seconds) => duration.observe(seconds), failed: () => failures.inc() };
}

function events(registers: Registry[]): Pick<Metrics, 'violated' | 'loggedIn' | 'webhookTried'> {
  const violations = new Counter({
    name: 'callora_invariant_violations_total',
    help: 'Identities of the books found broken; anything above 0 wants a person',
    labelNames: ['identity'] as const,
    registers,
  });
  for (const identity of identities) violations.inc({ identity }, 0);
  const logins = new Counter({ name: 'callora_logins_total', help: 'Wallet logins that got a token', registers });
  const tries = new Counter({
    name: 'callora_webhook_attempts_total',
    help: 'Tries to deliver a webhook, by how they ended',
    labelNames: ['outcome'] as const,
    registers,
  });
  for (const outcome of ['delivered', 'failed']) tries.inc({ outcome }, 0);
  return {
    violated: (identity) => violations.inc({ identity }),
    loggedIn: () => logins.inc(),
    webhookTried: (outcome) => tries.inc({ outcome }),
  };
}
