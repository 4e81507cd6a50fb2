import { Asset, Claimant, Operation } from '@stellar/stellar-sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArchive } from '../../../src/devnet/horizon/archive.ts';
import { createEffectArchive } from '../../../src/devnet/horizon/effect-archive.ts';
import type { Items } from '../../../src/devnet/horizon/page.ts';
import { Tail } from '../../../src/devnet/horizon/tail.ts';
import { createHistory } from '../../../src/devnet/ledger/history.ts';
import { startChain } from '../chain-rig.ts';
import { live } from '../ledger/random-life.ts';
import { life, NAMES } from '../ledger/random-steps.ts';
import { keypair } from '../rig.ts';
import { startHorizonRig } from './horizon-rig.ts';

type Site = Parameters<typeof createArchive>[0];

/** Everything that the archives hold, so that two pairs of them can be compared. */
function archivesOf(site: Site) {
  const archive = createArchive(site);
  const effects = createEffectArchive(site);
  const lists = (account?: string) => ({
    operations: texts(archive.operations(account), ({ id }) => id),
    transactions: texts(archive.transactions(account), ({ hash }) => hash),
    effects: texts(effects.list(account), ({ operationId, number }) => `${operationId}-${number}`),
  });
  return {
    read: () => ({
      all: lists(),
      each: NAMES.map((name) => lists(keypair(name).publicKey())),
      owners: [archive.owners(), effects.owners()],
    }),
  };
}

function texts<Item>(items: Items<Item>, text: (item: Item) => unknown): string[] {
  return Array.from({ length: items.length }, (_, index) => {
    const item = items.at(index);
    if (item === undefined) throw new Error('a list has something at every place');
    return String(text(item));
  });
}

describe('what Horizon lists', () => {
  it('is after pruning what it would be, had the ledgers before never been', () => {
    const keeps = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(life, keeps, (sendings, kept) => {
        const rig = startChain();
        const { history } = rig.chain;
        const long = archivesOf(rig.chain);
        let sending = 0;
        live(rig, sendings, () => {
          if (sending++ % 3 === 0) long.read();
          const keep = kept[sending % kept.length] ?? 1;
          if (sending % 5 === 0) history.prune(history.latest().sequence - keep + 1);
        });
        long.read();
        history.prune(history.latest().sequence - (kept[0] ?? 1) + 1);
        expect(long.read()).toEqual(archivesOf(rig.chain).read());
      }),
      { numRuns: 50 },
    );
  });

  it('holds no more ledgers than history does, however many close, even if nobody asks again', () => {
    const rig = startChain();
    const short = createHistory(3);
    short.add(rig.chain.history.latest());
    rig.chain.onClosed(({ record }) => short.add(record));
    const archive = createArchive({ history: short, network: rig.chain.network });
    const effects = createEffectArchive({ history: short, network: rig.chain.network });
    const held = [archive.operations(), archive.transactions(), effects.list()];
    for (let count = 0; count < 20; count++) {
      rig.fund(`holder ${count}`);
      // Two parties of each account that is made: it, and the root.
      expect([archive.transactions().length, archive.owners()]).toEqual([
        Math.min(count + 1, 3),
        Math.min(count + 2, 4),
      ]);
      expect(effects.list().length / archive.operations().length).toBe(3);
    }
    for (let count = 0; count < 3; count++) rig.chain.closeLedger();
    expect(held.map(({ length }) => length)).toEqual([0, 0, 0]);
  });

  it('has room for as many again as are there, and for none of those that are gone', () => {
    const tail = new Tail<bigint>((item) => item);
    for (let item = 0n; item < 1_000n; item++) {
      tail.push(item);
      expect(tail.shed(item - 9n)).toHaveLength(item > 9n ? 1 : 0);
      expect([tail.length, tail.at(0), tail.at(tail.length)]).toEqual([
        Number(item < 10n ? item + 1n : 10n),
        item > 9n ? item - 9n : 0n,
        undefined,
      ]);
    }
    expect(tail.places).toBeLessThanOrEqual(20);
  });
});

describe('lists of what was pruned', () => {
  it('are empty or gone, and those of an account or a balance that is gone as well are of nobody', async () => {
    await using rig = await startHorizonRig();
    const [ann, gone] = [await rig.funded('ann'), await rig.funded('gone')];
    const create = Operation.createClaimableBalance({
      asset: Asset.native(),
      amount: '1',
      claimants: [new Claimant(ann.publicKey())],
    });
    await rig.send(ann, create);
    const [balance] = (await rig.horizon.claimableBalances().call()).records;
    await rig.send(gone, Operation.accountMerge({ destination: ann.publicKey() }));
    const lists = ['transactions', 'operations', 'payments', 'effects'];
    const ofAnn = [...lists.map((list) => `/accounts/${ann.publicKey()}/${list}`), ...lists.map((list) => `/${list}`)];
    const ofBalance = ['transactions', 'operations'].map((list) => `/claimable_balances/${balance?.id}/${list}`);
    const ofGone = lists.map((list) => `/accounts/${gone.publicKey()}/${list}`);
    for (const path of [...ofAnn, ...ofBalance, ...ofGone]) {
      expect([path, (await rig.json(path))._embedded.records.length]).not.toContain(0);
    }
    await rig.order('devnet_mine', { ledgers: 2 });
    await rig.order('devnet_prune', { keepLedgers: 1 });
    for (const path of [...ofAnn, ...ofBalance]) {
      expect([path, (await rig.json(path))._embedded.records]).toEqual([path, []]);
      expect([path, (await rig.get(`${path}?order=desc&cursor=1`)).status]).toEqual([path, 410]);
    }
    for (const path of ofGone) expect([path, (await rig.get(path)).status]).toEqual([path, 404]);
  });
});
