import { describe, expect, it } from 'vitest';
import { signLifeMaxLedgers } from '../../src/settlement/adoption.ts';
import { laneOf } from '../../src/store/lane-of.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';

const payee = addressOf('payee');
const accounts = Array.from({ length: 24 }, (_, index) => addressOf(`account ${index}`));

function charged(rig: SettlementRig, price = 10): SettlementRig {
  for (const account of accounts) {
    if (!rig.ledger.account(account)) rig.deposit(account, 1_000n);
    rig.charge(account, payee, price);
  }
  return rig;
}

function expectSettled(rig: SettlementRig, each: number): void {
  for (const account of accounts) {
    expect(rig.chain.accounts.get(account)?.settled).toBe(BigInt(each));
    expect(rig.store.accounts.byAddress(account)).toMatchObject({ settled: BigInt(each), unsettled: 0n });
  }
  expect(rig.store.batches.open()).toEqual([]);
}

const batchOf = (rig: SettlementRig, lane: number) => rig.chain.lanes.get(lane)?.batch ?? 0;

describe('an account', () => {
  it('is in one lane of so many, the same one always, and lanes have about as many each', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 4_000; index++) {
      const lane = laneOf(addressOf(`of many ${index % 1_000}`), 4);
      counts[lane] = (counts[lane] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(160);
    expect(laneOf('GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF', 1)).toBe(0);
  });
});

describe('several lanes', () => {
  it('have a batch under way each, and one ledger takes them all', async () => {
    const rig = charged(createSettlementRig({ lanes: 4 }));
    await rig.settler.turn();
    expect(rig.store.batches.open().map(({ lane, state }) => [lane, state])).toEqual([
      [0, 'submitted'],
      [1, 'submitted'],
      [2, 'submitted'],
      [3, 'submitted'],
    ]);
    rig.chain.close();
    await rig.settler.turn();
    expectSettled(rig, 10);
    expect([0, 1, 2, 3].map((lane) => batchOf(rig, lane))).toEqual([1, 1, 1, 1]);
  });

  it('let the others go on when one waits for its channel account or is halted', async () => {
    const rig = charged(createSettlementRig({ lanes: 3 }));
    rig.chain.withoutChannel.add(1);
    await rig.run(5);
    expect([0, 1, 2].map((lane) => batchOf(rig, lane))).toEqual([1, 0, 1]);
    expect(rig.settler.status().lanes[1]?.waitingFor).toBe('the channel account of lane 1');
    rig.chain.withoutChannel.clear();
    await rig.run();
    expectSettled(rig, 10);
  });

  it('leave the account of the operator free while only a channel has an envelope under way', async () => {
    const rig = createSettlementRig({ lanes: 2 });
    const [ofOther = ''] = accounts.filter((account) => laneOf(account, 2) === 1);
    rig.deposit(ofOther, 1_000n);
    rig.charge(ofOther, payee, 5);
    await rig.settler.turn();
    expect(rig.store.batches.open()).toMatchObject([{ lane: 1, state: 'submitted' }]);
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBe('claimed');
  });
});

describe('another number of lanes', () => {
  it.each([
    [1, 4],
    [4, 1],
    [3, 2],
  ])('takes hold when the batches of before are settled: %i, then %i', async (before, after) => {
    const rig = charged(createSettlementRig({ lanes: before }));
    rig.chain.congested = true;
    await rig.settler.turn();
    expect(rig.store.batches.open()).toHaveLength(before);
    rig.restart({ lanes: after });
    charged(rig, 7);
    await rig.settler.turn();
    expect(rig.store.batches.open()).toHaveLength(before);
    rig.chain.congested = false;
    await rig.run(300);
    expectSettled(rig, 17);
    const settledLanes = rig.store.batches.list({ limit: 50 }).filter(({ batch, lane }) => batch > 1 || lane >= before);
    expect(settledLanes.every(({ lane }) => lane < after)).toBe(true);
  });
});

describe('more lanes than there are channel accounts for', () => {
  it('are not used before all have theirs, and settlement goes on meanwhile and when they are given up', async () => {
    let ready = false;
    const rig = charged(createSettlementRig({ lanes: 4, channelsReady: () => ready }));
    await rig.run();
    expectSettled(rig, 10);
    expect(batchOf(rig, 1)).toBe(0);
    rig.restart({ lanes: 1 });
    charged(rig, 7);
    await rig.run();
    expectSettled(rig, 17);
    ready = true;
    rig.restart({ lanes: 4 });
    charged(rig, 5);
    await rig.run();
    expectSettled(rig, 22);
    expect(batchOf(rig, 3)).toBe(1);
  });

  it('do not keep the others from being settled when one is halted', async () => {
    const rig = charged(createSettlementRig({ lanes: 2 }));
    rig.chain.congested = true;
    await rig.settler.turn();
    rig.restart({ lanes: 3 });
    rig.chain.settleForeign(1);
    rig.chain.congested = false;
    for (let ledger = 0; ledger < 60; ledger++) {
      await rig.settler.turn().catch(() => undefined);
      rig.chain.close();
      rig.clock.advance(5_000);
    }
    expect(rig.settler.status().lanes[1]).toMatchObject({ state: 'halted' });
    const before = batchOf(rig, 0);
    for (const account of accounts) rig.charge(account, payee, 3);
    await rig.settler.turn().catch(() => undefined);
    rig.chain.close();
    await rig.settler.turn().catch(() => undefined);
    expect(batchOf(rig, 0)).toBe(before + 1);
  });
});

describe('a batch of a channel that is too large', () => {
  it('is taken apart only when nothing that the operator signed for it can be sent any more', async () => {
    const rig = createSettlementRig({ lanes: 2 });
    const others = accounts.filter((account) => laneOf(account, 2) === 1);
    for (const account of others) {
      rig.deposit(account, 1_000n);
      rig.charge(account, payee, 5);
    }
    rig.chain.linesAccepted = others.length - 1;
    const lines = () => rig.store.batches.open().map(({ id }) => rig.store.batches.lines(id).length);
    const begun = rig.chain.ledger;
    let refusedAt = 0;
    while (lines()[0] === undefined || lines()[0] === others.length) {
      await rig.settler.turn();
      if (!refusedAt && rig.settler.status().lanes[1]?.waitingFor?.includes('smaller')) refusedAt = rig.chain.ledger;
      rig.chain.close();
      rig.clock.advance(5_000);
      if (rig.chain.ledger > begun + 1_000) throw new Error('it never was');
    }
    expect(refusedAt).toBeGreaterThan(begun);
    expect(rig.chain.ledger).toBeGreaterThanOrEqual(refusedAt + signLifeMaxLedgers);
    await rig.run(500);
    for (const account of others) expect(rig.chain.accounts.get(account)?.settled).toBe(5n);
  });
});
