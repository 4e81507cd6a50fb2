import { xdr } from '@stellar/stellar-sdk/base';
import { describe, expect, it } from 'vitest';
import { createLedger, type Ledger } from '../../src/billing/ledger.ts';
import { createWatcher, type Watcher, type WatcherDeps } from '../../src/deposits/watcher.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { units, zero } from '../../src/money.ts';
import { addressValue, i128Value, u32Value, u64Value } from '../../src/stellar/contract-values.ts';
import { RpcError } from '../../src/stellar/json-rpc.ts';
import type { RawEvent } from '../../src/stellar/rpc-answers.ts';
import type { Store } from '../../src/store/store.ts';
import { transferGaps } from '../../src/store/unseen.ts';
import { addressOf } from '../settlement/rig.ts';
import { vaultAddress } from '../settlement/scripted-chain.ts';
import { openTestStore } from '../store/rig.ts';
import { eventId, eventParts, rawEvent, settledEvent, stateValue, vaultAccount } from '../support/vault-event-xdr.ts';
import { closedAtMs, ScriptedSource } from './scripted-source.ts';

const alice = addressOf('alice');
const bob = addressOf('bob');
const payee = addressOf('payee');
const token = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';

type Rig = {
  source: ScriptedSource;
  store: Store;
  ledger: Ledger;
  watcher: Watcher;
  settled: number[];
  hurries: number;
  catchUp(): Promise<void>;
  restart(deps?: Partial<WatcherDeps>): void;
};

function createRig(overrides: Partial<WatcherDeps> = {}): Rig {
  const { store, ...rest } = openTestStore();
  const source = new ScriptedSource();
  // As late as the newest ledger: a network takes its time.
  const clock = { ...rest.clock, nowMs: () => closedAtMs(source.latestLedger) };
  function start(deps: Partial<WatcherDeps>) {
    const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
    for (const row of store.accounts.loadAll()) ledger.open(row);
    const { deposits, meta } = store;
    const watcher = createWatcher({
      rpc: source.rpc,
      vault: source.vault,
      deposits,
      exits: store.exits,
      meta,
      ledger,
      clock,
      log: silentLog(),
      startLedger: 1,
      payees: [payee],
      onSettled(event) {
        rig.settled.push(event.batch);
        return { accountsChangedUnseen: false };
      },
      onHurry() {
        rig.hurries++;
      },
      sync: () => store.sync(),
      ...deps,
    });
    return { ledger, watcher };
  }
  const rig: Rig = {
    source,
    store,
    settled: [],
    hurries: 0,
    ...start(overrides),
    async catchUp() {
      while (await rig.watcher.turn());
    },
    restart(deps = {}) {
      Object.assign(rig, start({ ...overrides, ...deps }));
    },
  };
  return rig;
}

function credited(rig: Rig, account: string): bigint {
  const stored = rig.store.accounts.byAddress(account)?.deposited ?? zero;
  expect(rig.ledger.account(account)?.deposited ?? zero).toBe(stored);
  return stored;
}

describe('deposits', () => {
  it('are credited exactly, once, to the account they name', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 10_000_000n, 20);
    rig.source.deposit(alice, 1n, 30);
    rig.source.deposit(bob, 9_007_199_254_740_991n, 30);
    await rig.catchUp();
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(10_000_001n);
    expect(credited(rig, bob)).toBe(9_007_199_254_740_991n);
  });

  it('are credited once when the source shows a record twice', async () => {
    const rig = createRig();
    const event = rig.source.deposit(alice, 500n, 20);
    rig.source.events.push(event);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(500n);
  });

  it('are read from the beginning after a start, never from now', async () => {
    const rig = createRig({ startLedger: undefined });
    rig.source.deposit(alice, 500n, 3);
    await rig.catchUp();
    expect(rig.source.requests[0]?.from).toEqual({ startLedger: 1 });
    expect(credited(rig, alice)).toBe(500n);
  });

  it('are found across scan windows and full pages', async () => {
    const rig = createRig();
    rig.source.windowLedgers = 7;
    for (let ledger = 2; ledger <= 100; ledger += 3) rig.source.deposit(alice, 100n, ledger);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(3_300n);
    expect(rig.watcher.health()).toMatchObject({ caughtUp: true, lastLedger: 100, lastClosedAtMs: closedAtMs(100) });
  });

  it('are found when one ledger holds more than a page', async () => {
    const rig = createRig();
    for (let index = 0; index < 2_500; index++) rig.source.deposit(alice, 1n, 40);
    rig.source.deposit(alice, 1n, 41);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(2_501n);
  });

  it('survive a restart at any point, and go on behind the cursor', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 500n, 20);
    await rig.catchUp();
    rig.restart();
    expect(credited(rig, alice)).toBe(500n);
    rig.source.latestLedger = 120;
    rig.source.deposit(alice, 7n, 110);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(507n);
    expect(rig.source.requests.at(-1)?.from).toHaveProperty('cursor');
  });

  it('are not lost when the process dies between reading a page and keeping it', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 500n, 20);
    rig.restart({
      deposits: {
        ...rig.store.deposits,
        applyPage: () => {
          throw new Error('killed');
        },
      },
    });
    await expect(rig.watcher.turn()).rejects.toThrow('killed');
    rig.restart();
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(500n);
  });
});

