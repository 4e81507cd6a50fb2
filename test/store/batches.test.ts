import { describe, expect, it, vi } from 'vitest';
import { units } from '../../src/money.ts';
import { laneOf } from '../../src/store/lane-of.ts';
import type { SealedBatch } from '../../src/store/seal.ts';
import type { Store } from '../../src/store/store.ts';
import {
  accountState,
  applyEvents,
  booksOf,
  confirm,
  finishCharge,
  openTestStore,
  seal,
  vaultEvent,
  writeCharge,
} from './rig.ts';

function deposit(store: Store, address: string, deposited: number, rest: Partial<{ limit: number }> = {}) {
  const state = accountState({ deposited, ...rest });
  applyEvents(store, vaultEvent(`deposit-${address}-${deposited}`, { account: { address, state } }));
}

function listPayee(store: Store, address: string, listed: boolean, ledger: number) {
  applyEvents(store, vaultEvent(`payee-${address}-${ledger}`, { kind: 'payee', ledger, payee: { address, listed } }));
}

function sealed(batch: SealedBatch | undefined): SealedBatch {
  if (!batch) throw new Error('nothing was sealed');
  return batch;
}

function account(store: Store, address: string) {
  const row = store.accounts.byAddress(address);
  if (!row) throw new Error(`no account ${address}`);
  return row;
}

