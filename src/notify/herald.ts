import type { Webhook } from '../catalog/model.ts';
import type { WebhookKind } from '../catalog/webhook-kinds.ts';
import type { Clock } from '../clock.ts';
import type { Units } from '../money.ts';
import type { Batches, BatchRow } from '../store/batches.ts';
import type { Meta } from '../store/meta.ts';
import type { Webhooks } from '../store/webhooks.ts';
import {
  type BrokenInvariant,
  balanceLow,
  invariantBroken,
  settlementConfirmed,
  settlementHalted,
  settlementShortfall,
  type WatcherLag,
  watcherLag,
} from './payloads.ts';

/**
 * Looks at the state of the gateway again and again and tells of what is new. Nothing is told from a moment that could
 * be missed: batches are read from the books behind a mark, and what lasts is compared with what was told to last. So
 * a crash at any point tells nothing twice and leaves nothing out.
 */
export type Herald = { turn(signal?: AbortSignal): Promise<void> };

/** What is seen of the running program; undefined where it is not known yet, which neither begins nor ends anything. */
export type Seen = {
  /** Every account with what is left of its balance. */
  accounts(): Iterable<{ address: string; available: Units; hasLeft: boolean }>;
  watcher(): WatcherLag | undefined;
  identities(): { identity: string; broken: string | undefined }[];
  /** Every lane of settlement with its open batch, and why it is halted if it is. */
  lanes(): { lane: number; batch: number | undefined; halted: string | undefined }[];
};

export type HeraldDeps = {
  webhooks: Pick<Webhooks, 'tell' | 'begin' | 'end' | 'lasting' | 'prune'>;
  batches: Pick<Batches, 'list' | 'open' | 'lines'>;
  meta: Pick<Meta, 'get' | 'set'>;
  endpoints: readonly Webhook[];
  seen: Seen;
  /** `deposits.low_balance`. */
  lowBalance: Units;
  clock: Clock;
};

/** Ledgers close every five seconds; two minutes without one are no hiccup, and half of it is over it. */
const watcherLagMs = 120_000;
const watcherCaughtUpMs = 60_000;

/** An account is told of again once it has had twice the bound: one that hovers around it is told of once. */
const recoveredFactor = 2n;

/** Accounts looked at between two breaths of the event loop: about a millisecond. */
const accountsAtOnce = 1_000;

/** Batches looked at in one turn: hours of them, while turns are seconds apart. */
const batchesAtOnce = 500;
const haltKey = 'settlement.halted ';
const markKey = 'webhooks_told_batch';

/** Delivered events stay replayable this long. */
const keptMs = 30 * 24 * 60 * 60_000;
const pruneEveryMs = 60 * 60_000;

