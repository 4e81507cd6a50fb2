import { describe, expect, it } from 'vitest';
import { salesStop } from '../../src/app/sales.ts';
import { seenOf } from '../../src/app/webhooks.ts';
import { parseUsdc, units } from '../../src/money.ts';
import { type CoreRig, held, startCore, startFunded } from './core-rig.ts';

/** Something happens on chain right after each answer about accounts. */
function whenAsked({ gateway }: CoreRig, act: () => Promise<unknown>): void {
  const { core } = gateway;
  const { accounts } = core.vault;
  Object.assign(core.vault, {
    async accounts(...args: Parameters<typeof accounts>) {
      const answer = await accounts(...args);
      await act();
      return answer;
    },
  });
}

describe('accounts compared with the vault', () => {
  it('are nothing to be asked about while nobody has paid in', async () => {
    const rig = await startCore('nobody');
    await rig.turns();
    await rig.compareWithVault();
    expect(rig.gateway.core.chainCheck).toMatchObject({ differences: 0 });
  });

  it('are found equal while a deposit lands after each answer, and sales go on', async () => {
    const rig = await startFunded('busy check');
    whenAsked(rig, () => rig.consumer.deposit(rig.consumer.address, units(100n)));
    await rig.compareWithVault();
    expect(rig.gateway.core.chainCheck).toMatchObject({ differences: 0 });
    expect(salesStop(rig.gateway.core)).toBeUndefined();
  });

  it.each(['deposited', 'settled', 'withdrawn', 'requested'] as const)(
    'end sales when memory and database agree on one unit of %s that the vault does not have',
    async (field) => {
      const rig = await startFunded(`off by one ${field}`);
      const { core } = rig.gateway;
      const slot = core.ledger.account(rig.consumer.address);
      if (!slot) throw new Error('the deposit was not seen');
      Object.assign(slot, { [field]: units(slot[field] + 1n) });
      core.store.db.prepare(`UPDATE accounts SET ${field} = ${field} + 1`).run();
      await rig.compareWithVault();
      expect(core.chainCheck).toMatchObject({ differences: 1 });
      expect(salesStop(core)).toContain('disagree on 1 account:');
      expect(await rig.sell(1)).toBe(0);
    },
  );
});

describe('earnings, lanes and chain values compared with the vault', () => {
  it('are found equal with a batch under way and once it is booked, and sales go on', async () => {
    const rig = await startFunded('settled check');
    const { core } = rig.gateway;
    await rig.sell(3);
    await rig.settle();
    await rig.sell(2);
    core.settler.hurry(rig.consumer.address, units(10_000_000));
    await rig.turns(1);
    for (let ledger = 0; ledger < 4; ledger++) {
      await rig.compareWithVault();
      expect(core.settledCheck).toMatchObject({ differences: 0 });
      rig.network.pass(5);
      await core.settler.turn();
    }
    await rig.settle();
    await rig.compareWithVault();
    expect(core.settledCheck).toMatchObject({ differences: 0 });
    expect(core.store.payouts.earnings()[0]?.gross).toBeGreaterThan(0n);
    expect(salesStop(core)).toBeUndefined();
  });

  it.each([
    ['a unit too much', 'DROP TRIGGER earnings_grow; UPDATE earnings SET gross = gross + 1', ' in lane 0'],
    ['a unit too little', 'DROP TRIGGER earnings_grow; UPDATE earnings SET gross = gross - 1', ' in lane 0'],
    [
      'another root under a settled batch',
      `DROP TRIGGER batches_fixed; UPDATE batches SET root = '${'ab'.repeat(32)}' WHERE batch = 1`,
      'lane 0',
    ],
  ])('end sales when the books have %s', async (_, harm, what) => {
    const rig = await startFunded(`settled check ${harm.length}`);
    await rig.sell(3);
    await rig.settle();
    await rig.sell(2);
    await rig.settle();
    const { core } = rig.gateway;
    core.store.db.exec(harm);
    await rig.compareWithVault();
    expect(core.chainCheck).toMatchObject({ differences: 0 });
    expect(core.settledCheck).toMatchObject({ differences: 1 });
    expect(salesStop(core)).toMatch(new RegExp(`books and vault disagree on .*${what}: callora reconcile`));
    const told = [...seenOf(core).identities()].find(({ identity }) => identity === 'settlements equal vault');
    expect(told?.broken).toBe('1 payee or lane differs');
    expect(await rig.sell(1)).toBe(0);
  });

  it('are no differences to books that began after their vault, or to a restored copy', async () => {
    const rig = await startFunded('late settled check');
    await rig.sell(3);
    await rig.settle();
    await rig.restart({ anew: true });
    await rig.turns();
    await rig.takeOver();
    await rig.sell(2);
    await rig.settle();
    await rig.compareWithVault();
    expect(rig.gateway.core.settledCheck).toMatchObject({ differences: 0 });
    await rig.restoreCopy();
    await rig.turns();
    await rig.takeOver();
    await rig.compareWithVault();
    expect(rig.gateway.core.settledCheck).toMatchObject({ differences: 0 });
    expect(salesStop(rig.gateway.core)).toBeUndefined();
  });
});

