import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { reconcile } from '../../src/settlement/reconcile.ts';
import { createRootChain } from '../../src/settlement/root-chain.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';

const consumer = addressOf('consumer');
const payee = addressOf('payee');

function reconcileRig(rig: SettlementRig, tamper: { tokens?: bigint; gross?: bigint } = {}) {
  const { chain, store } = rig;
  const sum = (values: Iterable<bigint>) => units([...values].reduce((total, value) => total + value, 0n));
  const deposited = () => sum([...chain.accounts.values()].map((account) => account.deposited));
  return reconcile({
    vault: {
      ...chain.vault,
      info: async () => ({ token: 'C', config: { feeBps: 0 } }) as never,
      earnings: async (of) => ({
        gross: units((chain.gross.get(of) ?? 0n) + (tamper.gross ?? 0n)),
        netPaid: units(0),
        feePaid: units(0),
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
