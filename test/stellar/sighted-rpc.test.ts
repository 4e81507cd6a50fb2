import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otherLimits } from '../../src/catalog/limits-defaults.ts';
import { signLifeMaxLedgers, signLifeMaxS } from '../../src/settlement/adoption.ts';
import type { Rpc } from '../../src/stellar/rpc.ts';
import { aheadMaxLedgers, aheadMaxS, withinSight } from '../../src/stellar/sighted-rpc.ts';
import { authorisationLedgers } from '../../src/stellar/submitter.ts';
import { envelopeLifeS } from '../../src/stellar/transactions.ts';
import { addressOf, type Chain, createMoneyRig, deployedChain, deposit, usdc } from './devnet-rig.ts';

let chain: Chain;
beforeEach(async () => {
  chain = await deployedChain();
}, 60_000);
afterEach(() => chain.devnet.close());

const hash = '0'.repeat(64);

describe('an answer of the RPC server', () => {
  it('is believed up to so many ledgers and seconds ahead of what was followed, and no further', async () => {
    const newest = await chain.rpc.latestLedger();
    const sight = { ledger: newest.ledger - aheadMaxLedgers, closedAtS: newest.closedAtS - aheadMaxS };
    const sighted = withinSight(chain.rpc, () => sight, 0);
    await expect(sighted.latestLedger()).resolves.toEqual(newest);
    sight.ledger--;
    await expect(sighted.latestLedger()).rejects.toMatchObject({ failure: 'ahead' });
    await expect(sighted.transaction(hash)).rejects.toMatchObject({ failure: 'ahead' });
    await expect(sighted.entries(['AAAAAA=='])).rejects.toThrow();
    sight.ledger++;
    sight.closedAtS--;
    await expect(sighted.latestLedger()).rejects.toMatchObject({ failure: 'ahead' });
    await expect(sighted.transaction(hash)).rejects.toMatchObject({ failure: 'ahead' });
  });

  it('cannot make a signature that outlives the wait of a restored gateway', () => {
    const betweenLooks = Math.ceil(otherLimits.pollIntervalMs.default / 1_000);
    expect(aheadMaxS + betweenLooks + envelopeLifeS).toBeLessThan(signLifeMaxS);
    expect(aheadMaxLedgers + betweenLooks + authorisationLedgers).toBeLessThanOrEqual(signLifeMaxLedgers);
  });
});

describe('settlement', () => {
  it('waits for the watcher after an outage, quietly, and goes on when it has caught up', async () => {
    const rig = createMoneyRig(chain);
    await deposit(chain, 'alice', usdc(10));
    await rig.catchUp();
    await rig.call(addressOf('alice'), usdc(0.5));
    await chain.devnet.advanceTime(86_400);
    await expect(rig.settler.turn()).resolves.toBe(false);
    expect(rig.settler.status().lanes[0]?.waitingFor).toContain('followed only to');
    expect(rig.store.batches.open()).toMatchObject([{ state: 'sealed' }]);
    await rig.catchUp();
    await rig.settler.turn();
    expect(rig.store.batches.open()).toMatchObject([{ state: 'submitted' }]);
    const { settled } = await settledBy(rig);
    expect(settled).toBe(usdc(0.5));
  });

  it('makes no second envelope on the word of a server that tells a later time than it is', async () => {
    let aheadS = 0;
    // Nothing that is sent arrives.
    const lying: Rpc = {
      ...chain.rpc,
      send: async () => ({ status: 'PENDING', hash, latestLedger: 1, errorResultXdr: undefined }),
      async transaction(of, signal) {
        const answer = await chain.rpc.transaction(of, signal);
        return { ...answer, latestClosedAtS: answer.latestClosedAtS + aheadS };
      },
    };
    const rig = createMoneyRig(chain, lying);
    await deposit(chain, 'bob', usdc(10));
    await rig.catchUp();
    await rig.call(addressOf('bob'), usdc(0.25));
    await rig.settler.turn();
    const [batch] = rig.store.batches.open();
    aheadS = 3_600;
    for (let look = 0; look < 5; look++) await rig.settler.turn();
    expect(rig.store.batches.envelopes(batch?.id ?? 0)).toMatchObject([{ state: 'live' }]);
    rig.restart(chain.rpc);
    await rig.catchUp();
    const { settled } = await settledBy(rig, 'bob');
    expect(settled).toBe(usdc(0.25));
  });
});

async function settledBy(rig: ReturnType<typeof createMoneyRig>, name = 'alice') {
  expect(await rig.settler.settleNow({ timeoutMs: 30_000 })).toMatchObject({ done: true });
  return rig.vault.account(addressOf(name));
}
