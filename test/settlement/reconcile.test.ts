import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { reconcile } from '../../src/settlement/reconcile.ts';
import { createRootChain } from '../../src/settlement/root-chain.ts';
import type { VaultEventRow } from '../../src/store/deposits.ts';
import { noteTransferGap, noteVaultGap } from '../../src/store/unseen.ts';
import { applyEvents, vaultEvent } from '../store/rig.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';

const consumer = addressOf('consumer');
const payee = addressOf('payee');

type Tamper = { tokens?: bigint; gross?: bigint; netPaid?: bigint; feePaid?: bigint; late?: boolean };

function reconcileRig(rig: SettlementRig, tamper: Tamper = {}) {
  const { chain, store } = rig;
  const sum = (values: Iterable<bigint>) => units([...values].reduce((total, value) => total + value, 0n));
  const deposited = () => sum([...chain.accounts.values()].map((account) => account.deposited));
  return reconcile({
    vault: {
      ...chain.vault,
      info: async () => ({ token: 'C', config: { feeBps: 0 } }) as never,
      earnings: async (of) => ({
        gross: units((chain.gross.get(of) ?? 0n) + (tamper.gross ?? 0n)),
        netPaid: units(tamper.netPaid ?? 0n),
        feePaid: units(tamper.feePaid ?? 0n),
      }),
      coverage: async () => ({
        liabilities: deposited(),
        liabilitiesLedger: chain.ledger,
        tokens: units(deposited() + (tamper.tokens ?? 0n)),
        tokensLedger: chain.ledger,
      }),
    },
    accounts: store.accounts,
    batches: store.batches,
    payouts: store.payouts,
    ledger: rig.ledger,
    rootChain: createRootChain(store),
    classicPayments: store.classicPayments,
    deposits: store.deposits,
    meta: store.meta,
    incomplete: tamper.late ? store.meta : undefined,
    catchUp: async () => rig.watch(),
  });
}

async function settledRig(): Promise<SettlementRig> {
  const rig = createSettlementRig();
  rig.deposit(consumer, 1_000n);
  rig.charge(consumer, payee, 300);
  await rig.run();
  rig.charge(consumer, payee, 20);
  return rig;
}

describe('reconciliation', () => {
  it('finds nothing off after settlement, with calls still unsettled', async () => {
    const rig = await settledRig();
    const report = await reconcileRig(rig);
    expect(report.checks.filter((check) => check.off !== 0n)).toEqual([]);
    expect(report).toMatchObject({ ok: true, unitsOff: 0n });
    expect(report.accounts).toMatchObject([
      { address: consumer, settled: 300n, unsettled: 20n, balanceOnChain: 700n, off: 0n },
    ]);
    expect(report.checks.length).toBeGreaterThan(12);
  });

  it.each([
    [
      'settled on chain',
      (rig: SettlementRig) =>
        void rig.chain.accounts.set(consumer, {
          deposited: units(1_000),
          settled: units(301),
          limitLeft: units(1),
          period: 0,
        }),
      1n,
    ],
    [
      'a deposit the books do not have',
      (rig: SettlementRig) =>
        void rig.chain.accounts.set(consumer, {
          deposited: units(1_005),
          settled: units(300),
          limitLeft: units(1),
          period: 0,
        }),
      5n,
    ],
    ['memory', (rig: SettlementRig) => Object.assign(rig.ledger.account(consumer) ?? {}, { unsettled: units(19) }), 1n],
    [
      'a stored row',
      (rig: SettlementRig) =>
        void rig.store.db.prepare('UPDATE accounts SET charged_sealed = charged_sealed + 4').run(),
      4n,
    ],
  ])('sees one wrong unit in %s', async (_, break_, least) => {
    const rig = await settledRig();
    break_(rig);
    const report = await reconcileRig(rig);
    expect(report.ok).toBe(false);
    expect(report.unitsOff).toBeGreaterThanOrEqual(least);
  });

  it('sees missing USDC and earnings that differ, and does not mind more USDC than owed', async () => {
    const rig = await settledRig();
    expect((await reconcileRig(rig, { tokens: -1n })).unitsOff).toBe(1n);
    expect((await reconcileRig(rig, { tokens: 50n })).ok).toBe(true);
    expect((await reconcileRig(rig, { gross: 2n })).ok).toBe(false);
  });

  it('sees a stored root that no longer leads to the chain value, wherever it stands', async () => {
    const rig = await settledRig();
    await rig.run();
    rig.store.db.exec('DROP TRIGGER batches_fixed');
    rig.store.db.prepare('UPDATE batches SET root = ? WHERE batch = 1').run('ee'.repeat(32));
    const off = (await reconcileRig(rig)).checks.filter((check) => check.off !== 0n);
    expect(off).toMatchObject([{ name: 'published roots', subject: 'lane 0', off: 1n }]);
  });

  it('sees another root under our batch', async () => {
    const rig = await settledRig();
    const lane = rig.chain.lanes.get(0);
    if (lane) rig.chain.lanes.set(0, { ...lane, root: 'ee'.repeat(32) });
    const report = await reconcileRig(rig);
    expect(report.checks.find((check) => check.off !== 0n)?.detail).toContain('root');
  });
});

