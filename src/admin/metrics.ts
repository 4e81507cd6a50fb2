import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Route } from '../catalog/model.ts';
import { errorStatus } from '../errors.ts';
import type { GatewayMetrics } from '../gateway/deps.ts';
import { type Units, unitsPerUsdc } from '../money.ts';

/**
 * Prometheus metrics in a registry of their own. Labels are route templates, methods, status classes and outcomes, never
 * accounts, tokens or paths: their number is bounded by the catalog. Amounts leave as USDC in floating point, which
 * is good enough for a graph; the books never read them back.
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
  violated(identity: string): void;
  contentType: string;
  text(): Promise<string>;
};

export type MetricsDeps = {
  version: string;
  /** Read at each scrape. */
  gauges: () => {
    holds: number;
    unsettled: Units;
    receivable: Units;
    accounts: number;
    /** Ledgers the watcher is behind the network; undefined before it has seen one. */
    watcherLagLedgers: number | undefined;
    walBytes: number;
    connections: number;
  };
};

export function createMetrics(deps: MetricsDeps): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  gauges(deps, registers);
  const commit = new Histogram({
    name: 'callora_ledger_commit_seconds',
    help: 'Time of one commit of the journal',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    registers,
  });
  const settlementDuration = new Histogram({
    name: 'callora_settlement_duration_seconds',
    help: 'Time from sealing a batch to its confirmation on chain',
    buckets: [1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640],
    registers,
  });
  const settlementFailures = new Counter({
    name: 'callora_settlement_failures_total',
    help: 'Attempts to settle a batch that ended without confirmation',
    registers,
  });
  const violations = new Counter({
    name: 'callora_invariant_violations_total',
    help: 'Identities of the books found broken; anything above 0 wants a person',
    labelNames: ['identity'],
    registers,
  });
  return {
    gateway: gatewayMetrics(registers),
    settlement: {
      settled: (seconds) => settlementDuration.observe(seconds),
      failed: () => settlementFailures.inc(),
    },
    committed: (seconds) => commit.observe(seconds),
    violated: (identity) => violations.inc({ identity }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function gatewayMetrics(registers: Registry[]): GatewayMetrics {
  const route = ['api', 'route'] as const;
  const requests = new Counter({
    name: 'callora_requests_total',
    help: 'Requests by how they ended; refusals carry their error code as outcome',
    labelNames: [...route, 'method', 'status', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time of forwarded calls from head to last byte',
    labelNames: [...route, 'method', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    registers,
  });
  const overhead = new Histogram({
    name: 'callora_overhead_seconds',
    help: 'Time a forwarded call spends in the gateway itself until its first byte leaves',
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
    registers,
  });
  const charged = new Counter({
    name: 'callora_charged_usdc_total',
    help: 'USDC charged',
    labelNames: route,
    registers,
  });
  const refunded = new Counter({
    name: 'callora_refunded_usdc_total',
    help: 'USDC refunded before sealing',
    labelNames: route,
    registers,
  });
  return {
    answered(at, method, status, outcome, durationMs) {
      const labels = { ...routeLabels(at), method: methodLabel(method), status: statusClass(status) };
      requests.inc({ ...labels, outcome });
      duration.observe(labels, durationMs / 1000);
    },
    refused(code, at) {
      requests.inc({ ...routeLabels(at), method: '', status: statusClass(errorStatus(code)), outcome: code });
    },
    charged: (at, amount) => charged.inc(routeLabels(at), usdc(amount)),
    refunded: (at, amount) => refunded.inc(routeLabels(at), usdc(amount)),
    overhead: (seconds) => overhead.observe(seconds),
  };
}

function gauges({ gauges: read, version }: MetricsDeps, registers: Registry[]): void {
  new Gauge({ name: 'callora_build_info', help: 'Version of this build', labelNames: ['version'], registers }).set(
    { version },
    1,
  );
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const current = value();
        if (current === undefined) this.reset();
        else this.set(current);
      },
    });
  gauge('callora_reservations', 'Calls in flight with money on hold', () => read().holds);
  gauge('callora_unsettled_usdc', 'USDC charged and not yet confirmed on chain', () => usdc(read().unsettled));
  gauge('callora_receivable_usdc', 'USDC charged that the chain could not take', () => usdc(read().receivable));
  gauge('callora_accounts', 'Accounts in memory', () => read().accounts);
  gauge('callora_deposit_watcher_lag_ledgers', 'Ledgers not yet watched', () => read().watcherLagLedgers);
  gauge('callora_journal_wal_bytes', 'Size of the database log', () => read().walBytes);
  gauge('callora_connections', 'Open client connections', () => read().connections);
}

function routeLabels(route: Route | undefined): { api: string; route: string } {
  return route ? { api: route.api.name, route: route.template } : { api: '', route: '' };
}

/** Clients may invent methods: those of no standard share one label. */
function methodLabel(method: string): string {
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'].includes(method) ? method : 'other';
}

function statusClass(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}

function usdc(amount: Units): number {
  return Number(amount) / Number(unitsPerUsdc);
}
