import { describe, expect, it } from 'vitest';
import { deriveAlias } from '../../src/deposits/classic-alias.ts';
import { addressOf } from '../settlement/rig.ts';
import { openTestStore } from '../store/rig.ts';
import { aliasKey } from './classic-rig.ts';
import { Crash, createForwardRig, type ForwardRig } from './forward-rig.ts';
import { memoHash, memoId } from './scripted-horizon.ts';
import type { SendFault } from './scripted-vault.ts';

const alice = addressOf('alice');
const aliased = memoId(deriveAlias(aliasKey, alice));

/** One payment of 2 USDC to alice, read and due. */
async function withPayment(): Promise<{ rig: ForwardRig; id: string }> {
  const rig = createForwardRig();
  rig.classic.open(alice);
  const { id } = rig.classic.horizon.pay('2.0000000', {}, aliased);
  await rig.classic.catchUp();
  return { rig, id: String(id) };
}

function expectForwardedOnce(rig: ForwardRig, id: string): void {
  expect([...rig.chain.taken]).toEqual([[BigInt(id), { account: alice, amount: 20_000_000n }]]);
  expect(rig.classic.store.classicPayments.byOperation(id)).toMatchObject({ state: 'forwarded', account: alice });
}

describe('a deposit account that lacks some of its payments', () => {
  it('forwards nothing, since it would be of what another has paid, until the books know what was sent back', async () => {
    const { rig, id } = await withPayment();
    const sentBack = String(rig.classic.horizon.pay('3.0000000').id);
    await rig.classic.catchUp();
    rig.chain.balance = 20_000_000n;

    await rig.forwarder.turn();
    expect(rig.chain.sends).toEqual([]);
    const { classicPayments } = rig.classic.store;
    expect(classicPayments.byOperation(id)).toMatchObject({
      state: 'due',
      note: 'the deposit account lacks 3 USDC of its payments: close what was sent back',
    });

    const row = classicPayments.byOperation(sentBack);
    classicPayments.close(row?.id ?? 0, 'sent back');
    rig.chain.close(60);
    await rig.run();
    expectForwardedOnce(rig, id);
  });
});

describe('a due payment that was sent back by hand', () => {
  it('can be closed, and the others go on', async () => {
    const { rig, id } = await withPayment();
    rig.chain.balance = 0n;
    await rig.forwarder.turn();
    const { classicPayments } = rig.classic.store;
    const row = classicPayments.byOperation(id);
    expect(row).toMatchObject({ state: 'due' });
    expect(classicPayments.close(row?.id ?? 0, 'sent back')).toBe(true);
    rig.chain.close(60);
    await rig.run();
    expect(classicPayments.byOperation(id)).toMatchObject({ state: 'closed', note: 'sent back' });
    expect(rig.chain.sends).toEqual([]);
  });

  it('cannot be closed while an envelope of it may still land', async () => {
    const { rig, id } = await withPayment();
    const { classicPayments, classicForwards } = rig.classic.store;
    const row = classicPayments.byOperation(id)?.id ?? 0;
    const envelope = { hash: 'aa', envelopeXdr: 'AAAA', sequence: 1n, maxTimeS: 1, createdAtMs: 1 };
    classicForwards.record(row, envelope);
    expect(classicPayments.close(row, 'sent back')).toBe(false);
    classicForwards.end(row, 'aa', 'expired');
    expect(classicPayments.close(row, 'sent back')).toBe(true);
    expect(() => classicForwards.record(row, { ...envelope, hash: 'bb' })).toThrow(/not due/);
  });
});

