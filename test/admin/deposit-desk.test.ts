import { describe, expect, it } from 'vitest';
import { type ClassicDeskTerms, createDepositDesk } from '../../src/admin/deposit-desk.ts';
import { units } from '../../src/money.ts';
import type { NewClassicPayment } from '../../src/store/classic-payments.ts';
import { applyEvents, openTestStore, vaultEvent } from '../store/rig.ts';
import { alice, bob, createRig, vault } from './rig.ts';

const depositAccount = bob;

function payment(operationId: string, change: Partial<NewClassicPayment> = {}): NewClassicPayment {
  return {
    operationId,
    ledger: 9,
    closedAtMs: 1_800_000_000_000,
    txHash: 'ab',
    from: alice,
    to: depositAccount,
    amount: units(20_000_000n),
    memoType: 'none',
    memo: undefined,
    accountId: undefined,
    state: 'unattributed',
    note: 'no memo',
    ...change,
  };
}

function createDesk(payments: NewClassicPayment[], change: Partial<ClassicDeskTerms> | null = {}) {
  const { store } = openTestStore();
  const page = { name: 'classic', cursor: '1', ledger: 9, closedAtMs: 1, setAside: [] };
  store.classicPayments.applyPage({ ...page, payments });
  let woken = 0;
  const terms: ClassicDeskTerms = {
    address: depositAccount,
    vaultMin: units(1_000_000n),
    openAccount: (address) => ({ id: store.accounts.ensure(address) }),
    wake: () => void woken++,
    ...change,
  };
  const desk = createDepositDesk({
    deposits: store.deposits,
    classicPayments: store.classicPayments,
    classic: change === null ? undefined : terms,
    vault,
  });
  return { desk, store, woken: () => woken };
}

describe('assigning a payment', () => {
  it('makes it due to the account, once, and wakes the forwarding', async () => {
    const { desk, woken } = createDesk([payment('77')]);
    expect(await desk.assignDeposit({ operation: '77', account: alice })).toMatchObject({
      operation: '77',
      state: 'due',
      account: alice,
      note: 'assigned by hand',
    });
    expect(woken()).toBe(1);
    await expect(desk.assignDeposit({ operation: '77', account: bob })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`due for ${alice}`),
    });
  });

  it('takes dust only by force, and never what the vault would refuse', async () => {
    const { desk } = createDesk([
      payment('1', { state: 'below_min', amount: units(5_000_000n) }),
      payment('2', { state: 'below_min', amount: units(999_999n) }),
    ]);
    await expect(desk.assignDeposit({ operation: '1', account: alice })).rejects.toMatchObject({ code: 'conflict' });
    expect(await desk.assignDeposit({ operation: '1', account: alice, force: true })).toMatchObject({ state: 'due' });
    await expect(desk.assignDeposit({ operation: '2', account: alice, force: true })).rejects.toMatchObject({
      message: expect.stringContaining('below 0.1'),
    });
  });

  it.each<[string, string, Parameters<typeof createDesk>[1], string, string]>([
    ['an unknown operation', '78', {}, alice, 'not_found'],
    ['a text that is no address', '77', {}, 'alice', 'bad_parameter'],
    ['the vault itself', '77', {}, vault, 'bad_parameter'],
    ['no deposit account in the config', '77', null, alice, 'conflict'],
    ['the key of another deposit account', '77', { address: alice }, alice, 'conflict'],
  ])('refuses %s', async (_, operation, change, account, code) => {
    const { desk, store } = createDesk([payment('77')], change);
    await expect(desk.assignDeposit({ operation, account })).rejects.toMatchObject({ code });
    expect(store.classicPayments.byOperation('77')).toMatchObject({ state: 'unattributed' });
  });

  it('leaves a row in the audit, also when it was refused', async () => {
    const rig = await createRig();
    await expect(rig.books.assignDeposit({ operation: '5', account: alice, force: true })).rejects.toThrow();
    expect((await rig.books.audit({})).items[0]).toMatchObject({ action: 'deposit assign', subject: '5' });
    await rig.close();
  });
});

