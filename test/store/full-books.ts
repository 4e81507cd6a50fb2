import { units } from '../../src/money.ts';
import type { NewClassicPayment } from '../../src/store/classic-payments.ts';
import type { SealedBatch } from '../../src/store/seal.ts';
import type { Store } from '../../src/store/store.ts';
import { accountState, applyEvents, confirm, seal, vaultEvent, writeCharge } from './rig.ts';

/**
 * Books with rows in every table about money, some that have ended and some that have not: batch 1 is confirmed and took a
 * part of three lines, batch 2 the rest of one of them, batch 3 is on its way with an envelope that may land.
 */
export async function fillBooks(store: Store): Promise<void> {
  const id = store.accounts.ensure('GA');
  const state = accountState({ deposited: 500, limit: 1_000_000 });
  applyEvents(
    store,
    vaultEvent('1-deposit', { account: { address: 'GA', state }, amount: units(500) }),
    vaultEvent('2-payee', { kind: 'payee', payee: { address: 'GPAYEE', listed: true } }),
  );
  store.audit.add({ actor: 'operator', action: 'refund', subject: 'GA', detail: '' });
  fillTokens(store, id);
  fillClassic(store, id);
  fillExits(store, id);
  await fillBatches(store);
  for (const end of ['paid', 'failed'] as const) {
    const claim = { payee: 'GPAYEE', lane: 0, amount: units(5), txHash: end, atMs: 1 };
    store.payouts.finish(store.payouts.add(claim), end);
    store.payouts.add(claim);
  }
}

export const envelope = { envelopeXdr: 'AAAA', sequence: 7n, maxTimeS: 100, createdAtMs: 5 };

export function classicPayment(operationId: string, rest: Partial<NewClassicPayment> = {}): NewClassicPayment {
  return {
    operationId,
    ledger: 10,
    closedAtMs: 1_000,
    txHash: 'aa',
    from: 'GFROM',
    to: 'GDEPOSIT',
    amount: units(50),
    memoType: 'id',
    memo: '7',
    accountId: undefined,
    state: 'unattributed',
    note: undefined,
    ...rest,
  };
}

/** One page behind the cursor of the classic deposit account. */
export function applyPayments(store: Store, ...payments: NewClassicPayment[]): void {
  const setAside = [{ id: 'odd', atMs: 1, reason: 'unreadable', data: '{}' }];
  store.classicPayments.applyPage({ name: 'classic', cursor: '1', ledger: 10, closedAtMs: 1_000, payments, setAside });
}

function fillTokens(store: Store, accountId: number): void {
  const token = { accountId, scope: '*', issuedAtMs: 1, expiresAtMs: 9_000, source: 'operator' as const };
  store.tokens.add({ ...token, jti: 'capped', cap: units(900) });
  store.tokens.add({ ...token, jti: 'revoked' });
  store.tokens.revoke('revoked', 5);
}

function fillClassic(store: Store, accountId: number): void {
  store.depositAliases.add('7', accountId);
  const owned = { accountId, state: 'due' as const };
  applyPayments(store, classicPayment('1', owned), classicPayment('2', owned), classicPayment('3'));
  store.classicForwards.record(1, { ...envelope, hash: 'f1' });
  store.classicForwards.end(1, 'f1', 'landed');
  store.classicForwards.record(2, { ...envelope, hash: 'f2' });
}

function fillExits(store: Store, accountId: number): void {
  const life = { envelopeXdr: 'AAAA', madeLedger: 10, expiresLedger: 100, createdAtMs: 1 };
  store.exits.open({ accountId, to: 'GTO', amount: units(3), ...life });
  store.exits.land({ accountId, to: 'GTO', amount: units(3), ledger: 11, closedAtMs: 2_000, txHash: 'ee' });
  store.exits.open({ accountId, to: 'GTO', amount: units(4), ...life });
  store.exits.expire({ ledger: 100, closedAtMs: 3_000, ledgerMs: 0 });
  store.exits.open({ accountId, to: 'GTO', amount: units(5), ...life, madeLedger: 101, expiresLedger: 190 });
}

async function fillBatches(store: Store): Promise<void> {
  writeCharge(store, { account: 'GA', price: 0 });
  seal(store, { nowMs: 100_000 });
  writeCharge(store, { account: 'GA', price: 300, tokenJti: 'capped', refund: 100 });
  writeCharge(store, { account: 'GB', price: 9 });
  writeCharge(store, { account: 'GC', price: 8 });
  const first = sealAll(store);
  await store.batches.recordEnvelope(first.id, { ...envelope, hash: 'e1' });
  store.batches.endEnvelope('e1', 'failed');
  await store.batches.recordEnvelope(first.id, { ...envelope, hash: 'bb', innerHash: 'inner' });
  confirm(store, first, [150n, 0n, 0n]);
  const debtOfGb = store.receivables.list({ limit: 9 }).find((row) => row.account === 'GB');
  store.receivables.writeOff(debtOfGb?.id ?? 0);
  store.envelopeFees.note('bb', 200);
  const carried = sealAll(store);
  confirm(store, carried, [50n]);
  writeCharge(store, { account: 'GA', price: 20, payee: 'GOTHER' });
  const last = sealAll(store);
  await store.batches.recordEnvelope(last.id, { ...envelope, hash: 'e2' });
  writeCharge(store, { account: 'GA', price: 1 });
}

function sealAll(store: Store): SealedBatch {
  const batch = seal(store);
  if (!batch) throw new Error('nothing was sealed');
  return batch;
}
