import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tempFolder } from '../store/rig.ts';

/** The alert rules as Prometheus itself evaluates them: `promtool` comes with it, and CI installs it. */

const rules = path.resolve(import.meta.dirname, '../../docs/monitoring/alerts.yaml');
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** What is scraped of a healthy gateway that is in use: a value a minute, for seven hours. */
const healthy: Record<string, string> = {
  'callora_build_info{version="1"}': '1x420',
  'callora_invariant_violations_total{identity="books"}': '0x420',
  callora_vault_solvent: '1x420',
  'callora_sales_stopped{reason="watcher_stale"}': '0x420',
  callora_journal_writing: '1x420',
  callora_unsettled_usdc: '0+1x420',
  callora_deposit_watcher_age_seconds: '4x420',
  callora_deposit_watcher_lag_ledgers: '1x420',
  callora_host_clock_ahead_seconds: '-1x420',
  callora_deposit_watcher_gaps_total: '0x420',
  callora_deposit_watcher_unreadable_events_total: '0x420',
  callora_oldest_unsettled_age_seconds: '3600x420',
  callora_settlement_open_batch_age_seconds: '20x420',
  callora_settlement_interval_seconds: '60x420',
  callora_settlement_failures_total: '7x420',
  callora_settlement_lanes_halted: '0x420',
  'callora_requests_total{api="weather",status="2xx"}': '0+600x420',
  'callora_requests_total{api="weather",status="5xx"}': '0+6x420',
  'callora_upstream_failures_total{api="weather",kind="connect_timeout"}': '0+1x420',
  'callora_upstream_up{api="weather",upstream="http://10.0.0.1"}': '1x420',
  'callora_overhead_seconds_bucket{le="0.005"}': '0+595x420',
  'callora_overhead_seconds_bucket{le="0.1"}': '0+600x420',
  'callora_overhead_seconds_bucket{le="+Inf"}': '0+600x420',
  'callora_loop_failures{loop="settlement"}': '1x420',
  callora_tls_certificate_expires_timestamp_seconds: '8640000x420',
  callora_disk_free_bytes: '50000000000x420',
  callora_journal_wal_bytes: '30000000x420',
  callora_classic_watcher_age_seconds: '10x420',
  callora_unattributed_payments: '0x420',
  'callora_webhook_deliveries{state="dead"}': '3x420',
  callora_log_lines_dropped_total: '5x420',
};

/** Each alert, what is scraped instead when it is due, and from which minute on it fires. */
const due: Record<string, [series: Record<string, string | undefined>, minutes: number]> = {
  CalloraInvariantBroken: [{ 'callora_invariant_violations_total{identity="books"}': '0x9 1x400' }, 11],
  CalloraVaultInsolvent: [{ callora_vault_solvent: '1x9 0x400' }, 11],
  CalloraSalesStopped: [{ 'callora_sales_stopped{reason="watcher_stale"}': '0x9 1x400' }, 13],
  CalloraJournalNotWriting: [{ callora_journal_writing: '1x9 0x400' }, 11],
  CalloraExposureHigh: [{ callora_unsettled_usdc: '0x9 900x400' }, 21],
  CalloraWatcherLagging: [{ callora_deposit_watcher_age_seconds: '4x9 300x400' }, 13],
  CalloraClockOff: [{ callora_host_clock_ahead_seconds: '0x9 -45x400' }, 13],
  CalloraWatcherGap: [{ callora_deposit_watcher_gaps_total: '0x9 1x400' }, 11],
  CalloraEventUnreadable: [{ callora_deposit_watcher_unreadable_events_total: '0x9 2x400' }, 11],
  CalloraSettlementLate: [{ callora_oldest_unsettled_age_seconds: '0+120x420' }, 62],
  CalloraBatchStuck: [{ callora_settlement_open_batch_age_seconds: '0+60x420' }, 6],
  CalloraSettlementFailing: [{ callora_settlement_failures_total: '0+1x420' }, 4],
  CalloraLaneHalted: [{ callora_settlement_lanes_halted: '0x9 1x400' }, 16],
  CalloraDown: [{ 'callora_build_info{version="1"}': '1x9' }, 17],
  CalloraErrorRatio: [{ 'callora_requests_total{api="weather",status="5xx"}': '0+60x420' }, 12],
  CalloraUpstreamFailing: [{ 'callora_upstream_failures_total{api="weather",kind="connect_timeout"}': '0+10x420' }, 8],
  CalloraUpstreamDown: [{ 'callora_upstream_up{api="weather",upstream="http://10.0.0.1"}': '1x9 0x400' }, 16],
  CalloraSlow: [{ 'callora_overhead_seconds_bucket{le="0.005"}': '0+500x420' }, 12],
  CalloraLoopFailing: [{ 'callora_loop_failures{loop="settlement"}': '0+1x420' }, 17],
  CalloraCertificateExpiring: [{ callora_tls_certificate_expires_timestamp_seconds: '500000x420' }, 60],
  CalloraDiskFilling: [{ callora_disk_free_bytes: '3e9x9 1e9x400' }, 16],
  CalloraWalGrowing: [{ callora_journal_wal_bytes: '3e7x9 3e8x400' }, 26],
  CalloraClassicDepositsLate: [{ callora_classic_watcher_age_seconds: '10x9 400x400' }, 16],
  CalloraMoneyUnattributed: [{ callora_unattributed_payments: '0x9 1x400' }, 71],
  CalloraWebhooksDead: [{ 'callora_webhook_deliveries{state="dead"}': '3x9 4x400' }, 11],
  CalloraLogLinesDropped: [{ callora_log_lines_dropped_total: '5x9 50x400' }, 11],
};

const named = (parse(readFileSync(rules, 'utf8')) as { groups: { rules: { alert: string }[] }[] }).groups.flatMap(
  (group) => group.rules.map(({ alert }) => alert),
);

it('each alert rule has its moment here', () => {
  expect(Object.keys(due).toSorted()).toEqual(named.toSorted());
});

/** Fails with what `promtool` says where other alerts fire at that minute. */
function demand(series: Record<string, string | undefined>, minutes: number, alerts: string[]): void {
  const file = path.join(tempFolder(), 'alerts.json');
  const firing = 'count by (alertname) (ALERTS{alertstate="firing"})';
  const samples = alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 }));
  const test = {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [{ expr: firing, eval_time: `${minutes}m`, exp_samples: samples }],
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ rule_files: [rules], evaluation_interval: '1m', tests: [test] }));
  execFileSync('promtool', ['test', 'rules', file], { encoding: 'utf8', stdio: 'pipe' });
}

describe.skipIf(!hasPromtool)('by the word of Prometheus', () => {
  it.each([0, 1, 10, 60, 400])('a healthy gateway raises no alert, after %i minutes', (minutes) => {
    demand(healthy, minutes, []);
  });

  it.each(Object.entries(due))(
    '%s fires when it is due, alone, and not a moment before',
    (alert, [series, minutes]) => {
      demand({ ...healthy, ...series }, minutes, [alert]);
      demand({ ...healthy, ...series }, minutes - 2, []);
    },
  );
});
