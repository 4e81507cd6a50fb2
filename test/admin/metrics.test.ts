import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/admin/metrics.ts';
import type { Route } from '../../src/catalog/model.ts';
import { units } from '../../src/money.ts';

const route = { api: { name: 'weather' }, template: '/weather/:city' } as Route;

function metrics() {
  const gauges = {
    holds: 2,
    unsettled: units(5_000n),
    receivable: units(0n),
    accounts: 3,
    walBytes: 10,
    connections: 1,
  };
  return createMetrics({ version: '1.2.3', gauges: () => ({ ...gauges, watcherLagLedgers: 4 }) });
}

describe('metrics', () => {
  it('count calls and money by route template', async () => {
    const { gateway, text } = metrics();
    gateway.answered(route, 'GET', 200, 'completed', 12);
    gateway.charged(route, units(20_000n));
    gateway.refunded(route, units(10_000n));
    const page = await text();
    expect(page).toContain(
      'callora_requests_total{api="weather",route="/weather/:city",method="GET",status="2xx",outcome="completed"} 1',
    );
    expect(page).toContain('callora_charged_usdc_total{api="weather",route="/weather/:city"} 0.002');
    expect(page).toContain('callora_refunded_usdc_total{api="weather",route="/weather/:city"} 0.001');
  });

  it('read the books at the moment of the scrape', async () => {
    const page = await metrics().text();
    expect(page).toContain('callora_reservations 2');
    expect(page).toContain('callora_unsettled_usdc 0.0005');
    expect(page).toContain('callora_deposit_watcher_lag_ledgers 4');
    expect(page).toContain('callora_build_info{version="1.2.3"} 1');
  });

  it('do not grow with what clients invent', async () => {
    const { gateway, text } = metrics();
    for (let at = 0; at < 50; at++) gateway.answered(route, `BREW${at}`, 200, 'completed', 1);
    expect((await text()).match(/callora_requests_total\{/g)).toHaveLength(1);
  });
});