describe('an unreadable record', () => {
  it('is set aside with its reason and stops nothing', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 500n, 20);
    const odd = rig.source.add(eventParts('deposit', [addressValue(alice)], { amount: i128Value(5n) }), 21);
    rig.source.events.push({ ...odd, id: eventId(22, 900), ledger: 22, valueXdr: 'AAAA' });
    rig.source.events.push({ ...odd, id: eventId(22, 901), ledger: 22, topicsXdr: [] });
    rig.source.events.push({ broken: true, id: eventId(23, 902), ledger: 23, text: '{"id":1}' });
    rig.source.add(eventParts('never_heard_of', [], {}), 24);
    rig.source.deposit(bob, 300n, 25);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(500n);
    expect(credited(rig, bob)).toBe(300n);
    expect(rig.store.deposits.unattributed({ limit: 10 }).map((event) => event.kind)).toEqual(
      Array(5).fill('unreadable'),
    );
    expect(rig.watcher.health().unreadable).toBe(5);
  });

  it('of another contract is never credited', async () => {
    const rig = createRig();
    const event = rig.source.deposit(alice, 500n, 20);
    rig.source.events = [{ ...event, contractId: token }];
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(0n);
  });

  it('has the vault asked for what it may have said: a pause, and the removal of a payee', async () => {
    const rig = createRig();
    rig.source.listed.add(payee);
    await rig.catchUp();
    expect(rig.watcher.state()).toMatchObject({ paused: 0, listedPayees: new Set([payee]) });
    rig.source.paused = 2;
    rig.source.listed.clear();
    rig.source.latestLedger++;
    rig.source.events.push({ broken: true, id: eventId(101, 9), ledger: 101, text: '{"cut":' });
    rig.source.viewsBehind = 1;
    await expect(rig.catchUp()).rejects.toMatchObject({ failure: 'lagging' });
    rig.source.viewsBehind = 0;
    await rig.catchUp();
    expect(rig.watcher.health().unreadable).toBe(1);
    expect(rig.watcher.state()).toMatchObject({ paused: 2, removedPayees: new Set([payee]) });
  });
});

describe('a source in doubt', () => {
  it('credits nothing while it serves another network', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 500n, 20);
    rig.source.passphraseWrong = true;
    await expect(rig.watcher.turn()).rejects.toThrow(/network/);
    expect(credited(rig, alice)).toBe(0n);
    expect(rig.watcher.health()).toMatchObject({ caughtUp: false, lastLedger: 0 });
  });

  it('is refused when it shows an older ledger than was read', async () => {
    const rig = createRig();
    await rig.catchUp();
    rig.source.latestLedger = 60;
    rig.source.deposit(alice, 500n, 55);
    await expect(rig.watcher.turn()).rejects.toThrow(/ledger 60/);
    rig.restart();
    await expect(rig.watcher.turn()).rejects.toThrow(/ledger 60/);
    expect(credited(rig, alice)).toBe(0n);
    rig.source.latestLedger = 101;
    rig.source.deposit(alice, 7n, 101);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(507n);
  });

  it('is waited for when it is a few ledgers behind, without moving anything', async () => {
    const rig = createRig();
    await rig.catchUp();
    rig.source.latestLedger = 97;
    expect(await rig.watcher.turn()).toBe(false);
    expect(rig.watcher.state()).toMatchObject({ lastLedger: 100, lastClosedAtMs: closedAtMs(100) });
  });

  it.each([
    ['does not answer', new RpcError('transport', 'ETIMEDOUT')],
    ['answers with an error', new RpcError('refused', 'internal error', { code: -32603 })],
    ['answers in a form that cannot be read', new RpcError('unreadable', 'no list of events')],
  ])('moves no cursor when it %s', async (_, failure) => {
    const rig = createRig();
    rig.source.deposit(alice, 500n, 20);
    rig.source.failures = [failure];
    await expect(rig.watcher.turn()).rejects.toBe(failure);
    expect(rig.store.deposits.cursor('vault')).toBeUndefined();
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(500n);
  });
});

