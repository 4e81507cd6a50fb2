import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import type { SettlerDeps } from '../../src/settlement/settler.ts';
import { laneOf } from '../../src/store/lane-of.ts';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';

const hourMs = 3_600_000;
const [consumer, other, payee] = [addressOf('consumer'), addressOf('other'), addressOf('payee')];
const rules: SettlerDeps['rules'] = {
  intervalMs: hourMs,
  minTotal: units(2_000_000),
  ageMaxMs: 4 * hourMs,
  entriesMax: 100,
};

function funded(overrides: Partial<SettlerDeps> = {}): SettlementRig {
  const rig = createSettlementRig({ rules, ...overrides });
  rig.deposit(consumer, 100_000_000n);
  rig.deposit(other, 100_000_000n);
  return rig;
}

/** The limit of its account let the vault take 100 units of a charge, and the rest is owed. */
async function indebted(): Promise<SettlementRig> {
  const rig = createSettlementRig({ rules });
  rig.deposit(consumer, 100_000_000n, 100n);
  rig.charge(consumer, payee, 2_000_000);
  rig.clock.advance(hourMs);
  await rig.run();
  return rig;
}

/** What the core does when it sees a withdrawal request of an account. */
function request(rig: SettlementRig, account: string): void {
  const slot = rig.ledger.account(account);
  if (!slot) throw new Error(`${account} has no account`);
  rig.settler.hurry(account, slot.unsettled);
}

function batches(rig: SettlementRig, lane = 0): number {
  return rig.chain.lanes.get(lane)?.batch ?? 0;
}

describe('a withdrawal request', () => {
  it('has settled at once what is worth a batch, and the small change of others with it', async () => {
    const rig = funded();
    rig.charge(consumer, payee, 2_000_000);
    rig.charge(other, payee, 1);
    request(rig, consumer);
    await rig.run();
    expect([batches(rig), rig.chain.gross.get(payee)]).toEqual([1, 2_000_001n]);
  });

  it('makes nobody pay for batches of nothing: however many come, they get one when a charge would have grown old', async () => {
    const rig = funded();
    for (let requests = 0; requests < 20; requests++) {
      rig.charge(requests % 2 ? consumer : other, payee, 1);
      request(rig, requests % 2 ? consumer : other);
      await rig.run(2);
    }
    expect(batches(rig)).toBe(0);
    rig.clock.advance(4 * hourMs);
    await rig.run();
    expect([batches(rig), rig.chain.gross.get(payee)]).toEqual([1, 20n]);
  });

  it('is never worth a batch for less than 0.10 USDC, whatever the least total is', async () => {
    const rig = funded({ rules: { ...rules, minTotal: units(0) } });
    rig.charge(consumer, payee, 999_999);
    request(rig, consumer);
    await rig.run(3);
    expect(batches(rig)).toBe(0);
    rig.charge(consumer, payee, 1);
    request(rig, consumer);
    await rig.run();
    expect(batches(rig)).toBe(1);
  });

  it('has settled in time what no age settles: a debt of its account', async () => {
    const rig = await indebted();
    expect(rig.ledger.account(consumer)).toMatchObject({ settled: 100n, receivable: 1_999_900n });
    // The limit is raised, and the money is about to leave.
    rig.deposit(consumer, 100_000_000n);
    rig.chain.fund(consumer, 100_000_000n, 100_000_000n);
    request(rig, consumer);
    rig.clock.advance(4 * hourMs - 1);
    await rig.settler.turn();
    expect(batches(rig)).toBe(1);
    rig.clock.advance(1);
    await rig.run();
    expect(rig.ledger.account(consumer)).toMatchObject({ settled: 2_000_000n, receivable: 0n });
  });

  it('is not forgotten by a restart', async () => {
    const rig = await indebted();
    request(rig, consumer);
    rig.restart();
    rig.chain.fund(consumer, 100_000_000n, 100_000_000n);
    rig.clock.advance(4 * hourMs);
    await rig.run();
    expect(rig.ledger.account(consumer)).toMatchObject({ settled: 2_000_000n, receivable: 0n });
  });

  it('is not put off by restarts, however many: what has waited in the books is settled when its time is over', async () => {
    const rig = await indebted();
    expect(rig.ledger.account(consumer)).toMatchObject({ receivable: 1_999_900n });
    rig.chain.fund(consumer, 100_000_000n, 100_000_000n);
    rig.restart();
    request(rig, consumer);
    for (let hour = 0; hour < 3; hour++) {
      expect(batches(rig)).toBe(1);
      await rig.run();
      rig.clock.advance(hourMs);
      rig.restart();
    }
    await rig.run();
    expect(rig.ledger.account(consumer)).toMatchObject({ settled: 2_000_000n, receivable: 0n });
  });

  it('waits no longer for a host clock that is set back before a restart', async () => {
    const rig = await indebted();
    rig.chain.fund(consumer, 100_000_000n, 100_000_000n);
    await rig.settler.turn();
    rig.clock.setWall(rig.clock.nowMs() - 1_000 * hourMs);
    rig.restart();
    rig.clock.advance(4 * hourMs);
    await rig.run();
    expect(rig.ledger.account(consumer)).toMatchObject({ receivable: 0n });
  });

  it('hastens the lane of its account and no other', async () => {
    const rig = createSettlementRig({ rules, lanes: 2 });
    const names = Array.from({ length: 8 }, (_, index) => addressOf(`account ${index}`));
    const [here, there] = [0, 1].map((lane) => names.find((name) => laneOf(name, 2) === lane) ?? '');
    for (const name of [here, there]) rig.deposit(name ?? '', 100_000_000n);
    rig.charge(here ?? '', payee, 1);
    rig.charge(there ?? '', payee, 2_000_000);
    await rig.run(2);
    request(rig, there ?? '');
    await rig.run();
    expect([batches(rig, 0), batches(rig, 1)]).toEqual([0, 1]);
  });
});
