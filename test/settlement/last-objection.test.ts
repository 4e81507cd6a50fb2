import { describe, expect, it } from 'vitest';
import { addressOf, createSettlementRig } from './rig.ts';

const [account, other, payee] = [addressOf('account'), addressOf('other'), addressOf('payee')];

function charged() {
  const rig = createSettlementRig();
  rig.deposit(account, 1_000n);
  rig.charge(account, payee, 5);
  return { ...rig, rig, objection: () => rig.settler.status().lanes[0]?.objection };
}

describe('what the network said against a batch', () => {
  it('is shown with when and how often, also after later answers and a restart, until the batch is settled', async () => {
    const { rig, chain, clock, objection } = charged();
    chain.congested = true;
    chain.faults = ['error_lost', 'error_lost', 'pending'];
    await rig.settler.turn();
    expect(objection()).toEqual({ reason: expect.any(String), atMs: clock.nowMs(), tries: 1 });
    await rig.run(2);
    const last = objection();
    expect(last).toMatchObject({ tries: 2 });
    await rig.run(4);
    expect(objection()).toEqual(last);
    rig.restart();
    expect(objection()).toEqual(last);
    chain.congested = false;
    await rig.run();
    expect(rig.store.batches.open()).toEqual([]);
    expect(objection()).toBeUndefined();
    rig.charge(account, payee, 5);
    chain.congested = true;
    await rig.run(2);
    expect(rig.settler.status().lanes[0]).toMatchObject({ batch: 2, objection: undefined });
  });

  it('names a failure on chain', async () => {
    const { rig, chain, objection } = charged();
    chain.failNext = 1;
    await rig.run(2);
    expect(objection()).toMatchObject({ reason: expect.stringContaining('failed on chain'), tries: 1 });
  });

  it('names a server that does not take it now', async () => {
    const { rig, chain, objection } = charged();
    chain.faults = ['try_again_stored'];
    await rig.settler.turn();
    expect(objection()).toMatchObject({ reason: 'TRY_AGAIN_LATER', tries: 1 });
  });

  it('names an envelope that expired', async () => {
    const { rig, chain, objection } = charged();
    chain.congested = true;
    await rig.run(25);
    expect(objection()).toMatchObject({ reason: 'expired before it landed' });
  });

  it('was said of that batch alone, not of a smaller one made anew under its number', async () => {
    const { rig, chain, objection } = charged();
    rig.deposit(other, 1_000n);
    rig.charge(other, payee, 7);
    chain.linesAccepted = 1;
    await rig.settler.turn();
    const [whole] = rig.store.batches.open();
    expect(objection()).toMatchObject({ reason: 'txSorobanInvalid', tries: 1 });
    chain.linesAccepted = 2;
    while (rig.store.batches.open()[0]?.root === whole?.root) {
      chain.close(60);
      await rig.settler.turn();
    }
    chain.congested = true;
    await rig.run(2);
    expect(rig.store.batches.open()).toMatchObject([{ batch: whole?.batch, state: 'submitted' }]);
    expect(objection()).toBeUndefined();
  });
});
