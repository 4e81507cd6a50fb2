import type { GaugeValues } from '../../src/admin/gauges.ts';
import { units } from '../../src/money.ts';

/** A gateway in good health, as a scrape finds it. */
export const gauges: GaugeValues = {
  holds: 2,
  accounts: 3,
  unsettled: units(5_000n),
  receivable: units(0n),
  oldestUnsettledAgeS: 12,
  watcherGaps: 1,
  watcherUnreadable: 2,
  openBatchAgeS: 181,
  settlementIntervalS: 60,
  hostAheadS: -1.5,
  lanesHalted: 1,
  watcherLagLedgers: 4,
  watcherAgeS: 6,
  vault: { tokens: units(30_000_000n), liabilities: units(20_000_000n) },
  stops: [],
  pausedApis: [],
  unattributed: { count: 2, sum: units(25_000_000n) },
  bareTransfers: { count: 3, sum: units(5_000_000n) },
  classicSetAside: 1,
  classicAgeS: 3,
  journal: { ok: true, pending: 0, walBytes: 10 },
  loops: [{ name: 'settler', failuresInRow: 2 }],
  idempotency: { keys: 0, bytes: 0 },
  connections: 1,
  sockets: 1,
  upstreams: [
    {
      api: 'weather',
      origin: 'http://127.0.0.1:9000',
      up: true,
      breaker: 'closed',
      healthy: undefined,
      calls: 3,
      idle: 4,
      waiting: 5,
    },
  ],
  tlsExpiresAtS: 1_900_000_000,
};
