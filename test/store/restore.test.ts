import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { fakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { zero } from '../../src/money.ts';
import { noteForeign } from '../../src/settlement/foreign.ts';
import { resumeRestored } from '../../src/settlement/resume-restored.ts';
import { StoreLockedError } from '../../src/store/lock.ts';
import { type RestoreJob, RestoreRefused, restoreStore } from '../../src/store/restore.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { booksDifferences } from '../settlement/books-differences.ts';
import { filesOf, flipped, killedStore } from './log-rig.ts';
import { accountState, booksOf, confirm, openTestStore, seal, tempFolder, writeCharge } from './rig.ts';

const pins = { vault: 'CVAULT' };

/** A closed copy of a store with ten units charged. */
async function copyOf(fill: (store: Store) => void = (store) => void writeCharge(store, { account: 'GA', price: 10 })) {
  const { store, file } = openTestStore();
  store.meta.pin('vault', 'CVAULT');
  fill(store);
  const copy = path.join(tempFolder(), 'copy.db');
  await store.backup(copy);
  await store.close();
  return { copy, file };
}

function restore(job: Partial<RestoreJob> & { path: string; copy: string }) {
  return restoreStore({ keepTokens: false, pins, clock: fakeClock(), ...job });
}

function reopen(file: string): Store {
  return openTestStore({ path: file }).store;
}

describe('a restore', () => {
  it('puts the copy in place, marked, and keeps what was there', async () => {
    const { copy, file } = await copyOf();
    const later = openStore({ path: file, clock: fakeClock(), log: silentLog() });
    writeCharge(later, { account: 'GA', price: 7 });
    await later.close();
    const { aside } = restore({ path: file, copy });
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);

    const store = reopen(file);
    expect(store.charges.unsealed()).toMatchObject({ count: 1 });
    expect(store.restored.state()).toBe('begun');
    expect(store.restored.tokensRefusedUntilMs()).toBe(fakeClock().nowMs());
    expect(store.runId).toBeGreaterThan(1_000);
    expect(store.audit.list({ limit: 1 })[0]).toMatchObject({ action: 'restore', subject: copy });
    expect(reopen(aside ?? '').charges.unsealed()).toMatchObject({ count: 2 });
  });

  it('gives out no call id that the replaced database has given out, whatever copy that came from', async () => {
    const { copy, file } = await copyOf();
    restore({ path: file, copy });
    const first = reopen(file);
    const given = [first.nextCallId(), first.nextCallId()];
    await first.close();
    const clock = fakeClock();
    clock.advance(60_000);
    restore({ path: file, copy, clock });
    expect(reopen(file).nextCallId()).toBeGreaterThan(Math.max(...given));
  });

  it('gives out no call id that an earlier restore of the same copy has given out, although that database is gone', async () => {
    const { copy } = await copyOf((store) => {
      writeCharge(store, { account: 'GA', price: 10, atMs: fakeClock().nowMs() });
    });
    const clock = fakeClock();
    const idAfter = () => {
      const file = path.join(tempFolder(), 'callora.db');
      restore({ path: file, copy, clock });
      return reopen(file).nextCallId();
    };
    const given = idAfter();
    clock.advance(1_800_000);
    expect(idAfter()).toBeGreaterThan(given);
  });

  it('never meets the log of a database that was deleted without it', async () => {
    const { copy, file } = await copyOf();
    const later = openStore({ path: file, clock: fakeClock(), log: silentLog() });
    for (let charge = 0; charge < 50; charge++) writeCharge(later, { account: 'GA', price: 7 });
    // As a killed process leaves it, and then somebody deletes what he takes for all of it.
    const log = fs.readFileSync(`${file}-wal`);
    await later.close();
    fs.rmSync(file);
    fs.writeFileSync(`${file}-wal`, log);
    restore({ path: file, copy });
    const store = reopen(file);
    expect(store.charges.unsealed()).toMatchObject({ count: 1 });
    expect(store.restored.state()).toBe('begun');
    const kept = fs
      .readdirSync(path.dirname(file))
      .filter((name) => name.endsWith('-wal') && name.includes('before-restore'));
    expect(kept).toHaveLength(1);
  });

  it.each<[string, (file: string) => void]>([
    ['in a frame', (file) => fs.writeFileSync(`${file}-wal`, flipped(fs.readFileSync(`${file}-wal`), 100))],
    ['in its header', (file) => fs.writeFileSync(`${file}-wal`, flipped(fs.readFileSync(`${file}-wal`), 20))],
    ['by an emptied database', (file) => fs.writeFileSync(file, '')],
  ])('keeps a log that is damaged %s as it is, beside its database: it is nowhere else', async (_, damage) => {
    const { copy } = await copyOf();
    const killed = killedStore(10);
    damage(killed);
    const [database, log] = filesOf(killed);
    const { aside = '' } = restore({ path: killed, copy });
    expect(fs.existsSync(`${aside}-wal`)).toBe(true);
    expect(fs.readFileSync(`${aside}-wal`)).toEqual(log);
    expect(fs.readFileSync(aside)).toEqual(database);
    expect(reopen(killed).restored.state()).toBe('begun');
  });

  it('asks the vault anew about payments without an owner: they may have been assigned after the copy', async () => {
    const { copy, file } = await copyOf((store) => store.meta.set('classic_ownerless_asked GDEPOSIT', '7'));
    restore({ path: file, copy });
    expect(reopen(file).meta.get('classic_ownerless_asked GDEPOSIT')).toBeUndefined();
  });

  it('lets tokens stay good only when told so', async () => {
    const { copy } = await copyOf();
    const file = path.join(tempFolder(), 'callora.db');
    expect(restore({ path: file, copy, keepTokens: true }).aside).toBeUndefined();
    // Those from before the books that were copied began stay refused.
    const bornAtMs = fakeClock().nowMs();
    expect(reopen(file).restored.tokensRefusedUntilMs()).toBe(bornAtMs - 1);
  });

  it('refuses while a gateway has the database', async () => {
    const { copy } = await copyOf();
    const { file, store } = openTestStore();
    expect(() => restore({ path: file, copy })).toThrow(StoreLockedError);
    expect(store.restored.state()).toBe('never');
  });

  it.each([
    [
      'of another vault',
      (copy: string) => ({ copy, pins: { vault: 'COTHER' } }),
      /belongs to vault CVAULT, not to COTHER/,
    ],
    ['that is damaged', damaged, /cannot be restored/],
    ['that is no database', (copy: string) => ({ copy: rewritten(copy, Buffer.from('hello')) }), /cannot be restored/],
    ['that is not there', (copy: string) => ({ copy: `${copy}.gone` }), /there is no file/],
    ['that is a folder', (copy: string) => ({ copy: path.dirname(copy) }), /is no file/],
    ['with a log beside it', withLog, /has a log beside it/],
  ])('refuses a copy %s and changes nothing', async (_, spoil, message) => {
    const { copy, file } = await copyOf();
    const before = fs.readFileSync(file);
    const job = { path: file, ...spoil(copy) };
    expect(() => restore(job)).toThrow(RestoreRefused);
    expect(() => restore(job)).toThrow(message);
    expect(fs.readFileSync(file).equals(before)).toBe(true);
    expect(fs.readdirSync(path.dirname(file)).filter((name) => /restor/.test(name))).toEqual([]);
  });
});

