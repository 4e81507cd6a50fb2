import type { xdr } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { type EntryStore, keyText } from '../../src/devnet/ledger/entries.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { extendToLedgers, ledgersPerDay } from '../../src/settlement/keep-alive.ts';
import { accountsAtOnceMax, createKeeper } from '../../src/settlement/keeper.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { createSubmitter } from '../../src/stellar/submitter.ts';
import { vaultKeys } from '../../src/stellar/vault-keys.ts';
import { createVaultLives } from '../../src/stellar/vault-lives.ts';
import { limitPeriodS, rpcUrl, startNetwork } from '../simulation/network.ts';
import { openTestStore } from '../store/rig.ts';

/** Of a keeper that nobody uses, and that is never in anybody's way. */
const quiet = {
  accounts: () => [],
  keepAccounts: true,
  payees: () => [],
  lanes: [0],
  limitPeriodS,
  chainTimeS: () => 0,
  whileIdle: <T>(work: () => Promise<T>) => work(),
  log: silentLog(),
};

/** A keeper before the real contract, with an account that has deposited. */
async function createRig({ resourceFeeMaxStroops = 1_000_000_000n, busy = false, keepAccounts = true } = {}) {
  const network = await startNetwork('a keeper');
  const [ann, ben] = network.consumers;
  if (!ann || !ben) throw new Error('no consumers');
  for (const consumer of [ann, ben]) await consumer.deposit(consumer.address, units(1_000n));
  const { chain, clock, passphrase, vaultAddress: vault, payees } = network;
  const open = { fault: () => undefined, before: async () => undefined, after: async () => undefined };
  const rpc = createRpc({ url: rpcUrl, passphrase, clock, fetch: network.line(open) });
  const submitter = createSubmitter({
    rpc,
    clock: { ...clock, sleep: async () => void chain.closeLedger() },
    feeMaxStroops: 1_000_000,
  });
  const state = { busy };
  const keeper = createKeeper({
    lives: createVaultLives({ rpc, vault, submitter, secret: network.operatorSecret, resourceFeeMaxStroops }),
    accounts: () => [
      { address: ann.address, unsettled: units(1n), period: 0 },
      // Has not been here for years.
      { address: ben.address, unsettled: units(0n), period: 0 },
    ],
    keepAccounts,
    payees: () => payees,
    lanes: [0],
    limitPeriodS,
    chainTimeS: () => chain.history.latest().closeTimeS,
    meta: openTestStore().store.meta,
    whileIdle: async (work) => (state.busy ? undefined : work()),
    clock,
    log: silentLog(),
  });
  const keys = vaultKeys(vault);
  const store = chain.entries as EntryStore;
  const latest = () => chain.history.latest().sequence;
  /** Makes an entry look as if it ended so many days from now. */
  function endIn(key: xdr.LedgerKey, days: number): void {
    const stored = store.get(keyText(key));
    if (!stored) throw new Error('no such entry');
    store.set(keyText(key), { ...stored, liveUntil: latest() + Math.round(days * ledgersPerDay) });
  }
  const lifeOf = (key: xdr.LedgerKey) => (store.get(keyText(key))?.liveUntil ?? 0) - latest();
  return { network, keeper, keys, endIn, lifeOf, ann, ben, clock, state };
}

const fortnight = extendToLedgers - 10;

it('what the vault needs for every call, and accounts in use, live for a fortnight again when a week of life is left', async () => {
  const { keeper, keys, endIn, lifeOf, ann, ben, network } = await createRig();
  const payee = keys.payee(network.payees[0] ?? '');
  const kept = [keys.instance(), keys.liabilities(), payee, keys.account(ann.address)];
  for (const key of [...kept, keys.account(ben.address)]) endIn(key, 6);
  await keeper.turn();
  for (const key of kept) expect(lifeOf(key)).toBeGreaterThan(fortnight);
  // An account that nobody uses is not worth rent: it comes back when it is needed.
  expect(lifeOf(keys.account(ben.address))).toBeLessThan(7 * ledgersPerDay);
});

it('accounts are left to their owners when the operator will not pay for them; the contract and payees are kept', async () => {
  const { keeper, keys, endIn, lifeOf, ann, network } = await createRig({ keepAccounts: false });
  const kept = [keys.instance(), keys.payee(network.payees[0] ?? '')];
  for (const key of [...kept, keys.account(ann.address)]) endIn(key, 6);
  await keeper.turn();
  for (const key of kept) expect(lifeOf(key)).toBeGreaterThan(fortnight);
  expect(lifeOf(keys.account(ann.address))).toBeLessThan(7 * ledgersPerDay);
});

it('what lives longer costs nothing: no transaction is sent', async () => {
  const { keeper, network, clock } = await createRig();
  // New entries of payees live for a week only.
  await keeper.turn();
  clock.advance(24 * 3_600_000);
  const before = network.chain.history.latest().sequence;
  await keeper.turn();
  expect(network.chain.history.latest().sequence).toBe(before);
});