describe('a due payment', () => {
  it('reaches the vault under its operation id, with one envelope', async () => {
    const { rig, id } = await withPayment();
    await rig.run();
    expectForwardedOnce(rig, id);
    expect(new Set(rig.chain.sends).size).toBe(1);
    expect(rig.classic.store.classicPayments.byOperation(id)).toMatchObject({ forwardTxHash: rig.chain.sends[0] });
  });

  it('is on disk with its envelope before it is sent', async () => {
    const { rig } = await withPayment();
    await rig.run();
    const order = rig.steps.filter((name) => ['forwarded', 'record', 'sync', 'send'].includes(name));
    expect(order.slice(0, 4)).toEqual(['forwarded', 'record', 'sync', 'send']);
  });

  it.each<[string, SendFault[]]>([
    ['the reply is lost', ['reply_lost']],
    ['the request is lost', ['request_lost']],
    ['the network objects', ['error_lost']],
    ['the network is busy', ['try_again_lost', 'try_again_lost']],
  ])('is forwarded once when %s', async (_, faults) => {
    const { rig, id } = await withPayment();
    rig.chain.faults = faults;
    await rig.run();
    expectForwardedOnce(rig, id);
    expect(rig.chain.twins).toBe(0);
  });

  it('is signed anew only after its envelope can no longer land', async () => {
    const { rig, id } = await withPayment();
    rig.chain.congested = true;
    await rig.forwarder.turn();
    rig.chain.congested = false;
    await rig.run();
    expectForwardedOnce(rig, id);
    expect(new Set(rig.chain.sends).size).toBe(2);
    expect(rig.chain.twins).toBe(0);
  });

  it('that failed on chain is tried again', async () => {
    const { rig, id } = await withPayment();
    rig.chain.failNext = 2;
    await rig.run();
    expectForwardedOnce(rig, id);
    expect(rig.classic.store.classicForwards.failures(1)).toBe(2);
  });

  it('waits while it is refused, says so, and the others are not held up', async () => {
    const { rig, id } = await withPayment();
    rig.chain.amountMax = 15_000_000n;
    const { id: second } = rig.classic.horizon.pay('1.0000000', {}, aliased);
    await rig.classic.catchUp();
    await rig.forwarder.turn();
    expect(rig.classic.store.classicPayments.byOperation(id)?.note).toContain('refused');
    await rig.forwarder.turn();
    expect([...rig.chain.taken.keys()]).toEqual([BigInt(String(second))]);
    rig.chain.amountMax = 20_000_000n;
    await rig.run();
    expect(rig.chain.taken.size).toBe(2);
    expect(rig.classic.store.classicPayments.byOperation(id)?.note).toBeUndefined();
  });

  it('of another deposit account is left to the key of that account', async () => {
    const { rig, id } = await withPayment();
    rig.classic.store.db.exec('DROP TRIGGER classic_payments_fixed');
    rig.classic.store.db.exec(`UPDATE classic_payments SET to_address = '${addressOf('earlier account')}'`);
    await rig.run();
    expect(rig.chain.taken.size).toBe(0);
    expect(rig.classic.store.classicPayments.byOperation(id)?.state).toBe('due');
  });
});

describe('a crash', () => {
  const places = Array.from({ length: 9 }, (_, index) => index + 1).flatMap((step) => [
    { step, before: true },
    { step, before: false },
  ]);

  it.each(places)('before or after step $step (before: $before) forwards nothing twice', async (dieAt) => {
    const { rig, id } = await withPayment();
    rig.dieAt = dieAt;
    await rig.run().catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    rig.restart();
    await rig.run();
    expectForwardedOnce(rig, id);
    expect(rig.chain.twins).toBe(0);
  });

  it('in which the database is lost forwards nothing twice', async () => {
    const { rig, id } = await withPayment();
    await rig.run();
    const { store } = openTestStore();
    rig.restart(store);
    rig.classic.open(alice);
    await rig.classic.catchUp();
    expect(store.classicPayments.byOperation(id)?.state).toBe('due');
    await rig.run();
    expectForwardedOnce(rig, id);
    expect(rig.chain.builds).toBe(1);
  });

  it('after which an old copy is restored shows no forwarded payment as ownerless', async () => {
    const rig = createForwardRig();
    const { id } = rig.classic.horizon.pay('2.0000000');
    await rig.classic.catchUp();
    await rig.run();
    const { classicPayments } = rig.classic.store;
    classicPayments.assign(1, rig.classic.open(alice).id, ['unattributed'], 'assigned by hand');
    await rig.run();
    rig.classic.store.db.exec('DROP TRIGGER classic_payments_forwarded');
    rig.classic.store.db.exec("UPDATE classic_payments SET state = 'unattributed', account_id = NULL");
    rig.restart();
    await rig.run();
    expect(classicPayments.byOperation(String(id))).toMatchObject({ state: 'forwarded' });
    expect(rig.chain.taken.size).toBe(1);
  });

  it('while a forward is on its way shows it as forwarded once it has landed, without another start', async () => {
    const rig = createForwardRig();
    const { id } = rig.classic.horizon.pay('2.0000000');
    await rig.classic.catchUp();
    // The copy knows of no owner; the lost database did, and had sent it.
    rig.restart();
    await rig.run();
    expect(rig.classic.states()[String(id)]).toBe('unattributed');
    rig.chain.taken.set(BigInt(String(id)), { account: alice, amount: 20_000_000n });
    rig.chain.close(60);
    await rig.run();
    rig.chain.close(600);
    await rig.run();
    expect(rig.classic.states()[String(id)]).toBe('forwarded');
  });

  it('in which the database is lost shows no forwarded payment as ownerless', async () => {
    const { rig, id } = await withPayment();
    const { id: ownerless } = rig.classic.horizon.pay('3.0000000', {}, memoHash(addressOf('nobody')));
    await rig.classic.catchUp();
    await rig.run();
    const { store } = openTestStore();
    rig.restart(store);
    await rig.classic.catchUp();
    expect(store.classicPayments.unattributed().count).toBe(2);
    await rig.run();
    expect(store.classicPayments.byOperation(id)).toMatchObject({ state: 'forwarded', account: undefined });
    expect(store.classicPayments.byOperation(String(ownerless))?.state).toBe('unattributed');
  });
});