describe('closing a payment', () => {
  it('takes it off the list for good, with a word on what became of it', async () => {
    const { desk, store } = createDesk([payment('77')]);
    await expect(desk.closeDeposit({ operation: '77', note: ' ' })).rejects.toMatchObject({ code: 'bad_parameter' });
    expect(await desk.closeDeposit({ operation: '77', note: 'sent back in ab12' })).toMatchObject({
      state: 'closed',
      note: 'sent back in ab12',
    });
    expect(store.classicPayments.unattributed()).toEqual({ count: 0, sum: units(0n) });
    // What was sent back must never be paid into the vault out of what others have paid.
    const assigned = desk.assignDeposit({ operation: '77', account: alice, force: true });
    await expect(assigned).rejects.toMatchObject({ code: 'conflict' });
  });

  it('takes one that is due and was sent back, and refuses it on its way into the vault', async () => {
    const { desk, store } = createDesk([payment('76'), payment('77')]);
    for (const operation of ['76', '77']) await desk.assignDeposit({ operation, account: alice });
    await expect(desk.closeDeposit({ operation: '76', note: 'sent back' })).resolves.toMatchObject({ state: 'closed' });
    const envelope = { hash: 'aa', envelopeXdr: 'AAAA', sequence: 1n, maxTimeS: 1, createdAtMs: 1 };
    store.classicForwards.record(store.classicPayments.byOperation('77')?.id ?? 0, envelope);
    await expect(desk.closeDeposit({ operation: '77', note: 'x' })).rejects.toMatchObject({
      message: expect.stringContaining(`sent for ${alice}`),
    });
  });
});

describe('money without an owner', () => {
  it('is listed whatever its kind: payments, bare transfers to the vault, unreadable records', async () => {
    const { desk, store } = createDesk([payment('77'), payment('78', { state: 'below_min' })]);
    store.classicPayments.applyPage({
      name: 'classic',
      cursor: '2',
      ledger: 9,
      closedAtMs: 1,
      payments: [],
      setAside: [{ id: '79', atMs: 2, reason: 'the amount is none the books can hold', data: '{}' }],
    });
    applyEvents(store, vaultEvent('e1', { kind: 'transfer', amount: units(10_000_000n) }));
    const { items } = await desk.unattributed();
    expect(items.map(({ id, kind, amount }) => [id, kind, amount])).toEqual([
      ['77', 'classic', '2'],
      ['79', 'unreadable', null],
      ['e1', 'transfer', '1'],
    ]);
  });

  it('says of a bare transfer what the vault’s admin has swept, and in which transaction', async () => {
    const { desk, store } = createDesk([]);
    const from = (party: string) => ({ kind: 'transfer', data: JSON.stringify({ from: party }) });
    applyEvents(
      store,
      vaultEvent('e1', { ...from(alice), ledger: 1, amount: units(30_000_000n) }),
      vaultEvent('e2', { ...from(bob), ledger: 2, amount: units(20_000_000n) }),
    );
    expect((await desk.unattributed()).items).toMatchObject([
      { id: 'e2', left: '2' },
      { id: 'e1', left: '3' },
    ]);
    const sweep = { kind: 'swept', data: JSON.stringify({ to: bob }), txHash: 'cc' };
    applyEvents(store, vaultEvent('e3', { ...sweep, ledger: 3, amount: units(20_000_000n) }));
    expect((await desk.unattributed()).items).toMatchObject([
      { id: 'e1', amount: '3', left: '3', swept_by: [], note: null },
      { id: 'e2', amount: '2', left: '0', swept_by: ['cc'], note: 'swept in cc' },
    ]);
    applyEvents(store, vaultEvent('e4', { ...sweep, ledger: 4, txHash: 'dd', amount: units(5_000_000n) }));
    expect((await desk.unattributed()).items).toMatchObject([
      { id: 'e1', amount: '3', left: '2.5', swept_by: ['dd'], note: 'swept in part in dd' },
      { id: 'e2', left: '0' },
    ]);
    expect(store.deposits.bare()).toMatchObject({ left: 25_000_000n, leftCount: 1 });
  });

  it('pages payments newest first, by state', async () => {
    const { desk } = createDesk([payment('1'), payment('2', { state: 'below_min' }), payment('3')]);
    const first = await desk.classicDeposits({ limit: 1, state: 'unattributed' });
    expect(first.items.map(({ operation }) => operation)).toEqual(['3']);
    const second = await desk.classicDeposits({ limit: 5, state: 'unattributed', cursor: first.next ?? '' });
    expect(second).toMatchObject({ items: [{ operation: '1' }], next: null });
    await expect(desk.classicDeposits({ state: 'lost' })).rejects.toMatchObject({ code: 'bad_parameter' });
  });
});
