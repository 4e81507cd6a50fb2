import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { units } from '../../src/money.ts';
import { accountState, applyEvents, confirm, openTestStore, seal, vaultEvent, writeCharge } from './rig.ts';

describe('a page of events', () => {
  it('credits each event once, however often it comes', () => {
    const { store } = openTestStore();
    const event = vaultEvent('e1', { account: { address: 'GA', state: accountState({ deposited: 500 }) } });
    expect(applyEvents(store, event)).toMatchObject({
      applied: [{ address: 'GA', kind: 'deposit', change: { deposited: 500n, withdrawn: 0n, requested: 0n } }],
      duplicates: 0,
    });
    expect(applyEvents(store, event)).toEqual({ applied: [], duplicates: 1 });
    expect(applyEvents(store, event, event)).toEqual({ applied: [], duplicates: 2 });
    expect(store.accounts.byAddress('GA')).toMatchObject({ deposited: 500n });
  });

  it('moves its cursor with its effects, or not at all', () => {
    const { store } = openTestStore();
    applyEvents(store, vaultEvent('e1', { ledger: 7 }));
    expect(store.deposits.cursor('vault')).toEqual({ cursor: 'e1', ledger: 7, closedAtMs: 1_000 });
    const broken = vaultEvent('e3', {
      account: { address: 'GB', state: { ...accountState({}), requested: units(-1) } },
    });
    const good = vaultEvent('e2', { account: { address: 'GA', state: accountState({ deposited: 5 }) } });
    expect(() => applyEvents(store, good, broken)).toThrow();
    expect(store.deposits.cursor('vault')?.cursor).toBe('e1');
    expect(store.accounts.byAddress('GA')).toBeUndefined();
  });

  it('never takes a counter back when an older word comes late', () => {
    const { store } = openTestStore();
    const at = (id: string, deposited: number, withdrawn: number) =>
      vaultEvent(id, { account: { address: 'GA', state: accountState({ deposited, withdrawn }) } });
    applyEvents(store, at('e2', 500, 100), at('e1', 300, 0));
    expect(store.accounts.byAddress('GA')).toMatchObject({ deposited: 500n, withdrawn: 100n });
  });

  it('obeys a cut of the limit at once and a raise too', () => {
    const { store } = openTestStore();
    const at = (id: string, limit: number, pendingLimit?: number) =>
      vaultEvent(id, {
        kind: 'limit_set',
        account: {
          address: 'GA',
          state: accountState({ limit, ...(pendingLimit === undefined ? {} : { pendingLimit, pendingLimitAtS: 99 }) }),
        },
      });
    expect(applyEvents(store, at('e1', 900, 200)).applied).toMatchObject([{ change: { limit: 200n } }]);
    expect(store.accounts.byAddress('GA')).toMatchObject({ limit: 200n, pendingLimitAtS: 99 });
    expect(applyEvents(store, at('e2', 950)).applied).toMatchObject([{ change: { limit: 950n } }]);
    expect(store.accounts.byAddress('GA')).toMatchObject({ limit: 950n, pendingLimitAtS: undefined });
  });

  it('stores "everything" as the largest limit', () => {
    const { store } = openTestStore();
    const state = { ...accountState({ deposited: 5 }), limit: units(2n ** 63n - 1n) };
    applyEvents(store, vaultEvent('e1', { account: { address: 'GA', state } }));
    expect(store.accounts.byAddress('GA')?.limit).toBe(2n ** 53n - 1n);
  });

  it('closes an account whose counters outgrow a row, instead of guessing its balance', () => {
    const { store } = openTestStore();
    const state = { ...accountState({}), deposited: units(2n ** 60n), withdrawn: units(2n ** 59n) };
    applyEvents(store, vaultEvent('e1', { account: { address: 'GA', state } }));
    expect(store.accounts.byAddress('GA')).toMatchObject({ limit: 0n });
    expect(store.deposits.cursor('vault')?.cursor).toBe('e1');
  });

  it('sets what it cannot read or attribute aside, and goes on', () => {
    const { store } = openTestStore();
    applyEvents(
      store,
      vaultEvent('e1', { kind: 'unreadable', data: '"raw"', note: 'odd topics' }),
      vaultEvent('e2', { kind: 'transfer', amount: units(2n ** 60n) }),
      vaultEvent('e3', { kind: 'paused' }),
    );
    expect(store.deposits.unattributed({ limit: 10 })).toMatchObject([
      { id: 'e2', kind: 'transfer', amount: 2n ** 53n - 1n },
      { id: 'e1', kind: 'unreadable', note: 'odd topics' },
    ]);
  });

  it('knows a payee by its newest word', () => {
    const { store } = openTestStore();
    const payee = (id: string, ledger: number, listed: boolean) =>
      vaultEvent(id, { kind: 'payee', ledger, payee: { address: 'GP', listed } });
    expect(store.deposits.isPayeeListed('GP')).toBeUndefined();
    applyEvents(store, payee('e1', 10, true), payee('e2', 12, false), payee('e0', 9, true));
    expect(store.deposits.isPayeeListed('GP')).toBe(false);
  });
});