describe('a gap', () => {
  it('is closed for known accounts by what the vault says now, and told', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 500n, 20);
    await rig.catchUp();
    rig.source.latestLedger = 500;
    rig.source.deposit(alice, 70n, 150);
    rig.source.oldestLedger = 400;
    const late = rig.source.deposit(bob, 1n, 450);
    rig.source.events = [late];
    rig.restart();
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(570n);
    expect(credited(rig, bob)).toBe(1n);
    expect(rig.watcher.health()).toMatchObject({ gap: { fromLedger: 100, toLedger: 399 }, gaps: 1 });
    rig.source.latestLedger = 510;
    rig.source.deposit(alice, 9n, 505);
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(579n);
  });

  it.each(['while it runs', 'over a restart'])('%s hides neither a pause nor what became of a payee', async (when) => {
    const rig = createRig();
    const [held, gone] = [addressOf('held payee'), payee];
    rig.source.listed.add(gone);
    rig.source.add(eventParts('payee_removed', [addressValue(held)], {}), 30);
    await rig.catchUp();
    expect(rig.store.deposits.isPayeeListed(held)).toBe(false);
    rig.source.paused = 2;
    rig.source.listed.delete(gone);
    rig.source.listed.add(held);
    Object.assign(rig.source, { latestLedger: 500, oldestLedger: 400, events: [] });
    if (when !== 'while it runs') rig.restart();
    await rig.catchUp();
    expect(rig.watcher.state()).toMatchObject({
      paused: 2,
      listedPayees: new Set([held]),
      removedPayees: new Set([gone]),
    });
    expect([held, gone].map((one) => rig.store.deposits.isPayeeListed(one))).toEqual([true, false]);
  });

  it('is not told of by a server that is still in it', async () => {
    const rig = createRig();
    rig.source.listed.add(payee);
    await rig.catchUp();
    rig.source.listed.delete(payee);
    Object.assign(rig.source, { latestLedger: 500, oldestLedger: 400, viewsBehind: 102, events: [] });
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'lagging' });
    expect(rig.store.deposits.cursor('vault')?.ledger).toBe(100);
    rig.source.viewsBehind = 0;
    await rig.catchUp();
    expect(rig.watcher.state().removedPayees).toEqual(new Set([payee]));
    expect(rig.watcher.health().gaps).toBe(1);
  });

  it('leaves an account that was unknown then to a look-up', async () => {
    const rig = createRig();
    rig.source.oldestLedger = 50;
    rig.source.deposit(bob, 900n, 10);
    rig.source.events = [];
    await rig.catchUp();
    expect(credited(rig, bob)).toBe(0n);
    await rig.watcher.lookUp(bob);
    expect(credited(rig, bob)).toBe(900n);
    await rig.watcher.lookUp(addressOf('nobody'));
    expect(rig.store.accounts.byAddress(addressOf('nobody'))).toBeUndefined();
  });
});

