import { describe, expect, it } from 'vitest';
import { addressOf, createSettlementRig, type SettlementRig } from './rig.ts';
import { limitPeriodS } from './scripted-chain.ts';

const [rich, poor] = [addressOf('rich'), addressOf('poor')];
const [payee, secondPayee] = [addressOf('payee'), addressOf('second payee')];

/** A batch lands, and nobody remembers its ledger when the gateway is back: its transaction and its event are gone. */
async function landUnseen(rig: SettlementRig): Promise<void> {
  await rig.settler.turn();
  rig.chain.close(600);
  rig.chain.forgetful = true;
}

describe('a batch whose ledger no server remembers', () => {
  it('is booked as the counters of accounts and payees moved: in full, in part, or not for a payee that is not listed', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.deposit(poor, 1_000_000n, 100n);
    rig.chain.unlisted.add(secondPayee);
    rig.charge(rich, payee, 300);
    rig.charge(rich, secondPayee, 40);
    rig.charge(poor, payee, 250);
    rig.charge(poor, secondPayee, 7);
    await landUnseen(rig);
    // Two looks at the hash, and one at the counters.
    for (let look = 0; look < 3; look++) await rig.settler.turn();
    expect(rig.store.batches.byNumber(0, 1)).toMatchObject({ state: 'confirmed' });
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 300n, unsettled: 0n, heldForPayee: 40n });
    expect(rig.store.accounts.byAddress(poor)).toMatchObject({ settled: 100n, receivable: 150n, heldForPayee: 7n });
    expect(rig.ledger.account(poor)).toMatchObject({ settled: 100n, unsettled: 0n, receivable: 150n });
  });

  it('counts for the limit of the period in which it landed, not of the one in which it was sealed', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    const sealedIn = Math.floor(rig.clock.nowMs() / 1000 / limitPeriodS);
    rig.chain.closedAtS = (sealedIn + 1) * limitPeriodS;
    await landUnseen(rig);
    await rig.run();
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 300n, period: sealedIn + 1, used: 300n });
  });

  it('halts its lane when the counters say what no batch of ours can have done, and others may use the account again', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    await landUnseen(rig);
    rig.chain.gross.set(payee, rig.chain.accounts.get(rich)?.deposited ?? never());
    await rig.run();
    expect(rig.settler.status()).toMatchObject({ foreign: false, lanes: [{ state: 'halted' }] });
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain('no longer known');
    expect(rig.store.accounts.byAddress(rich)).toMatchObject({ settled: 0n, unsettled: 300n });
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBe('claimed');
  });
});

describe('work on the account of the operator', () => {
  it('waits while an envelope of a batch may still land', async () => {
    const rig = createSettlementRig();
    rig.deposit(rich, 1_000_000n);
    rig.charge(rich, payee, 300);
    rig.chain.congested = true;
    await rig.settler.turn();
    rig.chain.close(90);
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBeUndefined();
    rig.chain.close(5);
    expect(await rig.settler.whileIdle(async () => 'claimed')).toBe('claimed');
  });
});

function never(): never {
  throw new Error('the account is funded');
}
