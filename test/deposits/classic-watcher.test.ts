import { describe, expect, it } from 'vitest';
import { deriveAlias } from '../../src/deposits/classic-alias.ts';
import { units } from '../../src/money.ts';
import { HorizonError, type HorizonFailure } from '../../src/stellar/horizon.ts';
import { addressOf } from '../settlement/rig.ts';
import { openTestStore } from '../store/rig.ts';
import { aliasKey, createClassicRig } from './classic-rig.ts';
import { closedAtMs, memoHash, memoId, muxed, type RawRecord } from './scripted-horizon.ts';

const alice = addressOf('alice');
const bob = addressOf('bob');
const aliasOf = (address: string) => deriveAlias(aliasKey, address);
const idOf = (record: RawRecord) => String(record.id);

describe('payments to the deposit account', () => {
  it('are due to the account that their memo names', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.existing.add(bob);
    const byNumber = rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    const byMuxed = rig.horizon.pay('3.0000000', muxed(aliasOf(alice)));
    const byKnownKey = rig.horizon.pay('4.0000000', {}, memoHash(alice));
    const byKeyOnChain = rig.horizon.pay('5.0000000', {}, memoHash(bob));
    await rig.catchUp();
    const rows = rig.store.classicPayments.list({ limit: 10 }).toReversed();
    expect(rows.map(({ operationId, account, amount, state }) => [operationId, account, amount, state])).toEqual([
      [idOf(byNumber), alice, 20_000_000n, 'due'],
      [idOf(byMuxed), alice, 30_000_000n, 'due'],
      [idOf(byKnownKey), alice, 40_000_000n, 'due'],
      [idOf(byKeyOnChain), bob, 50_000_000n, 'due'],
    ]);
    expect(rig.asked).toEqual([bob]);
  });

  it('without a memo that names somebody wait for a person, and those below the bound do so apart', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    const nobody = rig.horizon.pay('2.0000000');
    const stranger = rig.horizon.pay('2.0000000', {}, memoHash(bob));
    const wrongNumber = rig.horizon.pay('2.0000000', {}, memoId('12345'));
    const dust = rig.horizon.pay('0.9999999', {}, memoId(aliasOf(alice)));
    const dustForStranger = rig.horizon.pay('0.0100000', {}, memoHash(addressOf('carol')));
    await rig.catchUp();
    expect(rig.states()).toEqual({
      [idOf(nobody)]: 'unattributed',
      [idOf(stranger)]: 'unattributed',
      [idOf(wrongNumber)]: 'unattributed',
      [idOf(dust)]: 'below_min',
      [idOf(dustForStranger)]: 'below_min',
    });
    expect(rig.store.classicPayments.unattributed()).toEqual({ count: 3, sum: units(60_000_000n) });
    // Dust opens no accounts: whoever sends it pays less than a row costs.
    expect(rig.asked).toEqual([bob]);
    expect(rig.store.accounts.loadAll().map((row) => row.address)).toEqual([alice]);
  });

  it('too small for anyone to mean them fill no disk, and are counted', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    for (let count = 0; count < 300; count++) rig.horizon.pay('0.0099999', {}, memoId(aliasOf(alice)));
    const after = rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    expect(rig.states()).toEqual({ [idOf(after)]: 'due' });
    expect(rig.watcher.health().dust).toBe(300);
  });

  it('count once, whether a page repeats them, a restart does or the cursor is lost', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    rig.horizon.pages.push((page) => [...page, ...page]);
    await rig.catchUp();
    rig.store.db.exec('DELETE FROM cursors');
    rig.restart();
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due']);
  });

  it('keep the numbers of a database that was lost, and of one whose accounts come later', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    const paid = rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    rig.restart({}, openTestStore().store);
    await rig.catchUp();
    expect(rig.states()).toEqual({ [idOf(paid)]: 'unattributed' });
    rig.open(alice);
    rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due', 'due']);
  });

  it('that name two receivers stay without an owner, also when one of them becomes known later', async () => {
    const rig = createClassicRig();
    const contradicted = rig.horizon.pay('2.0000000', muxed(aliasOf(bob)), memoId(aliasOf(alice)));
    await rig.catchUp();
    rig.open(alice);
    rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    expect(rig.states()).toMatchObject({ [idOf(contradicted)]: 'unattributed' });
    expect(rig.store.classicPayments.byOperation(idOf(contradicted))).toMatchObject({
      account: undefined,
      memoType: 'contradicted',
      memo: aliasOf(alice),
    });
  });

  it('on several pages are all read, in the order of the chain', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    for (let count = 0; count < 450; count++) rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    expect(rig.horizon.queries).toHaveLength(3);
    expect(Object.keys(rig.states())).toEqual(rig.horizon.records.map((record) => idOf(record as RawRecord)));
  });

  it('are read again when the process dies before the page is written', async () => {
    const rig = createClassicRig();
    rig.existing.add(bob);
    rig.horizon.pay('2.0000000', {}, memoHash(bob));
    rig.restart({
      existing: async () => {
        throw new Error('the process dies here');
      },
    });
    await expect(rig.watcher.turn()).rejects.toThrow('dies');
    expect(rig.states()).toEqual({});
    rig.restart();
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due']);
  });
});