describe('an answer of the vault itself', () => {
  it('that is older than what was read changes nothing: neither a pause nor a payee that was listed since', async () => {
    const rig = createRig();
    rig.source.listed.add(payee);
    await rig.catchUp();
    rig.source.listed.delete(payee);
    rig.source.paused = 2;
    rig.source.viewsBehind = 2;
    rig.restart();
    await expect(rig.watcher.turn()).rejects.toMatchObject({ failure: 'lagging' });
    rig.source.listed.add(payee);
    Object.assign(rig.source, { paused: 0, viewsBehind: 0 });
    await rig.catchUp();
    expect(rig.watcher.state()).toMatchObject({ paused: 0, listedPayees: new Set([payee]) });
  });

  it('about an account that was asked for before its last event takes no request and no limit back', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 1_000n, 20);
    await rig.catchUp();
    let answer: () => void = () => undefined;
    const old = vaultAccount({ deposited: units(1_000), balance: units(1_000) });
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { vault } = rig.source;
    rig.restart({
      vault: { ...vault, accounts: () => answered.then(() => ({ ledger: 100, accounts: new Map([[alice, old]]) })) },
    });
    const lookUp = rig.watcher.lookUpAll();
    rig.source.latestLedger = 101;
    const state = { ...old, requested: units(1_000), unlockAtS: 1_900_000_000 };
    const data = { amount: i128Value(1_000n), unlock_at: u64Value(1_900_000_000n), state: stateValue(state) };
    rig.source.add(eventParts('withdraw_requested', [addressValue(alice)], data), 101);
    await rig.catchUp();
    answer();
    await lookUp;
    expect(rig.store.accounts.byAddress(alice)).toMatchObject({ requested: 1_000n });
    expect(rig.ledger.account(alice)).toMatchObject({ requested: 1_000n });
  });

  it('is not asked for each of many accounts that never had a deposit', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 1_000n, 20);
    await rig.catchUp();
    for (let login = 0; login < 300; login++) {
      const address = addressOf(`login ${login}`);
      rig.ledger.open({ id: rig.store.accounts.ensure(address), address });
    }
    const alone: string[] = [];
    rig.restart({
      vault: {
        ...rig.source.vault,
        async accounts(addresses, _, neverDeposited = () => false) {
          alone.push(...addresses.filter((address) => !neverDeposited(address)));
          return rig.source.vault.accounts(addresses);
        },
      },
    });
    await rig.watcher.lookUpAll();
    expect(alone).toEqual([alice]);
  });
});

describe('a settlement from before this database', () => {
  it('has every known account read anew, also when the process dies before that', async () => {
    const rig = createRig({ onSettled: () => ({ accountsChangedUnseen: true }) });
    rig.source.deposit(alice, 500n, 20);
    rig.source.add(settledEvent({ lane: 0, batch: 1, root: '00'.repeat(32), taken: [90n] }), 30);
    const state = rig.source.states.get(alice) ?? vaultAccount();
    rig.source.states.set(alice, { ...state, settled: units(90), balance: units(410) });
    rig.restart({
      vault: {
        ...rig.source.vault,
        accounts: async () => {
          throw new RpcError('transport', 'killed');
        },
      },
    });
    await expect(rig.catchUp()).rejects.toThrow('killed');
    rig.restart();
    await rig.catchUp();
    expect(rig.ledger.account(alice)).toMatchObject({
      deposited: 500n,
      settled: 90n,
      settledElsewhere: 90n,
      unsettled: 0n,
    });
  });
});

