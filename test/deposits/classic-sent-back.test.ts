import { describe, expect, it } from 'vitest';
import { deriveAlias } from '../../src/deposits/classic-alias.ts';
import { addressOf } from '../settlement/rig.ts';
import { aliasKey } from './classic-rig.ts';
import { createForwardRig, type ForwardRig } from './forward-rig.ts';
import { memoId } from './scripted-horizon.ts';

/** The books of a copy: alice's payment of 2 USDC is due in them, and was closed and sent back by hand since. */

const alice = addressOf('alice');
const bob = addressOf('bob');
const toAlice = memoId(deriveAlias(aliasKey, alice));
const toBob = memoId(deriveAlias(aliasKey, bob));

async function withAlice(): Promise<{ rig: ForwardRig; ofAlice: string }> {
  const rig = createForwardRig();
  rig.classic.open(alice);
  rig.classic.open(bob);
  const { id } = rig.classic.horizon.pay('2.0000000', {}, toAlice);
  await rig.classic.catchUp();
  rig.restart();
  return { rig, ofAlice: String(id) };
}

function close(rig: ForwardRig, operation: string): void {
  const { classicPayments } = rig.classic.store;
  classicPayments.close(classicPayments.byOperation(operation)?.id ?? 0, 'sent back');
}

/** The next ledger of both servers. */
function nextLedger({ classic, chain }: ForwardRig): void {
  classic.horizon.latestLedger++;
  chain.close();
}

describe('a due payment that was sent back by hand is not forwarded', () => {
  it('of what another has paid whose payment is not read yet', async () => {
    const { rig, ofAlice } = await withAlice();
    await rig.classic.catchUp();
    nextLedger(rig);
    const ofBob = String(rig.classic.horizon.pay('2.0000000', {}, toBob).id);
    rig.chain.balance = 20_000_000n;

    for (let turn = 0; turn < 3; turn++) expect(await rig.forwarder.turn()).toBe(false);
    rig.classic.clock.advance(60_000);
    await rig.classic.catchUp();
    await rig.forwarder.turn();
    await rig.forwarder.turn();
    expect(rig.chain.sends).toEqual([]);
    expect(rig.classic.store.classicPayments.byOperation(ofAlice)?.note).toContain('lacks 2 USDC');

    close(rig, ofAlice);
    rig.chain.close(60);
    await rig.run();
    expect([...rig.chain.taken]).toEqual([[BigInt(ofBob), { account: bob, amount: 20_000_000n }]]);
  });

  it('of payments below the least amount that lie there', async () => {
    const { rig, ofAlice } = await withAlice();
    for (let count = 0; count < 40; count++) rig.classic.horizon.pay('0.0900000', {}, toBob);
    rig.chain.balance = 36_000_000n;
    await rig.classic.catchUp();
    await rig.forwarder.turn();
    expect(rig.chain.sends).toEqual([]);
    expect(rig.classic.store.classicPayments.byOperation(ofAlice)?.note).toContain('lacks 2 USDC');
  });
});

describe('what the account holds is compared with the books', () => {
  it('only after payments were read since the start', async () => {
    const { rig, ofAlice } = await withAlice();
    expect(await rig.forwarder.turn()).toBe(false);
    expect(rig.chain.sends).toEqual([]);
    await rig.classic.catchUp();
    await rig.forwarder.turn();
    expect(rig.classic.states()[ofAlice]).toBe('forwarded');
  });

  it('only as a server shows it that has seen the payment', async () => {
    const { rig, ofAlice } = await withAlice();
    await rig.classic.catchUp();
    rig.chain.balanceSince = 99;
    expect(await rig.forwarder.turn()).toBe(false);
    expect(rig.chain.sends).toEqual([]);
    rig.chain.balanceSince = 100;
    await rig.forwarder.turn();
    expect(rig.classic.states()[ofAlice]).toBe('forwarded');
  });

  it('again when it was shown of a ledger that does not come', async () => {
    const { rig, ofAlice } = await withAlice();
    await rig.classic.catchUp();
    rig.chain.balanceSince = 1_000_000;
    expect(await rig.forwarder.turn()).toBe(false);
    rig.chain.balanceSince = 100;
    rig.chain.close(600);
    await rig.forwarder.turn();
    expect(rig.classic.states()[ofAlice]).toBe('forwarded');
  });

  it.each([
    ['too small to be kept', '0.0000001'],
    ['too small to be forwarded', '0.5000000'],
    ['like any other', '2.0000000'],
  ])('of the same ledger, so that others %s in every ledger do not hold it up', async (_, amount) => {
    const { rig, ofAlice } = await withAlice();
    await rig.classic.catchUp();
    const payInNext = () => {
      nextLedger(rig);
      rig.classic.horizon.pay(amount, {}, toBob);
      rig.classic.clock.advance(60_000);
    };
    rig.chain.balance = 20_000_000n + BigInt(amount.replace('.', ''));
    payInNext();
    expect(await rig.forwarder.turn()).toBe(false);
    payInNext();
    await rig.classic.catchUp();
    payInNext();
    await rig.forwarder.turn();
    expect(rig.classic.states()[ofAlice]).toBe('forwarded');
  });
});

it('a payment below the least amount that was assigned and forwarded after the copy holds up no other', async () => {
  const { rig, ofAlice } = await withAlice();
  const small = rig.classic.horizon.pay('0.5000000', {}, toBob);
  await rig.classic.catchUp();
  rig.chain.taken.set(BigInt(String(small.id)), { account: bob, amount: 5_000_000n });
  rig.chain.balance = 20_000_000n;
  await rig.run();
  expect(rig.classic.states()).toEqual({ [ofAlice]: 'forwarded', [String(small.id)]: 'forwarded' });
});