function rewritten(copy: string, bytes: Buffer): string {
  fs.writeFileSync(copy, bytes);
  return copy;
}

function damaged(copy: string) {
  const bytes = fs.readFileSync(copy);
  return { copy: rewritten(copy, Buffer.concat([bytes.subarray(0, 8_192), Buffer.alloc(bytes.length - 8_192, 0xa5)])) };
}

function withLog(copy: string) {
  fs.writeFileSync(`${copy}-wal`, 'rows that are not in it');
  return { copy };
}

describe('what the vault settled beyond a restored copy', () => {
  /** Charges that wait in the copy, and how much the vault has settled that the copy knows nothing of. */
  async function resume(
    prices: number[],
    settledBeyond: number,
    options: { inBatch?: boolean; debt?: number; sealAfter?: boolean; noticedBefore?: number } = {},
  ) {
    const { copy } = await copyOf((store) => {
      store.deposits.applySnapshot({ address: 'GA', ledger: 1, state: accountState({ deposited: 1e6, settled: 0 }) });
      if (options.debt) {
        writeCharge(store, { account: 'GA', price: options.debt });
        const sealed = seal(store, { force: true });
        if (sealed) confirm(store, sealed, [0n]);
      }
      for (const price of prices) writeCharge(store, { account: 'GA', price });
      if (options.inBatch) seal(store, { force: true });
      if (options.noticedBefore) {
        noteForeign(store.meta, 'the vault has settled a batch that is not in this database');
        const state = accountState({ deposited: 1e6, settled: options.noticedBefore });
        store.deposits.applySnapshot({ address: 'GA', ledger: 40, state });
      }
    });
    const file = path.join(tempFolder(), 'callora.db');
    restore({ path: file, copy });
    const store = reopen(file);
    const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
    for (const row of store.accounts.loadAll()) ledger.open(row);
    await resumeRestored({
      batches: store.batches,
      restored: store.restored,
      audit: store.audit,
      lanes: [0],
      ledger,
      async snapshotAll() {
        const state = accountState({ deposited: 1e6, settled: settledBeyond });
        const applied = store.deposits.applySnapshot({ address: 'GA', ledger: 50, state });
        const slot = ledger.account('GA');
        if (slot && applied) ledger.applyChain(slot, applied.change);
      },
      earned: async () => new Map(),
      sync: store.sync,
      log: silentLog(),
    });
    expect(booksDifferences(store.accounts, ledger)).toEqual([]);
    for (const { left, right } of booksOf(store)) expect(left).toBe(right);
    const billed = options.sealAfter === false ? zero : (seal(store, { force: true })?.total ?? zero);
    return { store, billed };
  }

  it('is never billed again, and nothing else is forgiven', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 8 }),
        fc.integer({ min: 0, max: 300 }),
        fc.boolean(),
        async (prices, beyond, inBatch) => {
          const waiting = prices.reduce((sum, price) => sum + price, 0);
          const { billed } = await resume(prices, beyond, { inBatch });
          expect(Number(billed)).toBe(waiting - Math.min(waiting, beyond));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('pays for whole calls, oldest first, and keeps them as paid calls', async () => {
    const { store, billed } = await resume([5, 2, 2], 4);
    // The first costs more than is left to explain, so the next two were what the vault settled.
    expect(billed).toBe(5n);
    expect(store.statements.beganLater()).toBe(true);
    expect(store.accounts.byAddress('GA')).toMatchObject({
      charged: 9n,
      refunded: 0n,
      settled: 4n,
      settledElsewhere: 0n,
    });
  });

  it('gives up an old debt that it may have paid, before any charge', async () => {
    const { store, billed } = await resume([3], 10, { debt: 8 });
    expect(store.accounts.byAddress('GA')).toMatchObject({ receivable: 0n, writtenOff: 8n, settled: 10n });
    expect(billed).toBe(1n);
  });

  it('does not cost a payee an old debt that is larger than what the charges explain', async () => {
    const { store, billed } = await resume([5], 3, { debt: 8 });
    // 13 were owed and 3 are taken: 10 are asked for, the debt among them.
    expect(store.accounts.byAddress('GA')).toMatchObject({ receivable: 8n, writtenOff: 0n, refunded: 3n });
    expect(billed).toBe(10n);
  });

  it('gives up an old debt that it may have paid in part when nothing else explains it', async () => {
    const { store, billed } = await resume([2], 3, { debt: 8 });
    expect(store.accounts.byAddress('GA')).toMatchObject({ receivable: 0n, writtenOff: 8n, settledElsewhere: 1n });
    expect(billed).toBe(0n);
  });

  it('is never billed again where the copy itself had noticed it, having been put in place by hand before', async () => {
    expect((await resume([5, 2, 2], 7, { noticedBefore: 7 })).billed).toBe(2n);
    // And the vault has gone on.
    expect((await resume([5, 2, 2], 9, { noticedBefore: 5 })).billed).toBe(0n);
  });

  it('is matched once', async () => {
    const { store } = await resume([9, 5], 3, { sealAfter: false });
    expect(store.restored.state()).toBe('done');
    // The first of the two had 3 taken off; a second look must not take what it has taken for something to explain.
    expect(store.restored.match()).toEqual([]);
    expect(seal(store, { force: true })?.total).toBe(11n);
    expect(store.audit.list({ limit: 1 })[0]).toMatchObject({ action: 'restore complete' });
  });
});