describe('a co-signed exit', () => {
  /** 1,000 deposited, 600 of it on hold for an exit that was made at ledger 100. */
  async function exitRig() {
    const rig = createRig();
    rig.source.deposit(alice, 1_000n, 20);
    await rig.catchUp();
    const slot = rig.ledger.account(alice);
    if (!slot) throw new Error('alice is missing');
    const life = { madeLedger: 100, expiresLedger: 190, createdAtMs: 1 };
    rig.store.exits.open({ accountId: slot.id, to: bob, amount: units(600), envelopeXdr: 'AA', ...life });
    rig.ledger.holdExit(slot, units(600));
    return rig;
  }

  const withdrawn = (rig: Rig, amount: bigint, ledger: number, rest: { to?: string; cooperative?: boolean } = {}) => {
    const before = rig.source.states.get(alice) ?? vaultAccount();
    const balance = units(before.balance - amount);
    const state = { ...before, balance, withdrawn: units(before.withdrawn + amount) };
    rig.source.states.set(alice, state);
    rig.source.latestLedger = Math.max(rig.source.latestLedger, ledger);
    rig.source.add(
      eventParts('withdrawn', [addressValue(alice)], {
        to: addressValue(rest.to ?? bob),
        amount: i128Value(amount),
        cooperative: xdr.ScVal.scvBool(rest.cooperative ?? true),
        state: stateValue(state),
      }),
      ledger,
    );
  };

  const books = (rig: Rig) => {
    const slot = rig.ledger.account(alice);
    const [row] = rig.store.exits.list({ limit: 1 });
    expect(rig.store.accounts.byAddress(alice)).toMatchObject({ exits: slot?.exits, withdrawn: slot?.withdrawn });
    return {
      state: row?.state,
      held: slot?.exits,
      withdrawn: slot?.withdrawn,
      spendable: slot && rig.ledger.spendable(slot),
    };
  };

  it('ends with its event, in one step with the balance', async () => {
    const rig = await exitRig();
    withdrawn(rig, 600n, 120);
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'landed', held: 0n, withdrawn: 600n, spendable: 400n });
  });

  it('is loaded at a restart, and its event still ends it', async () => {
    const rig = await exitRig();
    rig.restart();
    expect(books(rig)).toEqual({ state: 'open', held: 600n, withdrawn: 0n, spendable: 400n });
    withdrawn(rig, 600n, 190);
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'landed', held: 0n, withdrawn: 600n, spendable: 400n });
  });

  it.each([
    ['of another amount', 300n, 120, {}],
    ['to another address', 600n, 120, { to: alice }],
    ['without our signature', 600n, 120, { cooperative: false }],
    ['of a time before it was made', 600n, 100, {}],
  ])('is not ended by a withdrawal %s', async (_, amount, ledger, rest) => {
    const rig = await exitRig();
    withdrawn(rig, amount, ledger, rest);
    await rig.catchUp();
    expect(books(rig)).toMatchObject({ state: 'open', held: 600n });
  });

  it('is held until every event up to its last ledger has been seen, and free then', async () => {
    const rig = await exitRig();
    rig.source.latestLedger = 189;
    await rig.catchUp();
    expect(books(rig)).toMatchObject({ state: 'open', held: 600n, spendable: 400n });
    rig.source.latestLedger = 190;
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'expired', held: 0n, withdrawn: 0n, spendable: 1_000n });
  });

  it('is not released by a page that ends inside its last ledger', async () => {
    const rig = await exitRig();
    rig.source.latestLedger = 190;
    for (let index = 0; index < 1_000; index++) rig.source.deposit(bob, 1n, 190);
    withdrawn(rig, 600n, 190);
    await rig.watcher.turn();
    expect(books(rig)).toMatchObject({ state: 'open', held: 600n });
    await rig.catchUp();
    expect(books(rig)).toMatchObject({ state: 'landed', held: 0n, withdrawn: 600n });
  });

  it('that landed in ledgers nobody can show stays on hold until its signature has ended', async () => {
    const rig = await exitRig();
    withdrawn(rig, 600n, 120);
    rig.source.events = [];
    Object.assign(rig.source, { latestLedger: 150, oldestLedger: 140 });
    rig.restart();
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'open', held: 600n, withdrawn: 600n, spendable: 0n });
    rig.source.latestLedger = 190;
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'expired', held: 0n, withdrawn: 600n, spendable: 400n });
  });

  it('that landed in a record nobody can read is not freed before the account has been read anew', async () => {
    const rig = await exitRig();
    withdrawn(rig, 600n, 120);
    const [event] = rig.source.events.slice(-1);
    if (!event || 'broken' in event) throw new Error('unexpected');
    rig.source.events[rig.source.events.length - 1] = { ...event, valueXdr: 'AAAA' };
    rig.source.latestLedger = 190;
    const vault = rig.source.vault;
    const accounts = () => Promise.reject(new RpcError('transport', 'gone'));
    rig.restart({ vault: { ...vault, accounts } });
    await expect(rig.catchUp()).rejects.toThrow('gone');
    expect(books(rig)).toMatchObject({ state: 'open', held: 600n });
    rig.restart({ vault });
    rig.source.latestLedger = 191;
    await rig.catchUp();
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'expired', held: 0n, withdrawn: 600n, spendable: 400n });
  });

  it('is not freed on the word of a server that lags behind what was read', async () => {
    const rig = await exitRig();
    withdrawn(rig, 600n, 120);
    const [event] = rig.source.events.slice(-1);
    if (!event || 'broken' in event) throw new Error('unexpected');
    rig.source.events[rig.source.events.length - 1] = { ...event, valueXdr: 'AAAA' };
    rig.source.latestLedger = 190;
    const { vault } = rig.source;
    const old = vaultAccount({ deposited: units(1_000) });
    rig.restart({ vault: { ...vault, accounts: async () => ({ ledger: 119, accounts: new Map([[alice, old]]) }) } });
    await expect(rig.catchUp()).rejects.toThrow(/ledger 119/);
    expect(books(rig)).toMatchObject({ state: 'open', held: 600n });
  });

  it('that a snapshot has told of already is ended by its event, and counted once', async () => {
    const rig = await exitRig();
    withdrawn(rig, 600n, 120);
    await rig.watcher.lookUp(alice);
    expect(books(rig)).toMatchObject({ state: 'open', held: 600n, withdrawn: 600n });
    await rig.catchUp();
    expect(books(rig)).toEqual({ state: 'landed', held: 0n, withdrawn: 600n, spendable: 400n });
  });
});