describe('a record that cannot be read', () => {
  it.each<[string, unknown]>([
    ['is no object', 'poison'],
    ['has no place', { type: 'payment', amount: '5' }],
  ])('is set aside where it %s, and the cursor goes on', async (_, poison) => {
    const rig = createClassicRig();
    rig.open(alice);
    const before = rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    rig.horizon.records.push(poison);
    const after = rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    expect(rig.states()).toEqual({ [idOf(before)]: 'due', [idOf(after)]: 'due' });
    expect(rig.store.classicPayments.setAside(10)).toHaveLength(1);
  });

  it('is set aside once where its amount does not fit', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    const huge = rig.horizon.pay('922337203685.4775807', {}, memoId(aliasOf(alice)));
    const after = rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    await rig.catchUp();
    expect(rig.states()).toEqual({ [idOf(after)]: 'due' });
    expect(rig.store.classicPayments.setAside(10)).toMatchObject([{ id: idOf(huge) }]);
  });
});

describe('a source in doubt', () => {
  it.each<[HorizonFailure, string]>([
    ['transport', 'cut JSON'],
    ['gone', '410'],
    ['wrong_network', 'another network'],
    ['unreadable', 'no root'],
  ])('that answers with %s is asked again from the same place', async (failure, text) => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    rig.horizon.failures.push(new HorizonError(failure, text), new HorizonError(failure, text));
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure });
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure });
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due', 'due']);
    expect(rig.horizon.queries.some(({ cursor }) => cursor === 'now')).toBe(false);
  });

  it('that says 429 is left alone as long as it asks for', async () => {
    const rig = createClassicRig();
    rig.horizon.failures.push(new HorizonError('throttled', '429', { retryAfterMs: 90_000 }));
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'throttled' });
    rig.clock.advance(89_000);
    expect(await rig.watcher.turn()).toBe(false);
    expect(rig.horizon.roots).toBe(0);
    rig.clock.advance(2_000);
    await rig.catchUp();
    expect(rig.horizon.queries).toHaveLength(1);
  });

  it('that no longer has unread ledgers stops the watcher instead of hiding the gap', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.horizon.latestLedger = 1_000;
    rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    rig.horizon.latestLedger = 5_000;
    rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    Object.assign(rig.horizon, { latestLedger: 9_000, elderLedger: 6_000 });
    rig.restart();
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'gap' });
    expect(Object.values(rig.states())).toEqual(['due']);
    rig.horizon.elderLedger = 1;
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due', 'due']);
  });

  it('that names a place of a ledger to come moves no cursor, and hides no later payment', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    const memo = memoId(deriveAlias(aliasKey, alice));
    rig.horizon.pay('1.0000000', {}, memo);
    const far = String(2n ** 63n - 1n);
    rig.horizon.pages.push((page) => [...page, { ...(page[0] as object), id: far, paging_token: far, amount: 5 }]);
    await expect(rig.watcher.turn()).rejects.toThrow(/not closed yet/);
    rig.horizon.pay('2.0000000', {}, memo);
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due', 'due']);
  });

  it('that moves on while nobody pays is no gap', async () => {
    const rig = createClassicRig();
    rig.horizon.latestLedger = 1_000;
    await rig.catchUp();
    for (const ledger of [5_000, 9_000]) {
      Object.assign(rig.horizon, { latestLedger: ledger, elderLedger: ledger - 4_200 });
      rig.clock.advance(60_000);
      await rig.catchUp();
    }
    rig.restart();
    await expect(rig.watcher.turn()).resolves.toBe(false);
  });

  it('that forgot the beginning is followed, and says so', async () => {
    const rig = createClassicRig();
    rig.horizon.elderLedger = 50;
    await rig.catchUp();
    expect(rig.watcher.health().unseenBefore).toBe(50);
  });

  it('that goes back is refused, and a little behind is waited for', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.horizon.latestLedger = 1_000;
    await rig.catchUp();
    rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    rig.horizon.latestLedger = 500;
    rig.clock.advance(60_000);
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'lagging' });
    rig.restart();
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'lagging' });
    expect(rig.states()).toEqual({});
  });

  it('that stands still while the network goes on is refused', async () => {
    const rig = createClassicRig();
    const chainAt = (lastLedger: number) => ({ chain: () => ({ lastLedger, lastClosedAtMs: closedAtMs(lastLedger) }) });
    rig.restart(chainAt(130));
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'lagging' });
    rig.restart(chainAt(120));
    await rig.catchUp();
    expect(rig.watcher.health()).toMatchObject({ lastClosedAtMs: closedAtMs(100) });
  });

  it.each<[string, (page: unknown[]) => unknown[]]>([
    ['reorders its page', (page) => page.toReversed()],
    ['has only records without a place', () => ['poison', {}]],
  ])('that %s gives nothing', async (_, disturb) => {
    const rig = createClassicRig();
    rig.open(alice);
    for (const amount of ['1.0000000', '2.0000000', '3.0000000']) {
      rig.horizon.pay(amount, {}, memoId(aliasOf(alice)));
    }
    rig.horizon.pages.push(disturb);
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'unreadable' });
    expect(rig.states()).toEqual({});
    await rig.catchUp();
    expect(Object.values(rig.states())).toEqual(['due', 'due', 'due']);
  });

  it('that ignores the cursor gives nothing twice', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    rig.horizon.pages.push(() => rig.horizon.records);
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'unreadable' });
    expect(Object.values(rig.states())).toEqual(['due']);
  });

  it('whose page is too large is asked for a shorter one', async () => {
    const rig = createClassicRig();
    rig.open(alice);
    rig.horizon.pay('1.0000000', {}, memoId(aliasOf(alice)));
    await rig.watcher.turn();
    rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    rig.horizon.failures.push(new HorizonError('too_large', 'large'), new HorizonError('too_large', 'large'));
    await rig.catchUp();
    expect(rig.horizon.queries.at(-1)?.limit).toBeLessThan(200);
    expect(Object.values(rig.states())).toEqual(['due', 'due']);
  });
});

describe('the number of an account', () => {
  it('follows from the key and the address alone', () => {
    expect(aliasOf(alice)).toMatch(/^\d{1,20}$/);
    expect(aliasOf(alice)).not.toBe(aliasOf(bob));
    expect(deriveAlias(Buffer.alloc(32, 'other'), alice)).not.toBe(aliasOf(alice));
  });

  it('that another account has already is given to nobody else', async () => {
    const rig = createClassicRig();
    const first = rig.open(bob);
    rig.store.depositAliases.add(aliasOf(alice), first.id);
    rig.open(alice);
    rig.horizon.pay('2.0000000', {}, memoId(aliasOf(alice)));
    await rig.catchUp();
    expect(rig.store.classicPayments.list({ limit: 1 })).toMatchObject([{ account: bob }]);
  });
});
