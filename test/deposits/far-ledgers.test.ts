import { describe, expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { fakeClock } from '../../src/clock.ts';
import { createBelievable } from '../../src/deposits/believable.ts';
import { aheadSlackLedgers, aheadSlackMs } from '../../src/deposits/furthest-ledger.ts';
import { createWatcher, type WatcherDeps } from '../../src/deposits/watcher.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { signLifeMaxS } from '../../src/settlement/adoption.ts';
import { addressOf } from '../settlement/rig.ts';
import { openTestStore } from '../store/rig.ts';
import { eventId } from '../support/vault-event-xdr.ts';
import { closedAtMs, ScriptedSource } from './scripted-source.ts';

/** A server whose answers make up a ledger that has not closed. */

const alice = addressOf('alice');

function startRig() {
  const { store } = openTestStore();
  const source = new ScriptedSource();
  const clock = fakeClock(closedAtMs(source.latestLedger));
  function start(rpc: Partial<WatcherDeps['rpc']> = {}, more: Partial<WatcherDeps> = {}) {
    const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 1_800_000_000 });
    for (const row of store.accounts.loadAll()) ledger.open(row);
    return createWatcher({
      ...more,
      rpc: { ...source.rpc, ...rpc },
      vault: source.vault,
      deposits: store.deposits,
      exits: store.exits,
      meta: store.meta,
      ledger,
      clock,
      log: silentLog(),
      startLedger: 1,
      payees: [],
      onSettled: () => ({ accountsChangedUnseen: false }),
      onHurry: () => undefined,
      sync: () => store.sync(),
    });
  }
  return { source, store, clock, start };
}

type Rig = ReturnType<typeof startRig>;

/** What the server makes up, by the number that it names. */
const lies: Record<string, (rig: Rig, ledger: number) => Partial<WatcherDeps['rpc']>> = {
  'the newest of its ledgers': (_, ledger) => ({ health: async () => ({ latestLedger: ledger, oldestLedger: 1 }) }),
  'the oldest of its ledgers': ({ source }, ledger) => ({
    health: async () => ({ latestLedger: source.latestLedger, oldestLedger: ledger }),
  }),
  'the newest ledger of a page': ({ source }, ledger) => ({
    events: async (request) => ({ ...(await source.rpc.events(request)), latestLedger: ledger }),
  }),
  'the cursor of a page': ({ source }, ledger) => ({
    events: async (request) => ({ ...(await source.rpc.events(request)), cursor: eventId(ledger, 0) }),
  }),
};

/** Two ledgers behind one that was read, a server lies: it is refused, and nothing has moved. */
async function refused(rig: Rig, lie: () => Partial<WatcherDeps['rpc']> | undefined): Promise<void> {
  const { source, store, clock, start } = rig;
  while (await start().turn());
  const before = store.deposits.cursor('vault');
  clock.advance(10_000);
  source.latestLedger += 2;
  await expect(start(lie()).turn()).rejects.toMatchObject({ failure: 'ahead' });
  expect(store.deposits.cursor('vault')).toEqual(before);
}

describe.each(Object.keys(lies))('a ledger that cannot have closed yet, as %s', (lie) => {
  it('moves nothing, and an honest server is read on', async () => {
    const rig = startRig();
    await refused(rig, () => lies[lie]?.(rig, 100 + 10 + aheadSlackLedgers + 1));
    rig.source.deposit(alice, 500n);
    const honest = rig.start();
    while (await honest.turn());
    expect(honest.state().lastLedger).toBe(102);
    expect(rig.store.accounts.byAddress(alice)?.deposited).toBe(500n);
  });
});

const tenYearsMs = 3_650 * 86_400_000;

/** Where a server names the time of a ledger. */
const times: Record<string, (rig: Rig, atMs: number) => Partial<WatcherDeps['rpc']>> = {
  'of a page': ({ source }, atMs) => ({
    events: async (request) => ({ ...(await source.rpc.events(request)), latestClosedAtMs: atMs }),
  }),
  'of the newest ledger, asked for by itself': ({ source }, atMs) => ({
    events: async (request) => ({ ...(await source.rpc.events(request)), latestClosedAtMs: undefined }),
    latestLedger: async () => ({ ledger: source.latestLedger, closedAtS: atMs / 1_000 }),
  }),
  'of the last event of a page that ends in the middle': ({ source }, atMs) => ({
    events: async (request) => {
      const event = { ...source.deposit(alice, 1n, 101), closedAtMs: atMs };
      return { ...(await source.rpc.events(request)), events: [event], cursor: event.id };
    },
  }),
};