describe('what the vault says besides deposits', () => {
  it('acts at once: requests and cuts lower what can be spent and hurry settlement', async () => {
    const rig = createRig();
    rig.source.deposit(alice, 1_000n, 20);
    await rig.catchUp();
    const slot = rig.ledger.account(alice);
    expect(slot && rig.ledger.spendable(slot)).toBe(1_000n);
    const deposited = { deposited: units(1_000), balance: units(1_000) };
    rig.source.latestLedger = 110;
    const requested = vaultAccount({ ...deposited, balance: units(1_000), requested: units(400), unlockAtS: 5 });
    rig.source.add(
      eventParts('withdraw_requested', [addressValue(alice)], {
        amount: i128Value(400n),
        unlock_at: u64Value(5),
        state: stateValue(requested),
      }),
      105,
    );
    await rig.catchUp();
    expect(slot && rig.ledger.spendable(slot)).toBe(600n);
    expect(rig.hurries).toBe(1);
    rig.source.latestLedger = 120;
    const cut = vaultAccount({ ...requested, pendingLimit: units(50), pendingLimitAtS: 99 });
    rig.source.add(
      eventParts('limit_set', [addressValue(alice)], {
        limit: i128Value(50n),
        effective_at: u64Value(99),
        state: stateValue(cut),
      }),
      115,
    );
    await rig.catchUp();
    expect(slot && rig.ledger.spendable(slot)).toBe(50n);
    expect(rig.hurries).toBe(2);
  });

  it('reaches whoever must know: settlements, pause, payees', async () => {
    const rig = createRig();
    rig.source.listed.add(payee);
    rig.source.add(settledEvent({ lane: 0, batch: 1, root: '00'.repeat(32), taken: [5n] }), 20);
    await rig.catchUp();
    expect(rig.settled).toEqual([1]);
    expect([...rig.watcher.state().listedPayees]).toEqual([payee]);
    rig.source.latestLedger = 130;
    rig.source.add(eventParts('paused', [], { by: addressValue(alice), flags: u32Value(2) }), 110);
    rig.source.add(eventParts('payee_removed', [addressValue(payee)], {}), 111);
    await rig.catchUp();
    expect(rig.watcher.state()).toMatchObject({ paused: 2, listedPayees: new Set(), removedPayees: new Set([payee]) });
    expect(rig.store.deposits.isPayeeListed(payee)).toBe(false);
  });
});

