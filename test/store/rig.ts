import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { type Units, units } from '../../src/money.ts';
import type { AccountState, VaultEventRow } from '../../src/store/deposits.ts';
import type { LeafRow } from '../../src/store/leaf-row.ts';
import { createWrite } from '../../src/store/raw-db.ts';
import type { SealedBatch } from '../../src/store/seal.ts';
import { createProposer, type Hashing, type SealRequest } from '../../src/store/seal-proposal.ts';
import { openStore, type Store, type StoreOptions } from '../../src/store/store.ts';
import { copyMigrated } from './migrated.ts';

/** A folder that goes with the test. */
export function tempFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-store-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A store of its own, closed when the test ends. Nobody checkpoints unless the test says how: a thread takes longer to start
 * than most tests take, and so would the migrations, which have tests of their own.
 */
export function openTestStore(options: Partial<StoreOptions> = {}): { store: Store; clock: FakeClock; file: string } {
  const clock = fakeClock();
  const file = options.path ?? path.join(tempFolder(), 'callora.db');
  const threaded = options.checkpoints !== undefined || options.checkFirstMaxBytes !== undefined;
  const startCheckpoints = threaded ? undefined : noCheckpoints;
  if (!fs.existsSync(file)) copyMigrated(file);
  const store = openStore({ clock, log: silentLog(), startCheckpoints, ...options, path: file });
  onTestFinished(() => (store.db.open ? store.close() : undefined));
  return { store, clock, file };
}

/** For stores that nobody fills. */
export const noCheckpoints = () => ({ stop: async () => undefined });

export function accountState(state: Partial<Record<keyof AccountState, number>>): AccountState {
  const { unlockAtS, pendingLimit, pendingLimitAtS } = state;
  return {
    deposited: units(state.deposited ?? 0),
    settled: units(state.settled ?? 0),
    withdrawn: units(state.withdrawn ?? 0),
    requested: units(state.requested ?? 0),
    limit: units(state.limit ?? 1_000_000),
    period: state.period ?? 0,
    used: units(state.used ?? 0),
    unlockAtS,
    pendingLimit: pendingLimit === undefined ? undefined : units(pendingLimit),
    pendingLimitAtS,
  };
}

export function vaultEvent(id: string, rest: Partial<VaultEventRow> = {}): VaultEventRow {
  return { id, ledger: 10, closedAtMs: 1_000, txHash: 'aa', kind: 'deposit', data: '{}', ...rest };
}

/** Applies one page of events behind a cursor that names its last event. */
export function applyEvents(store: Store, ...events: VaultEventRow[]) {
  const last = events.at(-1);
  const ledger = last?.ledger ?? 0;
  return store.deposits.applyPage({ name: 'vault', cursor: last?.id ?? '', ledger, closedAtMs: 1_000, events });
}

/** Writes charges as the journal does, without its timing. */
export function writeCharge(
  store: Store,
  charge: {
    account: string;
    price: number;
    payee?: string;
    atMs?: number;
    refund?: number;
    finished?: boolean;
    tokenJti?: string;
    api?: string;
    template?: string;
  },
): number {
  const id = store.nextCallId();
  const payee = charge.payee ?? 'GPAYEE';
  const { api = 'weather', template = '/weather/*' } = charge;
  const routeId = store.routes.ensure({ api, payee, method: 'GET', template });
  const accountId = store.accounts.ensure(charge.account);
  const atMs = charge.atMs ?? 1_000;
  createWrite(store.db)(() => {
    store.db
      .prepare("INSERT INTO charges VALUES (?, ?, ?, (SELECT id FROM tokens WHERE jti = ?), ?, 'GET', 200, ?)")
      .run(id, atMs, accountId, charge.tokenJti ?? null, routeId, charge.price);
    if (charge.finished !== false) finishCharge(store, id);
    if (charge.refund) {
      store.db.prepare("INSERT INTO refunds VALUES (?, ?, ?, 'upstream_broke')").run(id, atMs, charge.refund);
    }
  });
  return id;
}

export function finishCharge(store: Store, id: number): void {
  store.db.prepare("INSERT INTO finishes VALUES (?, 1000, 'completed', 1, 2, 3)").run(id);
}

export function hashLeaf(row: LeafRow): Uint8Array {
  const text = JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return createHash('sha256').update(text).digest();
}

export function rootOf(hashes: Uint8Array[]): Uint8Array {
  return createHash('sha256').update(Buffer.concat(hashes)).digest();
}

/** Chooses and writes in one go, with nothing between. */
export function sealNow(store: Store, request: SealRequest & Partial<Hashing>): SealedBatch | undefined {
  const { hashLeaf: hash = hashLeaf, rootOf: root = rootOf, ...rest } = request;
  const proposal = createProposer(store.db, { hashLeaf: hash, rootOf: root })(rest);
  const sealing = proposal && store.batches.seal(proposal, rest.nowMs);
  while (sealing?.step() === 'more');
  return sealing?.batch();
}

/** All that has ended, in one batch. */
export const sealRequest: SealRequest = {
  lane: 0,
  nowMs: 10_000,
  ageMaxMs: 60_000,
  unfinishedUpTo: 0,
  minTotal: units(1),
  entriesMax: 100,
  linesMax: 400,
  period: 0,
};

export function seal(store: Store, rest: Partial<SealRequest & Hashing> = {}) {
  return sealNow(store, { ...sealRequest, ...rest });
}

export function confirm(
  store: Store,
  sealed: { lane: number; batch: number; root: string },
  taken: bigint[],
  period = 0,
) {
  const { lane, batch, root } = sealed;
  return store.batches.confirm({ lane, batch, root, taken, ledger: 20, txHash: 'bb', closedAtMs: 2_000, period });
}

/** charged − refunded + settled elsewhere = settled + unsettled + receivable + held for payees + written off. */
export function booksOf(store: Store): { left: Units; right: Units }[] {
  return store.accounts.loadAll().map((row) => ({
    left: units(row.charged - row.refunded + row.settledElsewhere),
    right: units(row.settled + row.unsettled + row.receivable + row.heldForPayee + row.writtenOff),
  }));
}

/** The daily sums as they are kept, and as the sealed rows say they must be. */
export function usageDaily(store: Store): unknown[] {
  return store.db
    .prepare(
      'SELECT account_id, day, route_id, calls, refunded_calls, gross, refunded FROM usage_daily ORDER BY 1, 2, 3',
    )
    .all();
}

export function sealedByDay(store: Store): unknown[] {
  return store.db
    .prepare(
      `SELECT c.account_id, c.at_ms / 86400000 AS day, c.route_id, COUNT(*) AS calls, COUNT(f.amount) AS refunded_calls, SUM(c.price) AS gross,
         SUM(COALESCE(f.amount, 0)) AS refunded
       FROM sealed_charges s JOIN charges c ON c.id = s.charge_id LEFT JOIN refunds f ON f.charge_id = c.id
       GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    )
    .all();
}