describe.each(Object.keys(times))('a close time that cannot have come yet, %s', (place) => {
  it.each([
    ['by a moment', aheadSlackMs + 1_000],
    ['by ten years', tenYearsMs],
    ['by more than a calendar holds', 9e15],
  ])('%s is not kept, and an honest server is read on', async (_, aheadMs) => {
    const rig = startRig();
    await refused(rig, () => times[place]?.(rig, rig.clock.nowMs() + aheadMs));
    const honest = rig.start();
    while (await honest.turn());
    expect(honest.state().lastClosedAtMs).toBe(closedAtMs(102));
  });
});

it('a close time within what clocks differ by is followed', async () => {
  const rig = startRig();
  const { source, clock, start } = rig;
  while (await start().turn());
  clock.advance(10_000);
  source.latestLedger += 2;
  const atMs = clock.nowMs() + aheadSlackMs;
  const watcher = start(times['of a page']?.(rig, atMs));
  while (await watcher.turn());
  expect(watcher.state().lastClosedAtMs).toBe(atMs);
});

it('a gateway that was away for a month takes up a month of ledgers', async () => {
  const { source, clock, start } = startRig();
  while (await start().turn());
  source.latestLedger += 518_400;
  source.oldestLedger = source.latestLedger - 120_000;
  clock.advance(518_400 * 5_000);
  const watcher = start();
  while (await watcher.turn());
  expect(watcher.state().lastLedger).toBe(source.latestLedger);
});

it('a clock that was set back makes it wait and not stand still', async () => {
  const { source, clock, start } = startRig();
  while (await start().turn());
  // Away for an hour, on a machine that is a day behind since.
  const away = 720;
  source.latestLedger += away;
  clock.advance(away * 5_000);
  clock.setWall(clock.nowMs() - 86_400_000);
  const watcher = start();
  await expect(watcher.turn()).rejects.toMatchObject({ failure: 'ahead' });
  let waited = 0;
  const turn = async () => {
    source.latestLedger += 1;
    clock.advance(5_000);
    return await watcher.turn().catch((error: unknown) => {
      expect(error).toMatchObject({ failure: 'ahead' });
      waited++;
    });
  };
  while (watcher.state().lastLedger < source.latestLedger) await turn();
  expect(waited).toBeGreaterThan(0);
  expect(waited).toBeLessThan(5 * away);
  // From then on it keeps up.
  for (let ledger = 0; ledger < 100; ledger++) await turn();
  expect(watcher.state().lastLedger).toBe(source.latestLedger);
});

describe('a source that makes up as much as is believed at every look', () => {
  /** An exit was co-signed and a lane's wait has begun; then each answer is as far ahead as it may be, for so long. */
  async function lied(seconds: number) {
    const { source, store, clock, start } = startRig();
    source.deposit(alice, 1_000n);
    while (await start().turn());
    const { id: accountId } = store.accounts.byAddress(alice) ?? { id: 0 };
    const exit = { accountId, to: alice, amount: units(900), envelopeXdr: 'x', madeLedger: 100, expiresLedger: 190 };
    store.exits.open({ ...exit, createdAtMs: clock.nowMs() });
    let [ledger, atMs] = [100, closedAtMs(100)];
    const lying = start({
      health: async () => ({ latestLedger: ledger, oldestLedger: 1 }),
      events: async () => {
        const cursor = eventId(ledger, 0);
        return { events: [], cursor, latestLedger: ledger, oldestLedger: 1, latestClosedAtMs: atMs };
      },
    });
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      const read = lying.state();
      const believed = createBelievable(clock, false);
      const isBelieved = (check: () => unknown) => {
        try {
          check();
          return true;
        } catch {
          return false;
        }
      };
      while (isBelieved(() => believed.ledgers(read, ledger + 1))) ledger++;
      while (isBelieved(() => believed.closeMs(read, atMs + 1_000))) atMs += 1_000;
      await lying.turn();
    }
    return { store, state: lying.state(), passedMs: lying.state().lastClosedAtMs - closedAtMs(100) };
  }

  it('ends no exit while the network can be at its last ledger', async () => {
    const { store, state } = await lied(60);
    expect(state.lastLedger).toBeGreaterThan(190);
    expect(store.exits.list({ limit: 1 })).toMatchObject([{ state: 'open' }]);
  });

  it('has the time of the chain pass little faster than time does', async () => {
    const { passedMs } = await lied(240);
    expect(passedMs).toBeLessThanOrEqual(240_000 * 1.25 + aheadSlackMs + 1_000);
    expect(passedMs).toBeLessThan(signLifeMaxS * 1_000);
  });
});

it('a network that closes a ledger for each transaction is followed, however many there are', async () => {
  const { source, start } = startRig();
  const watcher = start({}, { closesAtWill: true });
  while (await watcher.turn());
  source.latestLedger += 50_000;
  source.deposit(alice, 500n);
  while (await watcher.turn());
  expect(watcher.state().lastLedger).toBe(source.latestLedger);
});