describe('sealing', () => {
  it('takes finished calls net of refunds, one line per payee and account, sorted', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GB', payee: 'GY', price: 5 });
    writeCharge(store, { account: 'GA', payee: 'GY', price: 7 });
    writeCharge(store, { account: 'GB', payee: 'GX', price: 11 });
    writeCharge(store, { account: 'GA', payee: 'GY', price: 13 });
    writeCharge(store, { account: 'GA', payee: 'GX', price: 17, refund: 17 });
    writeCharge(store, { account: 'GA', payee: 'GX', price: 19, finished: false });
    const batch = sealed(seal(store));
    expect(batch).toMatchObject({ lane: 0, batch: 1, total: 36n, leaves: 5 });
    expect(batch.lines.map(({ payee, account, amount }) => [payee, account, amount])).toEqual([
      ['GX', 'GB', 11n],
      ['GY', 'GA', 20n],
      ['GY', 'GB', 5n],
    ]);
    expect(store.charges.unsealed()).toEqual({ count: 1, net: 19n });
    expect(store.batches.rows(batch.id)).toMatchObject([
      { kind: 'call', account: 'GB', payee: 'GY', price: 5n, refund: 0n },
      { price: 7n },
      { price: 11n },
      { price: 13n },
      { account: 'GA', payee: 'GX', price: 17n, refund: 17n },
    ]);
  });

  it('waits while the last batch of the lane is not confirmed', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    const first = sealed(seal(store));
    writeCharge(store, { account: 'GA', price: 6 });
    expect(seal(store)).toBeUndefined();
    confirm(store, first, [5n]);
    expect(sealed(seal(store)).batch).toBe(2);
  });

  it('waits for the least total, unless a charge is too old or someone asks', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5, atMs: 9_000 });
    expect(seal(store, { minTotal: units(6), ageMaxMs: 2_000 })).toBeUndefined();
    expect(seal(store, { minTotal: units(6), ageMaxMs: 1_000 })).toBeDefined();
    const other = openTestStore().store;
    writeCharge(other, { account: 'GA', price: 5, atMs: 9_000 });
    expect(seal(other, { minTotal: units(6), ageMaxMs: 2_000, force: true })).toBeDefined();
  });

  it('takes a call that still runs only up to the id it is told, at once then, and keeps it listed as doubtful', () => {
    const { store } = openTestStore();
    const id = writeCharge(store, { account: 'GA', price: 5, atMs: 1_000, finished: false });
    expect(seal(store, { unfinishedUpTo: id - 1, force: true })).toBeUndefined();
    expect(sealed(seal(store, { unfinishedUpTo: id, minTotal: units(6) })).total).toBe(5n);
    expect(store.charges.doubtful(store.runId + 1, 10).map((row) => row.id)).toEqual([id]);
    finishCharge(store, id);
    expect(store.charges.doubtful(store.runId + 1, 10)).toEqual([]);
  });

  it('stays within its bounds, takes the oldest first and leaves the rest for the next batch', () => {
    const { store } = openTestStore();
    for (let index = 0; index < 30; index++) writeCharge(store, { account: `G${index % 10}`, price: 1 });
    const first = sealed(seal(store, { entriesMax: 4 }));
    expect(first.lines.map((line) => line.account)).toEqual(['G0', 'G1', 'G2']);
    expect(first.total).toBe(9n);
    confirm(store, first, [3n, 3n, 3n]);
    const second = sealed(seal(store, { linesMax: 2 }));
    expect(second.lines.map((line) => line.account)).toEqual(['G3', 'G4']);
    confirm(store, second, [3n, 3n]);
    expect(sealed(seal(store, { leavesMax: 5 })).leaves).toBe(5);
  });

  it('makes no batch of free calls, and files them once they are old', () => {
    const { store } = openTestStore();
    const id = writeCharge(store, { account: 'GA', price: 0, atMs: 1_000 });
    expect(seal(store, { nowMs: 1_500, ageMaxMs: 1_000, force: true })).toBeUndefined();
    expect(store.charges.unsealed().count).toBe(1);
    expect(seal(store, { nowMs: 2_000, ageMaxMs: 1_000, force: true })).toBeUndefined();
    expect(store.charges.unsealed().count).toBe(0);
    expect(store.charges.byAccount(1, { limit: 10 })).toMatchObject([{ id, price: 0n, batch: undefined }]);
  });

  it('is not kept from paid calls by any number of free ones', () => {
    const { store } = openTestStore();
    for (let index = 0; index < 8; index++) writeCharge(store, { account: 'GA', price: 0 });
    writeCharge(store, { account: 'GA', price: 5 });
    expect(sealed(seal(store, { leavesMax: 2 })).total).toBe(5n);
  });

  it('keeps lanes apart', () => {
    const { store } = openTestStore();
    const inLane = (lane: number) =>
      ['GA', 'GB', 'GC', 'GD', 'GE'].find((address) => laneOf(address, 2) === lane) ?? '';
    writeCharge(store, { account: inLane(0), price: 5 });
    writeCharge(store, { account: inLane(1), price: 6 });
    const one = sealed(seal(store, { lane: 1, lanes: 2 }));
    const zero = sealed(seal(store, { lane: 0, lanes: 2 }));
    expect([one.total, zero.total]).toEqual([6n, 5n]);
    expect(store.batches.open().map((batch) => [batch.lane, batch.batch])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('goes on from the number that the chain already has', () => {
    const { store } = openTestStore();
    store.batches.raiseNumber(0, 17);
    store.batches.raiseNumber(0, 4);
    writeCharge(store, { account: 'GA', price: 5 });
    expect(sealed(seal(store)).batch).toBe(18);
  });

  it('moves the spend of a token with its charges', () => {
    const { store } = openTestStore();
    const accountId = store.accounts.ensure('GA');
    const times = { issuedAtMs: 0, expiresAtMs: 1e15 };
    store.tokens.add({ jti: 't', accountId, scope: '*', ...times, cap: units(100), source: 'wallet' });
    writeCharge(store, { account: 'GA', price: 30, tokenJti: 't' });
    writeCharge(store, { account: 'GA', price: 20, refund: 20, tokenJti: 't' });
    expect(store.tokens.get('t')?.spent).toBe(30n);
    const batch = sealed(seal(store));
    expect(store.tokens.revokedOrCapped(0)).toMatchObject([{ jti: 't', spent: 30n, cap: 100n }]);
    store.batches.unseal(batch.id);
    expect(store.tokens.get('t')?.spent).toBe(30n);
  });
});

describe('confirmation', () => {
  it('moves settled, the use of the limit, earnings and the state at once', () => {
    const { store } = openTestStore();
    deposit(store, 'GA', 1_000);
    writeCharge(store, { account: 'GA', price: 100 });
    const batch = sealed(seal(store));
    expect(account(store, 'GA')).toMatchObject({ unsettled: 100n, settled: 0n });
    const result = confirm(store, batch, [100n], 3);
    expect(result).toMatchObject({ outcome: 'applied', lines: [{ account: 'GA', amount: 100n, taken: 100n }] });
    expect(account(store, 'GA')).toMatchObject({ unsettled: 0n, settled: 100n, period: 3, used: 100n, receivable: 0n });
    expect(store.batches.byNumber(0, 1)).toMatchObject({ state: 'confirmed', ledger: 20, txHash: 'bb' });
    expect(store.payouts.earnings()).toEqual([{ payee: 'GPAYEE', lane: 0, gross: 100n }]);
    expect(store.charges.oldestUnsettledAtMs()).toBeUndefined();
  });

  it('without a known transaction leaves the hash undefined, not an empty text', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    const { lane, batch, root } = sealed(seal(store));
    const settled = { taken: [100n], ledger: 20, txHash: '', closedAtMs: 2_000, period: 0 };
    store.batches.confirm({ lane, batch, root, ...settled });
    expect(store.batches.byNumber(0, 1)).toMatchObject({ state: 'confirmed', txHash: undefined });
  });

  it('happens once, whoever brings it again', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    const batch = sealed(seal(store));
    confirm(store, batch, [100n]);
    const before = account(store, 'GA');
    // Without an error too: the triggers of the books would stop what moves them twice, and the watcher with it.
    const again = vi.fn(() => confirm(store, batch, [100n]));
    expect(again).not.toThrow();
    expect(again).toHaveReturnedWith({ outcome: 'replayed', lines: [] });
    expect(account(store, 'GA')).toEqual(before);
  });

  it('of another root changes nothing', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    const batch = sealed(seal(store));
    const before = account(store, 'GA');
    expect(confirm(store, { ...batch, root: 'f'.repeat(64) }, [100n]).outcome).toBe('foreign_root');
    expect(confirm(store, { ...batch, batch: 9 }, [100n]).outcome).toBe('foreign_root');
    expect(account(store, 'GA')).toEqual(before);
    expect(store.batches.byId(batch.id)?.state).toBe('sealed');
  });

  it('that does not fit the lines is refused whole', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    writeCharge(store, { account: 'GB', price: 100 });
    const batch = sealed(seal(store));
    expect(() => confirm(store, batch, [100n])).toThrow(/every line/);
    expect(() => confirm(store, batch, [100n, 101n])).toThrow(/at most/);
    expect(() => confirm(store, batch, [100n, -2n])).toThrow(/at most/);
    expect(account(store, 'GA')).toMatchObject({ settled: 0n, unsettled: 100n });
  });

  it('keeps what was not taken as a debt of the account', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    confirm(store, sealed(seal(store)), [30n]);
    expect(account(store, 'GA')).toMatchObject({ settled: 30n, receivable: 70n, heldForPayee: 0n, unsettled: 0n });
    expect(store.receivables.list({ limit: 5 })).toMatchObject([{ account: 'GA', amount: 70n, kind: 'account' }]);
  });

  it('holds a charge against a payee that is not listed', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    confirm(store, sealed(seal(store)), [-1n]);
    expect(account(store, 'GA')).toMatchObject({ settled: 0n, receivable: 0n, heldForPayee: 100n, unsettled: 0n });
    expect(store.payouts.earnings()).toEqual([]);
  });
});

