import { Gauge, type Registry } from 'prom-client';
import type { ErrorCode } from '../errors.ts';
import type { Units } from '../money.ts';
import type { UpstreamView } from './upstream-view.ts';
import { usdc } from './usdc-number.ts';

/** The state of the program at the moment of a scrape. What is not known yet has no sample, for 0 would be a claim. */
export type GaugeValues = {
  holds: number;
  accounts: number;
  unsettled: Units;
  receivable: Units;
  oldestUnsettledAgeS: number;
  /** Ledgers the watcher is behind the network; undefined before it has seen one. */
  watcherLagLedgers: number | undefined;
  /** Age of the newest ledger it has applied. */
  watcherAgeS: number | undefined;
  /** Gaps and unreadable events that the watcher has met since the start. */
  watcherGaps: number;
  watcherUnreadable: number;
  /** Time since the oldest batch under way was sealed, and `settlement.interval`, s. */
  openBatchAgeS: number;
  settlementIntervalS: number;
  /** How far the host's clock is ahead of the network's, below 0 when it is behind. */
  hostAheadS: number | undefined;
  /** Lanes that settle nothing until a person has looked. */
  lanesHalted: number;
  vault: { tokens: Units; liabilities: Units } | undefined;
  /** Payments to the deposit account that nobody owns yet. */
  unattributed: { count: number; sum: Units };
  /** Transfers to the vault without a deposit that were not swept, and what of them is left there. */
  bareTransfers: { count: number; sum: Units };
  /** Records of the deposit account that nobody could read. */
  classicSetAside: number;
  /** Age of the newest ledger in which payments to the deposit account were looked for; undefined without one. */
  classicAgeS: number | undefined;
  /** The codes that paid calls are refused with now, whoever calls. */
  stops: readonly ErrorCode[];
  pausedApis: readonly string[];
  journal: { ok: boolean; pending: number; walBytes: number };
  loops: readonly { name: string; failuresInRow: number }[];
  /** What is kept for Idempotency-Key. */
  idempotency: { keys: number; bytes: number };
  connections: number;
  sockets: number;
  upstreams: readonly UpstreamView[];
  /** When the listener's certificate expires, wall time in seconds; undefined without TLS. */
  tlsExpiresAtS: number | undefined;
};

/** Reasons for which sales can stop: each has a series, so that an alert sees it go from 0 to 1. */
const stopReasons = [
  'sales_stopped',
  'vault_paused',
  'watcher_stale',
  'settlement_stale',
  'exposure_reached',
  'journal_unavailable',
] as const satisfies ErrorCode[];

export function createGauges(registers: Registry[]): (values: GaugeValues) => void {
  const single = Object.entries(singles).map(([name, { help, value }]) => {
    const gauge = new Gauge({ name, help, registers });
    return (values: GaugeValues) => {
      const now = value(values);
      if (now === undefined) gauge.remove();
      else gauge.set(now);
    };
  });
  const labelled = labels(registers);
  return (values) => {
    for (const set of single) set(values);
    labelled(values);
  };
}

