import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';
import { roomySettings, type ScriptedChain } from './scripted-chain.ts';

const accounts = Array.from({ length: 11 }, (_, index) => addressOf(`account ${index}`));
const [payee, secondPayee] = [addressOf('payee'), addressOf('second payee')];

function charged(): SettlementRig {
  const rig = createSettlementRig();
  for (const account of accounts) rig.deposit(account, 1_000n);
  for (const [index, account] of accounts.entries()) {
    rig.charge(account, index % 2 ? payee : secondPayee, 10 + index);
    rig.charge(account, payee, 100);
  }
  return rig;
}

/** To the unit, once, and nothing is left open. */
function expectAllSettled(rig: SettlementRig): void {
  for (const [index, account] of accounts.entries()) {
    expect(rig.chain.accounts.get(account)?.settled).toBe(BigInt(110 + index));
    expect(rig.store.accounts.byAddress(account)).toMatchObject({ settled: BigInt(110 + index), unsettled: 0n });
    expect(rig.ledger.account(account)).toMatchObject({ settled: BigInt(110 + index), unsettled: 0n });
  }
  expect(rig.store.batches.open()).toEqual([]);
}

describe('a batch that asks more than the network takes', () => {
  const networks: [string, (chain: ScriptedChain) => void][] = [
    ['its simulation runs out of instructions', (chain) => (chain.linesSimulated = 3)],
    ['its envelope declares too much', (chain) => (chain.linesAccepted = 3)],
    ['it runs out of what it declared when it is applied', (chain) => (chain.linesApplied = 3)],
  ];
  it.each(networks)('is taken apart and settled in smaller ones: %s', async (_, narrow) => {
    const rig = charged();
    narrow(rig.chain);
    await rig.run(2_000);
    expectAllSettled(rig);
    expect(rig.chain.lanes.get(0)?.batch).toBeGreaterThan(4);
  });

  it('because its limits were lowered since it was sealed, is made smaller before anything of it is sent', async () => {
    const rig = charged();
    rig.chain.paused = true;
    await rig.run(2);
    expect(rig.store.batches.open()).toMatchObject([{ state: 'sealed', batch: 1 }]);
    rig.chain.settingsNow = { ...roomySettings, writeEntriesMax: 7 };
    rig.chain.paused = false;
    await rig.run(2_000);
    expectAllSettled(rig);
    expect(rig.chain.sends.length).toBe(rig.chain.lanes.get(0)?.batch);
  });

  it('is taken apart as it was filed, some hundred leaves at a time, with calls between', async () => {
    const waiting: number[] = [];
    const rig = createSettlementRig({
      clock: { ...fakeClock(), sleep: async () => void waiting.push(rig.store.charges.unsealedCount()) },
    });
    for (const account of accounts.slice(0, 2)) rig.deposit(account, 10_000n);
    for (let call = 0; call < 350; call++) for (const account of accounts.slice(0, 2)) rig.charge(account, payee, 1);
    rig.chain.linesSimulated = 1;
    await rig.settler.settleNow({ timeoutMs: 0 });
    expect(waiting).toEqual([400, 100, 300, 600]);
  });

  it('leaves nothing of what was said against it to the next one, also when taking it apart broke off', async () => {
    const rig = createSettlementRig();
    const { batches } = rig.store;
    let parts = 0;
    const unsealPart: typeof batches.unsealPart = (id) => {
      if (++parts === 2) throw new Error('database is locked');
      return batches.unsealPart(id);
    };
    rig.restart({ batches: { ...batches, unsealPart }, clock: { ...rig.clock, sleep: async () => undefined } });
    for (const account of accounts.slice(0, 2)) rig.deposit(account, 10_000n);
    for (let call = 0; call < 350; call++) for (const account of accounts.slice(0, 2)) rig.charge(account, payee, 1);
    rig.chain.linesAccepted = 1;
    for (let turns = 0; parts < 2 && turns < 100; turns++) {
      await rig.settler.turn().catch(() => undefined);
      rig.chain.close();
    }
    const [half] = batches.open();
    expect(batches.isWhole(half?.id ?? 0)).toBe(false);
    await rig.settler.turn();
    expect(batches.open()).toMatchObject([{ id: half?.id, batch: half?.batch, state: 'submitted' }]);
    await rig.run();
    expect(accounts.slice(0, 2).map((account) => rig.chain.accounts.get(account)?.settled)).toEqual([350n, 350n]);
    expect(rig.settler.status().lanes).toMatchObject([{ state: 'idle' }]);
  });

  it('is as large as ever again once the network takes it', async () => {
    const rig = charged();
    rig.chain.linesSimulated = 3;
    await rig.run(2_000);
    rig.chain.linesSimulated = Number.POSITIVE_INFINITY;
    for (const account of accounts) for (let call = 0; call < 3; call++) rig.charge(account, payee, 1);
    await rig.run(2_000);
    const { batch = 0 } = rig.chain.lanes.get(0) ?? {};
    for (const account of accounts) rig.charge(account, payee, 1);
    await rig.run(2_000);
    expect(rig.chain.lanes.get(0)?.batch).toBe(batch + 1);
  });

  it('halts its lane when it is a single line, and says whose', async () => {
    const rig = createSettlementRig();
    rig.deposit(accounts[0] ?? '', 1_000n);
    rig.charge(accounts[0] ?? '', payee, 5);
    rig.chain.linesSimulated = 0;
    await rig.run();
    expect(rig.settler.status().lanes).toMatchObject([{ state: 'halted' }]);
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain(`${accounts[0]} to ${payee}`);
    rig.chain.linesSimulated = 1;
    expect(await rig.settler.settleNow({ timeoutMs: 0 })).toBeDefined();
    await rig.run();
    expect(rig.chain.accounts.get(accounts[0] ?? '')?.settled).toBe(5n);
  });
});