export function createHerald(deps: HeraldDeps): Herald {
  const { webhooks, clock, seen } = deps;
  let pruneAtMs = Number.NEGATIVE_INFINITY;
  const endpointsOf = (kind: WebhookKind) =>
    deps.endpoints.filter(({ events }) => events.includes(kind)).map(({ name }) => name);

  /** One kind, on and off; with nobody to tell, nothing is kept. */
  function lasts(kind: WebhookKind, key: string, payload: () => unknown): void {
    const endpoints = endpointsOf(kind);
    if (endpoints.length > 0) webhooks.begin(key, { kind, payload: JSON.stringify(payload()), endpoints });
  }

  async function tellLowBalances(told: Set<string>, signal?: AbortSignal): Promise<void> {
    if (endpointsOf('balance.low').length === 0) return;
    let looked = 0;
    for (const { address: account, available, hasLeft } of seen.accounts()) {
      const key = `balance.low ${account}`;
      if (!told.has(key) && !hasLeft && available < deps.lowBalance) {
        lasts('balance.low', key, () => balanceLow({ account, available, bound: deps.lowBalance }));
      } else if (told.has(key) && (hasLeft || available >= deps.lowBalance * recoveredFactor)) webhooks.end(key);
      looked++;
      if (looked % accountsAtOnce !== 0) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) return;
    }
  }

  function tellWatcher(told: Set<string>): void {
    const watcher = seen.watcher();
    if (!watcher) return;
    if (watcher.ageMs > watcherLagMs) lasts('watcher.lag', 'watcher.lag', () => watcherLag(watcher));
    else if (watcher.ageMs < watcherCaughtUpMs && told.has('watcher.lag')) webhooks.end('watcher.lag');
  }

  function tellIdentities(told: Set<string>): void {
    for (const { identity, broken } of seen.identities()) {
      const key = `invariant.broken ${identity}`;
      if (broken === undefined) {
        if (told.has(key)) webhooks.end(key);
      } else {
        const facts: BrokenInvariant = { identity, detail: broken };
        lasts('invariant.broken', key, () => invariantBroken(facts));
      }
    }
  }

  /**
   * A halt is over when its batch is: a restart forgets it until the lane's next turn, and a try that a person asks for may
   * end in it again.
   */
  function tellHalts(told: Set<string>): void {
    const lanes = seen.lanes();
    const keyOf = ({ lane, batch }: { lane: number; batch: number | undefined }) => `${haltKey}${lane}/${batch ?? '-'}`;
    const under = new Set(lanes.map(keyOf));
    for (const key of told) if (key.startsWith(haltKey) && !under.has(key)) webhooks.end(key);
    for (const { lane, batch, halted } of lanes) {
      if (halted === undefined) continue;
      lasts('settlement.halted', keyOf({ lane, batch }), () => settlementHalted({ lane, batch, reason: halted }));
    }
  }

  return {
    async turn(signal) {
      tellBatches(deps, endpointsOf);
      const told = new Set(webhooks.lasting());
      tellWatcher(told);
      tellIdentities(told);
      tellHalts(told);
      await tellLowBalances(told, signal);
      const nowMs = clock.monotonicMs();
      if (nowMs < pruneAtMs) return;
      webhooks.prune(clock.nowMs() - keptMs);
      pruneAtMs = nowMs + pruneEveryMs;
    },
  };
}

/**
 * Batches confirmed since the mark. The mark moves after them, up to the oldest that is still open: a crash between the
 * two tells them again, and their keys keep that from counting.
 */
function tellBatches(deps: HeraldDeps, endpointsOf: (kind: WebhookKind) => string[]): void {
  const { batches, meta, webhooks } = deps;
  const rows = batches.list({ limit: batchesAtOnce });
  const newest = rows[0]?.id ?? 0;
  const mark = Math.min(newest, ...batches.open().map((row) => row.id - 1));
  const stored = meta.get(markKey);
  // At first sight history is not told.
  const from = stored === undefined || stored === '' ? mark : Number(stored);
  const isNew = (row: BatchRow) => row.id > from && row.state === 'confirmed';
  for (const row of rows.filter(isNew).reverse()) {
    const number = `${row.lane}/${row.batch}`;
    const confirmed = endpointsOf('settlement.confirmed');
    if (confirmed.length > 0) {
      const payload = JSON.stringify(settlementConfirmed(row));
      const dedupe = `settlement.confirmed ${number}`;
      webhooks.tell({ kind: 'settlement.confirmed', dedupe, payload, endpoints: confirmed });
    }
    const shortfall = endpointsOf('settlement.shortfall');
    const short = shortfall.length > 0 ? settlementShortfall(row, batches.lines(row.id)) : undefined;
    if (short) {
      const dedupe = `settlement.shortfall ${number}`;
      const payload = JSON.stringify(short);
      webhooks.tell({ kind: 'settlement.shortfall', dedupe, payload, endpoints: shortfall });
    }
  }
  if (stored !== String(mark)) meta.set(markKey, String(mark));
}

/** A gateway without endpoints lets the mark go: those of a later day are not told what was before them. */
export function forgetMark(meta: Pick<Meta, 'get' | 'set'>): void {
  if ((meta.get(markKey) ?? '') !== '') meta.set(markKey, '');
}