describe('debt', () => {
  function indebted(store: Store) {
    deposit(store, 'GA', 30);
    writeCharge(store, { account: 'GA', price: 100 });
    confirm(store, sealed(seal(store)), [30n]);
  }

  it('is asked for again as the first leaf, before new charges', () => {
    const { store } = openTestStore();
    indebted(store);
    deposit(store, 'GA', 230);
    writeCharge(store, { account: 'GA', price: 50 });
    const batch = sealed(seal(store));
    expect(batch.lines).toMatchObject([{ account: 'GA', amount: 120n }]);
    expect(store.batches.rows(batch.id)).toEqual([
      { kind: 'carry', fromLane: 0, fromBatch: 1, account: 'GA', payee: 'GPAYEE', amount: 70n },
      expect.objectContaining({ kind: 'call', price: 50n }),
    ]);
    expect(account(store, 'GA')).toMatchObject({ receivable: 70n, unsettled: 50n });
    confirm(store, batch, [120n]);
    expect(account(store, 'GA')).toMatchObject({ receivable: 0n, unsettled: 0n, settled: 150n });
    expect(store.receivables.list({ state: 'closed', limit: 5 })).toHaveLength(1);
  });

  it('that is paid in part goes on as a new row', () => {
    const { store } = openTestStore();
    indebted(store);
    deposit(store, 'GA', 60);
    confirm(store, sealed(seal(store)), [30n]);
    expect(account(store, 'GA')).toMatchObject({ receivable: 40n, settled: 60n });
    expect(store.receivables.list({ limit: 5 })).toMatchObject([{ amount: 40n, state: 'open' }]);
  });

  it('is not asked for while the account has nothing on chain or no limit left', () => {
    const { store } = openTestStore();
    indebted(store);
    expect(seal(store, { force: true })).toBeUndefined();
    deposit(store, 'GA', 200, { limit: 30 });
    expect(seal(store, { force: true })).toBeUndefined();
    expect(seal(store, { force: true, period: 1 })).toBeDefined();
  });

  it('that is held against a payee waits until the vault lists the payee again', () => {
    const { store } = openTestStore();
    deposit(store, 'GA', 500);
    writeCharge(store, { account: 'GA', price: 100 });
    listPayee(store, 'GPAYEE', false, 11);
    confirm(store, sealed(seal(store)), [-1n]);
    expect(seal(store, { force: true })).toBeUndefined();
    listPayee(store, 'GPAYEE', true, 21);
    const batch = sealed(seal(store));
    confirm(store, batch, [100n]);
    expect(account(store, 'GA')).toMatchObject({ heldForPayee: 0n, settled: 100n });
  });

  it('is not asked for again when only the answer of a batch has told that its payee is gone', () => {
    const { store } = openTestStore();
    deposit(store, 'GA', 500);
    writeCharge(store, { account: 'GA', price: 100 });
    listPayee(store, 'GPAYEE', true, 3);
    confirm(store, sealed(seal(store)), [-1n]);
    expect(store.deposits.isPayeeListed('GPAYEE')).toBe(false);
    expect(seal(store, { force: true })).toBeUndefined();
  });

  it('can be given up while it is open, once', () => {
    const { store } = openTestStore();
    indebted(store);
    const [row] = store.receivables.list({ limit: 1 });
    expect(store.receivables.writeOff(row?.id ?? 0)).toEqual({ account: 'GA', kind: 'account', amount: 70n });
    expect(store.receivables.writeOff(row?.id ?? 0)).toBeUndefined();
    expect(account(store, 'GA')).toMatchObject({ receivable: 0n, writtenOff: 70n });
    for (const { left, right } of booksOf(store)) expect(left).toBe(right);
  });
});