describe('USDC that was sent to the vault without a deposit', () => {
  const transfer = (amount: bigint, place: { txHash: string; ledger: number }, index: number): RawEvent =>
    rawEvent(
      token,
      {
        topics: [
          xdr.ScVal.scvSymbol('transfer'),
          addressValue(alice),
          addressValue(vaultAddress),
          xdr.ScVal.scvString('USDC:G'),
        ],
        data: i128Value(amount),
      },
      { ...place, id: eventId(place.ledger, 5_000 + index), closedAtMs: closedAtMs(place.ledger) },
    );

  it('is booked as unattributed, and what a deposit explains is not', async () => {
    const rig = createRig({ token });
    const deposit = rig.source.deposit(alice, 500n, 20);
    rig.source.transfers = [
      transfer(500n, deposit, 0),
      transfer(77n, { txHash: 'bare', ledger: 21 }, 1),
      transfer(500n, { txHash: deposit.txHash, ledger: 20 }, 2),
    ];
    await rig.catchUp();
    expect(credited(rig, alice)).toBe(500n);
    const booked = rig.store.deposits.unattributed({ limit: 10 }).map(({ kind, amount }) => `${kind} ${amount}`);
    expect(booked.sort()).toEqual(['transfer 500', 'transfer 77']);
  });

  it('is looked for at once when somebody wants to know, else twice a minute', async () => {
    const rig = createRig({ token });
    await rig.catchUp();
    rig.source.latestLedger = 101;
    rig.source.transfers = [transfer(77n, { txHash: 'bare', ledger: 101 }, 1)];
    await rig.catchUp();
    expect(rig.store.deposits.bare().left).toBe(0n);
    rig.watcher.wantTransfers();
    await rig.catchUp();
    expect(rig.store.deposits.bare()).toMatchObject({ left: 77n, leftCount: 1 });
  });

  it('that are wanted while they are looked at are looked at once more', async () => {
    const looks = { begun: Promise.withResolvers<void>(), end: Promise.withResolvers<void>() };
    const rig = createRig({ token });
    const { events } = rig.source.rpc;
    rig.restart({
      token,
      rpc: {
        ...rig.source.rpc,
        async events(request, signal) {
          const page = await events(request, signal);
          if (request.topics) {
            looks.begun.resolve();
            await looks.end.promise;
          }
          return page;
        },
      },
    });
    const turns = rig.catchUp();
    await looks.begun.promise;
    // It comes in behind the page that was just read, and somebody wants to compare.
    rig.source.latestLedger = 101;
    rig.source.transfers = [transfer(77n, { txHash: 'bare', ledger: 101 }, 1)];
    rig.watcher.wantTransfers();
    looks.end.resolve();
    await turns;
    await rig.catchUp();
    expect(rig.store.deposits.bare().transfers).toMatchObject([{ left: 77n }]);
  });

  it('says which ledgers were forgotten before it looked, and goes on behind them', async () => {
    const said: unknown[] = [];
    const log = { ...silentLog(), error: (fields: unknown, text?: string) => void said.push(fields, text) } as Log;
    const rig = createRig({ token, log });
    await rig.catchUp();
    expect(transferGaps(rig.store.meta)).toEqual([]);
    Object.assign(rig.source, { latestLedger: 400, oldestLedger: 200 });
    rig.source.transfers = [
      transfer(5n, { txHash: 'forgotten', ledger: 150 }, 1),
      transfer(7n, { txHash: 'seen', ledger: 200 }, 2),
    ];
    rig.restart();
    await rig.catchUp();
    const gap = { fromLedger: 100, toLedger: 199 };
    expect(transferGaps(rig.store.meta)).toEqual([gap]);
    expect(said).toContain('the source no longer has these ledgers; transfers to the vault in them stay unseen');
    expect(rig.store.deposits.bare().left).toBe(7n);
    rig.restart();
    await rig.catchUp();
    expect(transferGaps(rig.store.meta)).toEqual([gap]);
  });

  it('of before the books began is said to be unseen, without an alarm', async () => {
    const rig = createRig({ token, startLedger: undefined });
    rig.source.oldestLedger = 40;
    await rig.catchUp();
    expect(transferGaps(rig.store.meta)).toEqual([{ fromLedger: 0, toLedger: 39 }]);
    expect(rig.watcher.health().gap).toBeUndefined();
  });

  it('is told from deposits by no server that has not seen them yet', async () => {
    const rig = createRig({ token });
    const [first, last] = [rig.source.deposit(alice, 500n, 20), rig.source.deposit(alice, 400n, 22)];
    rig.source.transfers = [transfer(500n, first, 0), transfer(400n, last, 1)];
    const { rpc } = rig.source;
    let behind = true;
    rig.restart({
      rpc: {
        ...rpc,
        async events(request, signal) {
          const page = await rpc.events(request, signal);
          // Of the vault's events in these ledgers alone, which are asked for beside the transfers.
          if (!behind || !('endLedger' in request.from)) return page;
          return { ...page, events: page.events.filter(({ ledger }) => (ledger ?? 0) < 22), latestLedger: 21 };
        },
      },
    });
    await rig.catchUp().catch(() => undefined);
    expect(rig.store.deposits.bare().transfers).toEqual([]);
    behind = false;
    await rig.catchUp();
    expect(rig.store.deposits.bare().transfers).toEqual([]);
    expect(credited(rig, alice)).toBe(900n);
  });

  it('is told from deposits also where thousands of other events lie between', async () => {
    const rig = createRig({ token });
    const first = rig.source.deposit(alice, 500n, 20);
    for (let count = 0; count < 10_000; count++) rig.source.add(eventParts('unpaused', [], { flags: u32Value(0) }), 21);
    const last = rig.source.deposit(alice, 400n, 22);
    rig.source.transfers = [transfer(500n, first, 0), transfer(400n, last, 1)];
    await rig.catchUp();
    expect(rig.store.deposits.bare().transfers).toEqual([]);
  });
});
