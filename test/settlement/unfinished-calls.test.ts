import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import { hashLeaf } from '../../src/settlement/leaf.ts';
import { rootOf } from '../../src/settlement/merkle.ts';
import { createProposer } from '../../src/store/seal-proposal.ts';
import { writeCharge } from '../store/rig.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';
import { vaultAddress } from './scripted-chain.ts';

const [account, payee] = [addressOf('account'), addressOf('payee')];

/** A charge whose call has not ended. */
function begin(rig: SettlementRig, price: number): number {
  return writeCharge(rig.store, { account, payee, price, atMs: rig.clock.nowMs(), finished: false });
}

const settledOf = (rig: SettlementRig) => rig.chain.accounts.get(account)?.settled;

describe('a call that has not ended', () => {
  it('is settled when it is as old as the age limit, by the time that has passed', async () => {
    const rig = createSettlementRig();
    rig.deposit(account, 1_000n);
    begin(rig, 5);
    await rig.run();
    rig.clock.setWall(rig.clock.nowMs() + 30 * 86_400_000);
    await rig.run();
    expect(settledOf(rig)).toBe(0n);
    rig.clock.advance(3_600_000);
    await rig.run();
    expect(settledOf(rig)).toBe(5n);
  });

  it('and broke off with an earlier process waits for the whole age limit again, however long the outage was', async () => {
    const rig = createSettlementRig();
    rig.deposit(account, 1_000n);
    begin(rig, 5);
    rig.clock.advance(86_400_000);
    rig.restart();
    await rig.run();
    rig.clock.advance(3_599_000);
    await rig.run();
    expect(settledOf(rig)).toBe(0n);
    rig.clock.advance(60_000);
    await rig.run();
    expect(settledOf(rig)).toBe(5n);
  });
});

describe('a call below the least total of a batch', () => {
  it('is settled when it is as old as the age limit, also when the clock is set back meanwhile', async () => {
    const rules = { intervalMs: 0, minTotal: units(1_000), ageMaxMs: 3_600_000, entriesMax: 100 };
    const rig = createSettlementRig({ rules });
    rig.deposit(account, 1_000n);
    // A process that begins takes it that an earlier one was asked to hurry, and makes that batch first.
    rig.charge(account, payee, 2);
    rig.clock.advance(3_600_000);
    await rig.run();
    expect(settledOf(rig)).toBe(2n);
    rig.charge(account, payee, 5);
    // Ages by the time that has passed are as fine as a minute.
    rig.clock.advance(60_000);
    await rig.run();
    rig.clock.setWall(rig.clock.nowMs() - 30 * 86_400_000);
    rig.clock.advance(3_500_000);
    await rig.run();
    expect(settledOf(rig)).toBe(2n);
    rig.clock.advance(100_000);
    await rig.run();
    expect(settledOf(rig)).toBe(7n);
  });
});

describe('calls past the age limit that end without an answer, one at each moment', () => {
  it('do not keep what has ended from being settled', async () => {
    const rig = createSettlementRig();
    const { store } = rig;
    const propose = createProposer(store.db, { hashLeaf: (row) => hashLeaf(vaultAddress, row), rootOf });
    const running: number[] = [];
    rig.restart({
      async propose(request) {
        const proposal = propose(request);
        const ended = proposal && running.pop();
        if (ended) store.db.prepare("INSERT INTO refunds VALUES (?, 1, 3, 'unreachable')").run(ended);
        return proposal;
      },
    });
    rig.deposit(account, 1_000_000n);
    for (let call = 0; call < 50; call++) running.push(begin(rig, 3));
    await rig.settler.turn();
    rig.clock.advance(3_600_000);
    for (let call = 0; call < 50; call++) rig.charge(account, payee, 20);
    for (let turn = 0; turn < 3; turn++) await rig.settler.turn();
    rig.chain.close();
    await rig.settler.turn();
    expect(running.length).toBeGreaterThan(30);
    expect(settledOf(rig)).toBe(1_000n);
  });
});