describe('tokens that nobody owns', () => {
  /** Events that the books have read, with both cursors at the newest ledger. */
  function read(rig: SettlementRig, ...events: VaultEventRow[]): void {
    const { ledger } = rig.chain;
    for (const name of ['vault', 'transfers']) {
      rig.store.deposits.applyPage({ name, cursor: String(ledger), ledger, closedAtMs: 1, events });
    }
  }
  const moved = (id: string, kind: string, amount: bigint, ledger = 1) =>
    vaultEvent(id, { kind, ledger, amount: units(amount) });
  const identity = async (rig: SettlementRig, tamper: Tamper) => {
    const { checks } = await reconcileRig(rig, tamper);
    return checks.find(({ name }) => name.startsWith('USDC beyond liabilities'));
  };

  it('are what the vault holds beyond its liabilities: transfers less sweeps, or a unit is off', async () => {
    const rig = await settledRig();
    read(rig, moved('a', 'transfer', 50n), moved('b', 'swept', 20n));
    expect(await identity(rig, { tokens: 30n })).toMatchObject({ books: 30n, chain: 30n, off: 0n });
    expect(await identity(rig, { tokens: 31n })).toMatchObject({ off: 1n });
    expect(await identity(rig, { tokens: 29n })).toMatchObject({ off: -1n });
  });

  it('are not compared with a vault of another ledger than was read', async () => {
    const rig = await settledRig();
    read(rig);
    rig.chain.ledger++;
    expect(await identity(rig, { tokens: 31n })).toBeUndefined();
    read(rig, moved('later', 'transfer', 7n, rig.chain.ledger + 1));
    expect(await identity(rig, { tokens: 0n })).toMatchObject({ books: 0n, off: 0n });
  });

  it('that came in ledgers nobody could see are named, by so much and no more', async () => {
    const rig = await settledRig();
    read(rig, moved('a', 'transfer', 50n));
    noteTransferGap(rig.store.meta, { fromLedger: 10, toLedger: 20 });
    const detail = '0.0000012 USDC are unexplained: between ledgers 10 and 20 transfers to the vault could not be seen';
    expect(await identity(rig, { tokens: 62n })).toMatchObject({ books: 50n, chain: 62n, off: 0n, detail });
    expect(await identity(rig, { tokens: 63n })).toMatchObject({ off: 1n, detail });
    expect(await identity(rig, { tokens: 61n })).toMatchObject({ off: -1n });
    read(rig, moved('b', 'swept', 12n));
    expect(await identity(rig, { tokens: 50n })).toMatchObject({ off: 0n, detail });
    noteTransferGap(rig.store.meta, { fromLedger: 30, toLedger: 40 });
    expect(await identity(rig, { tokens: 51n })).toMatchObject({ off: 0n });
    expect(await identity(rig, { tokens: 52n })).toMatchObject({ off: 1n });
  });

  it('can not be missing for transfers that were not seen, only for sweeps', async () => {
    const rig = await settledRig();
    read(rig, moved('a', 'transfer', 50n));
    noteTransferGap(rig.store.meta, { fromLedger: 10, toLedger: 20 });
    expect(await identity(rig, { tokens: 45n })).toMatchObject({ off: -5n });
    noteVaultGap(rig.store.meta, { fromLedger: 10, toLedger: 20 });
    expect(await identity(rig, { tokens: 45n })).toMatchObject({ off: 0n });
    expect(await identity(rig, { tokens: 44n })).toMatchObject({ off: -1n });
  });
});

describe('payments to payees', () => {
  const told = (rig: SettlementRig, id: string, kind: string, amount: bigint) =>
    applyEvents(rig.store, vaultEvent(id, { kind, amount: units(amount), data: JSON.stringify({ payee, lane: 0 }) }));
  const off = async (rig: SettlementRig, tamper: Tamper) => {
    const { checks } = await reconcileRig(rig, tamper);
    return checks.filter(({ name }) => name.endsWith(' seen')).map((each) => [each.subject, each.off]);
  };
  const subject = `${payee} in lane 0`;

  it('are those that the vault counts, and the same of fees', async () => {
    const rig = await settledRig();
    told(rig, 'a', 'claimed', 100n);
    told(rig, 'b', 'claimed', 20n);
    told(rig, 'c', 'fee_collected', 3n);
    expect(await off(rig, { netPaid: 120n, feePaid: 3n })).toEqual([
      [subject, 0n],
      [subject, 0n],
    ]);
    expect(await off(rig, { netPaid: 121n, feePaid: 2n })).toEqual([
      [subject, 1n],
      [subject, -1n],
    ]);
  });

  it('in ledgers nobody could see, or of before the books, are explained by so much and no more', async () => {
    const rig = await settledRig();
    told(rig, 'a', 'claimed', 100n);
    expect(await off(rig, { netPaid: 130n })).toContainEqual([subject, 30n]);
    noteVaultGap(rig.store.meta, { fromLedger: 10, toLedger: 20 });
    expect(await off(rig, { netPaid: 130n })).not.toContainEqual([subject, 30n]);
    told(rig, 'b', 'claimed', 5n);
    expect(await off(rig, { netPaid: 135n })).not.toContainEqual([subject, 5n]);
    expect(await off(rig, { netPaid: 136n })).toContainEqual([subject, 1n]);
    expect(await off(rig, { netPaid: 137n, late: true })).toEqual([
      [subject, 0n],
      [subject, 0n],
    ]);
    expect(await off(rig, { netPaid: 104n, late: true })).toContainEqual([subject, -33n]);
  });
});