describe('a server that stands still while the vault goes on', () => {
  it('is no difference: accounts are compared only up to where the books are', async () => {
    const rig = await startFunded('books behind');
    const { core } = rig.gateway;
    const { turn } = core.watcher;
    Object.assign(core.watcher, { turn: async () => false });
    await rig.consumer.deposit(rig.consumer.address, units(100n));
    await expect(rig.compareWithVault()).rejects.toThrow(/the books only of/);
    expect(core.chainCheck).toBeUndefined();
    expect(salesStop(core)).toBeUndefined();
    Object.assign(core.watcher, { turn });
    await rig.compareWithVault();
    expect(core.chainCheck).toMatchObject({ differences: 0 });
  });
});

describe('reconciliation', () => {
  it('is green on a vault where a deposit lands after each reading of the accounts', async () => {
    const rig = await startFunded('busy reconcile');
    expect(await rig.sell(3)).toBe(3);
    await rig.turns();
    whenAsked(rig, () => rig.consumer.deposit(rig.consumer.address, units(100n)));
    const report = await rig.gateway.core.books('test').reconcile();
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report.ok).toBe(true);
  });

  it('says where every unit is, as the vault has it after calls, settlement and a payout', async () => {
    const rig = await startFunded('totals');
    await rig.sell(3);
    await rig.settle();
    await rig.payOut();
    await rig.sell(1);
    const { core } = rig.gateway;
    const { totals } = await core.books('test').reconcile();
    const of = (name: string) => parseUsdc(totals.find((total) => total.name === name)?.amount ?? '') ?? -1n;
    const { liabilities } = await core.vault.coverage((await core.vault.info()).token);
    expect(of('deposits')).toBe(held);
    expect(of('balances') + of('owed to payees')).toBe(liabilities);
    expect(of('settlements')).toBe(of('earnings'));
    expect(of('earnings')).toBe(of('fees') + of('paid to payees') + of('owed to payees'));
    expect(of('charges')).toBe(of('settlements') + of('unsettled'));
    for (const name of ['unsettled', 'fees', 'owed to payees']) expect(of(name), name).toBeGreaterThan(0n);
  });

  it('sees a debt that nobody owes, though memory took it over from the database and the identities hold', async () => {
    const rig = await startFunded('a debt by hand');
    await rig.sell(3);
    await rig.settle();
    const equal = { name: 'sums equal rows', ok: true, subject: 'all books' };
    expect((await rig.gateway.core.books('test').reconcile()).checks).toContainEqual(expect.objectContaining(equal));
    const { db } = rig.gateway.core.store;
    db.exec('UPDATE accounts SET charged_sealed = charged_sealed + 5, receivable = receivable + 5');
    await rig.restart();
    await rig.turns();
    const report = await rig.gateway.core.books('test').reconcile();
    expect(report).toMatchObject({ ok: false, units_off: '10' });
    expect(report.checks.filter((check) => !check.ok)).toMatchObject([
      { name: 'rows: charged and sealed', subject: rig.consumer.address },
      { name: 'rows: receivable', subject: rig.consumer.address, books: '0.0000005', chain: '0' },
    ]);
  });

  it('prints numbers of batches as numbers', async () => {
    const rig = await startFunded('numbers');
    await rig.sell(3);
    await rig.settle();
    const { checks } = await rig.gateway.core.books('test').reconcile();
    expect(checks).toContainEqual(expect.objectContaining({ name: 'last batch of the lane', books: '1', chain: '1' }));
  });

  it('of books that began after their vault sees a later difference, although sums were never equal', async () => {
    const rig = await startFunded('late books');
    await rig.settleElsewhere(1, 1, units(40_000n));
    await rig.restart({ anew: true });
    await rig.turns();
    await rig.takeOver();
    await rig.sell(3);
    await rig.settle();
    const { core } = rig.gateway;
    expect(await core.books('test').reconcile()).toMatchObject({ ok: true });
    core.store.db.exec('DROP TRIGGER earnings_grow');
    core.store.db.prepare('UPDATE earnings SET gross = gross - 1').run();
    const report = await core.books('test').reconcile();
    expect(report).toMatchObject({ ok: false, units_off: '2' });
    expect(report.checks.filter((check) => !check.ok)).toMatchObject([
      { name: 'gross earnings' },
      { name: 'rows: earned' },
    ]);
  });
});
