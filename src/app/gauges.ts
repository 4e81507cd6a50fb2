import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { GaugeValues } from '../admin/gauges.ts';
import { lastSeenMs } from '../deposits/vault-state.ts';
import type { Core } from './core.ts';
import { haltedLanes } from './observe.ts';
import { openStops } from './sales.ts';

/** The state of the running program as numbers, read at each scrape. */
export function gaugesOf(core: Core): GaugeValues {
  const { ledger, journal, clock } = core;
  const nowMs = clock.nowMs();
  const totals = ledger.totals();
  const watcher = core.watcher.health();
  const seenAtMs = lastSeenMs(core.watcher.state(), clock);
  const unsettledAtMs = core.unsettledAge.oldestAtMs();
  const classicSeenAtMs = core.classic?.watcher.health().lastClosedAtMs ?? 0;
  const hostAheadMs = core.networkTime.hostAheadMs();
  const bare = core.store.deposits.bareSums();
  let holds = 0;
  let accounts = 0;
  for (const slot of ledger.accounts()) {
    holds += slot.holds;
    accounts++;
  }
  return {
    holds,
    accounts,
    unsettled: totals.unsettled,
    receivable: totals.receivable,
    oldestUnsettledAgeS: unsettledAtMs === undefined ? 0 : ageS(nowMs, unsettledAtMs),
    watcherLagLedgers: watcher.behindLedgers,
    watcherAgeS: seenAtMs === undefined ? undefined : ageS(nowMs, seenAtMs),
    watcherGaps: watcher.gaps,
    watcherUnreadable: watcher.unreadable,
    openBatchAgeS: Math.max(0, ...core.store.batches.open().map((batch) => ageS(nowMs, batch.sealedAtMs))),
    settlementIntervalS: core.config().settlement.intervalMs / 1000,
    hostAheadS: hostAheadMs === undefined ? undefined : hostAheadMs / 1000,
    lanesHalted: haltedLanes(core).length,
    vault: core.solvency,
    unattributed: core.store.classicPayments.unattributed(),
    bareTransfers: { count: bare.leftCount, sum: bare.left },
    classicSetAside: core.store.classicPayments.setAsideCount(),
    classicAgeS: classicSeenAtMs > 0 ? ageS(nowMs, classicSeenAtMs) : undefined,
    stops: openStops(core),
    pausedApis: [...core.pausedApis],
    journal: journal.health(),
    loops: core.health().loops,
    idempotency: core.store.idempotency.sums(),
    connections: core.stats().connections,
    sockets: core.stats().sockets,
    upstreams: core.upstreams(),
    tlsExpiresAtS: core.tls && core.tls.expiresAtMs() / 1000,
  };
}

/** The chain's clock may be ahead of ours by a little: an age is never negative. */
function ageS(nowMs: number, thenMs: number): number {
  return Math.max(0, nowMs - thenMs) / 1000;
}

/** Undefined where the file system does not say. */
export async function freeBytes(file: string): Promise<number | undefined> {
  const stats = await statfs(path.dirname(file)).catch(() => undefined);
  return stats ? stats.bavail * stats.bsize : undefined;
}
