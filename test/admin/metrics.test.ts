import { describe, expect, it } from 'vitest';
import type { GaugeValues } from '../../src/admin/gauges.ts';
import { createMetrics } from '../../src/admin/metrics.ts';
import type { Route } from '../../src/catalog/model.ts';
import type { CallRecord } from '../../src/gateway/call-record.ts';
import { units } from '../../src/money.ts';
import { callRecord } from '../support/call-record.ts';
import { gauges } from './gauge-values.ts';

const route = { api: { name: 'weather' }, template: '/weather/:city' } as Route;

function metrics(changes: Partial<GaugeValues> = {}) {
  return createMetrics({
    version: '1.2.3',
    gauges: () => ({ ...gauges, ...changes }),
    diskFreeBytes: async () => 1_000,
    logLinesDropped: () => 7,
    webhooks: () => ({ waiting: 0, dead: 3 }),
  });
}

const record = (changes: Partial<CallRecord> = {}) => callRecord({ route, ...changes });

describe('metrics', () => {
  it('count calls and money by route template', async () => {
    const { gateway, text } = metrics();
    gateway.ended(record());
    gateway.charged(route, units(20_000n));
    gateway.refunded(route, units(10_000n));
    const page = await text();
    expect(page).toContain(
      'callora_requests_total{api="weather",route="/weather/:city",method="GET",status="2xx",outcome="completed"} 1',
    );
    expect(page).toContain('callora_charged_usdc_total{api="weather",route="/weather/:city"} 0.002');
    expect(page).toContain('callora_refunded_usdc_total{api="weather",route="/weather/:city"} 0.001');
  });

  it('time requests under the names of OpenTelemetry, with the code of an error and without one for a good call', async () => {
    const { gateway, text } = metrics();
    gateway.ended(record());
    gateway.ended(record({ status: 504, outcome: 'upstream_timeout', upstreamError: 'http_response_timeout' }));
    const page = await text();
    const common = 'http_request_method="GET",http_route="/weather/:city"';
    const wire = 'url_scheme="https",network_protocol_version="1.1"';
    expect(page).toContain(
      `http_server_request_duration_seconds_count{${common},http_response_status_code="200",error_type="",${wire}} 1`,
    );
    expect(page).toContain(
      `http_server_request_duration_seconds_count{${common},http_response_status_code="504",error_type="upstream_timeout",${wire}} 1`,
    );
    expect(page).toContain('callora_upstream_failures_total{api="weather",kind="http_response_timeout"} 1');
  });

  it('time a WebSocket by its handshake, however long it stays open', async () => {
    const { gateway, text } = metrics();
    gateway.ended(record({ status: 101, durationMs: 3_600_000, socket: { openedMs: 4, messages: 7 } }));
    expect(await text()).toMatch(/duration_seconds_bucket\{le="0\.005".*"101".*\} 1\n/);
  });

  it('are one series where labels are the same, and go on over a reload of the catalog', async () => {
    const { gateway, text } = metrics();
    gateway.ended(record({ status: 404 }));
    gateway.ended(record({ status: 404, outcome: 'client_gone' }));
    gateway.ended(record({ status: 403, outcome: 'client_gone', route: { ...route } }));
    const page = await text();
    expect(page).toContain(
      'callora_requests_total{api="weather",route="/weather/:city",method="GET",status="4xx",outcome="client_gone"} 2',
    );
    expect(page.match(/http_server_request_duration_seconds_count\{.*"404".*\} 2$/gm)).toHaveLength(1);
    const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(new Set(series.map((line) => line.slice(0, line.lastIndexOf(' '))))).toHaveProperty('size', series.length);
  });

  it('put each observation into the first bucket that takes it, and count buckets from the least on', async () => {
    const { gateway, text } = metrics();
    for (const seconds of [0, 0.00025, 0.0003, 0.1, 7]) gateway.overhead(seconds);
    const page = await text();
    expect(page).toContain('callora_overhead_seconds_bucket{le="0.00025"} 2');
    expect(page).toContain('callora_overhead_seconds_bucket{le="0.0005"} 3');
    expect(page).toContain('callora_overhead_seconds_bucket{le="0.1"} 4');
    expect(page).toContain('callora_overhead_seconds_bucket{le="+Inf"} 5');
    expect(page).toContain('callora_overhead_seconds_count 5');
  });

  it('read the books at the moment of the scrape', async () => {
    const { text } = metrics();
    await text();
    const page = await text();
    expect(page).toContain('callora_log_lines_dropped_total 7');
    expect(page).toContain('callora_reservations 2');
    expect(page).toContain('callora_unsettled_usdc 0.0005');
    expect(page).toContain('callora_oldest_unsettled_age_seconds 12');
    expect(page).toContain('callora_settlement_open_batch_age_seconds 181');
    expect(page).toContain('callora_settlement_interval_seconds 60');
    expect(page).toContain('callora_settlement_lanes_halted 1');
    expect(page).toContain('callora_deposit_watcher_lag_ledgers 4');
    expect(page).toContain('callora_deposit_watcher_gaps_total 1');
    expect(page).toContain('callora_deposit_watcher_unreadable_events_total 2');
    expect(page).toContain('callora_host_clock_ahead_seconds -1.5');
    expect(page).toContain('callora_unattributed_usdc 2.5');
    expect(page).toContain('callora_unattributed_payments 2');
    expect(page).toContain('callora_bare_transfers_usdc 0.5');
    expect(page).toContain('callora_bare_transfers 3');
    expect(page).toContain('callora_classic_watcher_age_seconds 3');
    expect(page).toContain('callora_vault_balance_usdc 3');
    expect(page).toContain('callora_vault_liabilities_usdc 2');
    expect(page).toContain('callora_loop_failures{loop="settler"} 2');
    expect(page).toContain('callora_webhook_deliveries{state="dead"} 3');
    expect(page).toContain('callora_tls_certificate_expires_timestamp_seconds 1900000000');
    expect(page).toContain('callora_build_info{version="1.2.3"} 1');
  });

  it('claim nothing about what is not known yet', async () => {
    const page = await metrics({
      vault: undefined,
      watcherLagLedgers: undefined,
      watcherAgeS: undefined,
      tlsExpiresAtS: undefined,
      hostAheadS: undefined,
    }).text();
    expect(page).not.toMatch(/^callora_(tls|host_clock|vault_\w+|deposit_watcher_(lag|age)\w+) /m);
  });

  it('have a series for each reason of a stop and each identity before anything is wrong', async () => {
    const page = await metrics({ stops: ['watcher_stale'] }).text();
    expect(page).toContain('callora_sales_stopped{reason="watcher_stale"} 1');
    expect(page).toContain('callora_sales_stopped{reason="journal_unavailable"} 0');
    expect(page).toContain('callora_invariant_violations_total{identity="memory equals database"} 0');
  });

  it('forget an API whose pause was lifted', async () => {
    let pausedApis = ['weather'];
    const { text } = createMetrics({
      version: '1',
      gauges: () => ({ ...gauges, pausedApis }),
      diskFreeBytes: async () => undefined,
      logLinesDropped: () => 0,
      webhooks: () => ({ waiting: 0, dead: 0 }),
    });
    expect(await text()).toContain('callora_api_paused{api="weather"} 1');
    pausedApis = [];
    expect(await text()).not.toContain('callora_api_paused{');
  });

  it('forget an upstream that a reload has dropped', async () => {
    let upstreams = gauges.upstreams;
    const { text } = createMetrics({
      version: '1',
      gauges: () => ({ ...gauges, upstreams }),
      diskFreeBytes: async () => undefined,
      logLinesDropped: () => 0,
      webhooks: () => ({ waiting: 0, dead: 0 }),
    });
    const page = await text();
    expect(page).toContain('callora_upstream_up{api="weather",upstream="http://127.0.0.1:9000"} 1');
    expect(page).toMatch(/callora_upstream_connections\{.*state="idle"\} 4/);
    expect(page).toContain('callora_upstream_waiting_calls{api="weather"} 5');
    upstreams = [];
    expect(await text()).not.toMatch(/callora_upstream_(up|connections|waiting_calls)\{/);
  });

  it('do not grow with methods that clients and statuses that upstreams invent', async () => {
    const { gateway, text } = metrics();
    for (let at = 0; at < 50; at++) gateway.ended(record({ method: `BREW${at}`, status: 240 + at }));
    const page = await text();
    expect(page.match(/callora_requests_total\{/g)).toHaveLength(1);
    expect(page.match(/http_server_request_duration_seconds_count\{/g)).toHaveLength(1);
  });
});