const singles: Record<string, { help: string; value(values: GaugeValues): number | undefined }> = {
  callora_reservations: { help: 'Calls in flight with money on hold', value: (now) => now.holds },
  callora_accounts: { help: 'Accounts in memory', value: (now) => now.accounts },
  callora_unsettled_usdc: {
    help: 'USDC charged and not yet confirmed on chain',
    value: (now) => usdc(now.unsettled),
  },
  callora_receivable_usdc: { help: 'USDC charged that the chain could not take', value: (now) => usdc(now.receivable) },
  callora_oldest_unsettled_age_seconds: {
    help: 'Age of the oldest charge that the chain has not confirmed; 0 without one',
    value: (now) => now.oldestUnsettledAgeS,
  },
  callora_settlement_open_batch_age_seconds: {
    help: 'Time since the oldest batch that is not confirmed was sealed; 0 without one',
    value: (now) => now.openBatchAgeS,
  },
  callora_settlement_interval_seconds: {
    help: 'settlement.interval of the config file',
    value: (now) => now.settlementIntervalS,
  },
  callora_settlement_lanes_halted: {
    help: 'Lanes that settle nothing until a person has looked',
    value: (now) => now.lanesHalted,
  },
  callora_deposit_watcher_lag_ledgers: { help: 'Ledgers not yet watched', value: (now) => now.watcherLagLedgers },
  callora_deposit_watcher_age_seconds: { help: 'Age of the newest ledger watched', value: (now) => now.watcherAgeS },
  callora_host_clock_ahead_seconds: {
    help: 'How far the clock of the host is ahead of the close times of ledgers; below 0 when it is behind',
    value: (now) => now.hostAheadS,
  },
  callora_unattributed_usdc: {
    help: 'USDC paid to the deposit account that nobody owns yet',
    value: (now) => usdc(now.unattributed.sum),
  },
  callora_unattributed_payments: {
    help: 'Payments to the deposit account that nobody owns yet',
    value: (now) => now.unattributed.count,
  },
  callora_bare_transfers_usdc: {
    help: 'USDC sent to the vault without a deposit and not swept yet',
    value: (now) => usdc(now.bareTransfers.sum),
  },
  callora_bare_transfers: {
    help: 'Transfers to the vault without a deposit that were not swept wholly',
    value: (now) => now.bareTransfers.count,
  },
  callora_classic_set_aside_records: {
    help: 'Records of the deposit account that could not be read or booked',
    value: (now) => now.classicSetAside,
  },
  callora_classic_watcher_age_seconds: {
    help: 'Age of the newest ledger in which payments to the deposit account were looked for',
    value: (now) => now.classicAgeS,
  },
  callora_vault_balance_usdc: {
    help: 'USDC that lies in the vault, read once a minute',
    value: (now) => (now.vault ? usdc(now.vault.tokens) : undefined),
  },
  callora_vault_liabilities_usdc: {
    help: 'USDC that the vault owes to accounts and payees, read once a minute',
    value: (now) => (now.vault ? usdc(now.vault.liabilities) : undefined),
  },
  callora_vault_solvent: {
    help: '1 while the vault holds at least what it owes',
    value: (now) => (now.vault ? Number(now.vault.tokens >= now.vault.liabilities) : undefined),
  },
  callora_journal_writing: { help: '1 while charges can be written', value: (now) => Number(now.journal.ok) },
  callora_journal_pending_rows: { help: 'Rows that wait to be written', value: (now) => now.journal.pending },
  callora_journal_wal_bytes: { help: 'Size of the database log', value: (now) => now.journal.walBytes },
  callora_tls_certificate_expires_timestamp_seconds: {
    help: 'When the TLS certificate in force expires, in seconds since 1970',
    value: (now) => now.tlsExpiresAtS,
  },
  callora_idempotency_keys: { help: 'Idempotency keys kept', value: (now) => now.idempotency.keys },
  callora_idempotency_bytes: { help: 'Bytes of answers kept for them', value: (now) => now.idempotency.bytes },
  callora_connections: { help: 'Open client connections', value: (now) => now.connections },
  callora_websockets: { help: 'Open WebSockets', value: (now) => now.sockets },
};

function labels(registers: Registry[]): (values: GaugeValues) => void {
  const stopped = new Gauge({
    name: 'callora_sales_stopped',
    help: '1 while paid calls are refused, by the code they are refused with',
    labelNames: ['reason'] as const,
    registers,
  });
  const paused = new Gauge({
    name: 'callora_api_paused',
    help: '1 for each API that the operator has paused',
    labelNames: ['api'] as const,
    registers,
  });
  const failures = new Gauge({
    name: 'callora_loop_failures',
    help: 'Failures in a row of each loop; 0 when its last turn ended well',
    labelNames: ['loop'] as const,
    registers,
  });
  const upstreams = upstreamGauges(registers);
  return (values) => {
    upstreams(values.upstreams);
    for (const reason of stopReasons) stopped.set({ reason }, Number(values.stops.includes(reason)));
    paused.reset();
    for (const api of values.pausedApis) paused.set({ api }, 1);
    for (const { name, failuresInRow } of values.loops) failures.set({ loop: name }, failuresInRow);
  };
}

function upstreamGauges(registers: Registry[]): (upstreams: readonly UpstreamView[]) => void {
  const up = new Gauge({
    name: 'callora_upstream_up',
    help: '1 while calls may go to the upstream, 0 while its probes fail or its breaker is open',
    labelNames: ['api', 'upstream'] as const,
    registers,
  });
  const connections = new Gauge({
    name: 'callora_upstream_connections',
    help: 'Connections to the upstream, with a call and without',
    labelNames: ['api', 'upstream', 'state'] as const,
    registers,
  });
  const waiting = new Gauge({
    name: 'callora_upstream_waiting_calls',
    help: 'Calls that wait for a connection to any upstream of the API',
    labelNames: ['api'] as const,
    registers,
  });
  return (upstreams) => {
    // What a reload has dropped has no series any more.
    for (const gauge of [up, connections, waiting]) gauge.reset();
    for (const { api, origin: upstream, ...state } of upstreams) {
      up.set({ api, upstream }, Number(state.up));
      connections.set({ api, upstream, state: 'busy' }, state.calls);
      connections.set({ api, upstream, state: 'idle' }, state.idle);
      waiting.set({ api }, state.waiting);
    }
  };
}