describe('a snapshot', () => {
  it('takes an account over, and events up to its ledger no longer count', () => {
    const { store } = openTestStore();
    const state = accountState({ deposited: 900, withdrawn: 100, requested: 50 });
    expect(store.deposits.applySnapshot({ address: 'GA', ledger: 20, state })).toMatchObject({
      change: { deposited: 900n, withdrawn: 100n, requested: 50n },
    });
    const late = vaultEvent('e1', { ledger: 20, account: { address: 'GA', state: accountState({ deposited: 950 }) } });
    expect(applyEvents(store, late)).toEqual({ applied: [], duplicates: 0 });
    const next = vaultEvent('e2', { ledger: 21, account: { address: 'GA', state: accountState({ deposited: 960 }) } });
    expect(applyEvents(store, next).applied).toHaveLength(1);
    expect(store.deposits.byAccount(1, { limit: 5 })).toMatchObject([
      { id: 'e2', applied: true },
      { id: 'e1', applied: false, note: 'covered by a snapshot' },
    ]);
  });

  it('takes back nothing of a newer one: events between the two no longer count', () => {
    const { store } = openTestStore();
    const asked = accountState({ deposited: 1_000, requested: 900 });
    store.deposits.applySnapshot({ address: 'GA', ledger: 205, state: asked });
    const older = { address: 'GA', ledger: 202, state: accountState({ deposited: 1_000 }) };
    expect(store.deposits.applySnapshot(older)).toBeUndefined();
    applyEvents(
      store,
      vaultEvent('e1', { ledger: 204, kind: 'withdraw_requested', account: { address: 'GA', state: asked } }),
    );
    expect(store.accounts.byAddress('GA')?.requested).toBe(900n);
  });
});

describe('what was settled without this database', () => {
  it('lowers the balance of a fresh database and is billed to nobody', () => {
    const { store } = openTestStore();
    const state = accountState({ deposited: 500, settled: 400, period: 3, used: 150 });
    const { applied } = applyEvents(store, vaultEvent('e1', { account: { address: 'GA', state } }));
    expect(applied).toMatchObject([{ change: { settledElsewhere: 400n, used: { period: 3, amount: 150n } } }]);
    expect(store.accounts.byAddress('GA')).toMatchObject({ settled: 400n, settledElsewhere: 400n, unsettled: 0n });
  });

  it('does not include a batch of ours that is still on its way', () => {
    const { store } = openTestStore();
    writeCharge(store, { account: 'GA', price: 100 });
    const batch = seal(store);
    const state = accountState({ deposited: 500, settled: 100 });
    const { applied } = applyEvents(store, vaultEvent('e1', { account: { address: 'GA', state } }));
    expect(applied[0]?.change).not.toHaveProperty('settledElsewhere');
    if (batch) confirm(store, batch, [100n]);
    expect(store.accounts.byAddress('GA')).toMatchObject({ settled: 100n, settledElsewhere: 0n });
    const again = vaultEvent('e2', { account: { address: 'GA', state: { ...state, deposited: units(600) } } });
    expect(applyEvents(store, again).applied[0]?.change).not.toHaveProperty('settledElsewhere');
  });

  it('reaches the ledger as the store has it', () => {
    const { store } = openTestStore();
    const ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => 350 });
    const slot = ledger.open({ id: store.accounts.ensure('GA'), address: 'GA' });
    const state = accountState({ deposited: 500, settled: 400, period: 3, used: 150, limit: 200 });
    const { applied } = applyEvents(store, vaultEvent('e1', { account: { address: 'GA', state } }));
    for (const { change } of applied) ledger.applyChain(slot, change);
    expect(slot).toMatchObject({ settled: 400n, used: 150n, period: 3 });
    expect(ledger.spendable(slot)).toBe(50n);
    expect(store.accounts.byAddress('GA')).toMatchObject({ settled: 400n, used: 150n, period: 3 });
  });
});