describe('the way to the chain', () => {
  const envelope = { envelopeXdr: 'AAAA', sequence: 2n ** 60n, maxTimeS: 100, createdAtMs: 5 };

  it('keeps every envelope before it may be sent', async () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    const { id } = sealed(seal(store));
    await store.batches.recordEnvelope(id, { ...envelope, hash: 'h1', innerHash: 'i1' });
    expect(store.batches.byId(id)?.state).toBe('submitted');
    expect(store.batches.envelopes(id)).toEqual([
      { ...envelope, hash: 'h1', innerHash: 'i1', batchId: id, state: 'live' },
    ]);
  });

  it('goes back to sealed only when no envelope can land', async () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    const { id } = sealed(seal(store));
    expect(() => store.batches.reopen(id)).toThrow(/submitted/);
    await store.batches.recordEnvelope(id, { ...envelope, hash: 'h1' });
    expect(() => store.batches.reopen(id)).toThrow(/may still land/);
    store.batches.endEnvelope('h1', 'expired');
    store.batches.reopen(id);
    expect(store.batches.byId(id)?.state).toBe('sealed');
  });

  it('marks the envelope that landed, by either of its hashes', async () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 5 });
    const batch = sealed(seal(store));
    await store.batches.recordEnvelope(batch.id, { ...envelope, hash: 'h1' });
    await store.batches.recordEnvelope(batch.id, { ...envelope, hash: 'h2', innerHash: 'bb' });
    confirm(store, batch, [5n]);
    expect(store.batches.envelopes(batch.id).map(({ hash, state }) => [hash, state])).toEqual([
      ['h1', 'expired'],
      ['h2', 'landed'],
    ]);
    await expect(store.batches.recordEnvelope(batch.id, { ...envelope, hash: 'h3' })).rejects.toThrow(/not confirmed/);
  });

  it('can be undone for a batch that cannot land: charges and debts wait for a smaller one', async () => {
    const { store } = openTestStore();
    deposit(store, 'GA', 30);
    writeCharge(store, { account: 'GA', price: 100 });
    confirm(store, sealed(seal(store)), [30n]);
    deposit(store, 'GA', 500);
    writeCharge(store, { account: 'GA', price: 40 });
    writeCharge(store, { account: 'GB', price: 7, refund: 7 });
    const before = store.accounts.loadAll();
    const batch = sealed(seal(store));
    await store.batches.recordEnvelope(batch.id, { ...envelope, hash: 'h1' });
    expect(() => store.batches.unseal(batch.id)).toThrow(/cannot land/);
    store.batches.endEnvelope('h1', 'failed');
    store.batches.reopen(batch.id);
    store.batches.unseal(batch.id);
    expect(store.accounts.loadAll()).toEqual(before);
    expect(store.charges.unsealed()).toEqual({ count: 2, net: 40n });
    expect(sealed(seal(store))).toMatchObject({ batch: 2, root: batch.root, lines: batch.lines });
  });
});