it('an archived entry of a payee is restored, so that the next settlement need not', async () => {
  const { keeper, keys, endIn, lifeOf, network } = await createRig();
  const payee = keys.payee(network.payees[0] ?? '');
  endIn(payee, 0);
  network.chain.closeLedger();
  network.chain.closeLedger();
  await keeper.turn();
  expect(lifeOf(payee)).toBeGreaterThan(6 * ledgersPerDay);
});

it('rent that is dearer than it may be is not paid', async () => {
  const { keeper, keys, endIn, lifeOf } = await createRig({ resourceFeeMaxStroops: 10n });
  endIn(keys.instance(), 6);
  await keeper.turn();
  expect(lifeOf(keys.instance())).toBeLessThan(7 * ledgersPerDay);
});

it('while a settlement is on its way nothing is sent, and the next turn tries again', async () => {
  const { keeper, keys, endIn, lifeOf, state } = await createRig({ busy: true });
  endIn(keys.instance(), 6);
  await keeper.turn();
  expect(lifeOf(keys.instance())).toBeLessThan(7 * ledgersPerDay);
  state.busy = false;
  await keeper.turn();
  expect(lifeOf(keys.instance())).toBeGreaterThan(fortnight);
});

it('accounts whose turn fell to a settlement are looked at again, and then all the others at once', async () => {
  const asked: string[][] = [];
  const state = { busy: true };
  const count = 2 * accountsAtOnceMax + 5;
  const accounts = Array.from({ length: count }, (_, index) => ({
    address: `account ${index}`,
    unsettled: units(1n),
    period: 0,
  }));
  const landed = { status: 'landed', hash: 'ab', ledger: 1, closedAtS: 1, contractEventsXdr: undefined } as const;
  const keeper = createKeeper({
    lives: {
      async read(of) {
        asked.push(of.accounts);
        return { ledger: 100, entries: [{ keyXdr: 'key', of: 'account', liveUntilLedger: 101 }] };
      },
      extend: async () => landed,
      restore: async () => landed,
    },
    accounts: () => accounts,
    keepAccounts: true,
    payees: () => [],
    lanes: [0],
    limitPeriodS,
    chainTimeS: () => 0,
    meta: openTestStore().store.meta,
    whileIdle: async (work) => (state.busy ? undefined : work()),
    clock: fakeClock(),
    log: silentLog(),
  });
  expect(await keeper.turn()).toBe(false);
  state.busy = false;
  expect([await keeper.turn(), await keeper.turn(), await keeper.turn()]).toEqual([true, true, false]);
  expect(asked.map(([first]) => first)).toEqual([
    'account 0',
    'account 0',
    `account ${accountsAtOnceMax}`,
    `account ${2 * accountsAtOnceMax}`,
  ]);
  // The next look is hours away.
  await keeper.turn();
  expect(asked).toHaveLength(4);
});

it('a server that names other code at each look makes it pay for one in six days, not for all', async () => {
  const paidFor: string[] = [];
  let looks = 0;
  const landed = { status: 'landed', hash: 'ab', ledger: 1, closedAtS: 1, contractEventsXdr: undefined } as const;
  const clock = fakeClock();
  const keeper = createKeeper({
    lives: {
      async read() {
        looks++;
        return { ledger: 100, entries: [{ keyXdr: `code ${looks}`, of: 'code', liveUntilLedger: 101 }] };
      },
      async extend(keys) {
        // What was not done does not count: the next look tries again.
        if (looks === 1) return { status: 'refused', reason: 'fee_too_high', detail: 'too dear' };
        paidFor.push(...keys);
        return landed;
      },
      restore: async () => landed,
    },
    ...quiet,
    meta: openTestStore().store.meta,
    clock,
  });
  for (let day = 0; day < 8; day++) {
    await keeper.turn();
    clock.advance(24 * 3_600_000);
  }
  expect(looks).toBe(8);
  expect(paidFor).toEqual(['code 2', 'code 8']);
});

it('a lie about the code does not keep the real one from living, and is paid for once however often it begins anew', async () => {
  const paidFor: string[] = [];
  const landed = { status: 'landed', hash: 'ab', ledger: 1, closedAtS: 1, contractEventsXdr: undefined } as const;
  const { meta } = openTestStore().store;
  const clock = fakeClock();
  for (const named of ['real', 'lie 1', 'real', 'lie 2', 'lie 3', 'real']) {
    const keeper = createKeeper({
      lives: {
        read: async () => ({ ledger: 100, entries: [{ keyXdr: named, of: 'code', liveUntilLedger: 101 }] }),
        async extend(keys) {
          paidFor.push(...keys);
          return landed;
        },
        restore: async () => landed,
      },
      ...quiet,
      meta,
      clock,
    });
    await keeper.turn();
    clock.advance(24 * 3_600_000);
  }
  expect(paidFor).toEqual(['real', 'lie 1', 'real', 'real']);
});
