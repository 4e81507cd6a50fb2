import { expect, it, onTestFinished } from 'vitest';
import { bookCheckLoop } from '../../src/app/book-check-loop.ts';
import type { Core } from '../../src/app/core.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import type { FakeClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { openTestStore, writeCharge } from '../store/rig.ts';

/** The loop over books of ten accounts with a call each, walked one row at a time. */
function startLoop() {
  const { store, clock } = openTestStore();
  for (let at = 0; at < 10; at++) writeCharge(store, { account: `G${at}`, price: 5 });
  const ledger = createLedger({ limitPeriodS: 3_600, chainTimeS: () => 0 });
  store.accounts.visitAll(ledger.open);
  const violated: string[] = [];
  let steps = 0;
  const walk = function* () {
    for (const rows of store.accounts.walk({ chargesMax: 1, othersMax: 1, accountsMax: 1 })) {
      steps++;
      yield rows;
    }
  };
  const core = {
    store: { accounts: { walk } },
    ledger,
    clock,
    log: silentLog(),
    metrics: { violated: (identity: string) => void violated.push(identity) },
    broken: undefined,
    booksCheck: undefined,
  } as unknown as Core;
  const loop = bookCheckLoop(core);
  onTestFinished(() => loop.stop());
  loop.start();
  return { loop, core, store, ledger, clock, violated, steps: () => steps };
}

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let event = 0; event < 3; event++) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

async function untilEnded({ loop, clock }: Pick<ReturnType<typeof startLoop>, 'loop' | 'clock'>): Promise<void> {
  const { turns, failuresInRow } = loop.health();
  const ended = () => loop.health().turns > turns || loop.health().failuresInRow > failuresInRow;
  while (!ended()) await pass(clock, 3);
}

it('sound books are found sound, and the check says of which moment', async () => {
  const { core, clock, loop, violated } = startLoop();
  const atMs = clock.nowMs();
  await untilEnded({ loop, clock });
  expect(core.booksCheck).toEqual({ atMs, differences: 0 });
  expect([core.broken, violated]).toEqual([undefined, []]);
});

it('books that differ are a broken identity: it is counted, and sales stop', async () => {
  const { core, clock, loop, violated, ledger } = startLoop();
  const slot = ledger.account('G7');
  if (slot) slot.deposited = units(1);
  await untilEnded({ loop, clock });
  expect(core.booksCheck?.differences).toBe(1);
  expect(core.broken).toBe('memory and database disagree on 1 amount');
  expect(violated).toEqual(['memory equals database']);
});

it('calls have their turn before each step of the check', async () => {
  const { clock, steps } = startLoop();
  await settle();
  expect(steps()).toBe(0);
  for (let step = 1; step <= 15; step++) {
    await settle();
    await pass(clock, 3);
    expect(steps()).toBe(step);
  }
});

it('a check that comes to no end is a failure, says nothing of the books, and lets go of its moment', async () => {
  const { core, clock, loop, store, steps } = startLoop();
  await settle();
  await pass(clock, 3);
  expect(steps()).toBe(1);
  await pass(clock, 30_000);
  expect(loop.health()).toMatchObject({ failuresInRow: 1, lastError: 'the books were not read in 30 s' });
  expect(core.booksCheck).toBeUndefined();
  expect([...store.accounts.walk()].flat()).toHaveLength(10);
  // The next one begins again, and ends.
  await untilEnded({ loop, clock });
  expect(core.booksCheck?.differences).toBe(0);
  expect(loop.health().failuresInRow).toBe(0);
});

it('a check that cannot read the database is a failure too', async () => {
  const { core, clock, loop, store } = startLoop();
  const held = store.accounts.walk();
  held.next();
  await untilEnded({ loop, clock });
  expect(loop.health()).toMatchObject({ failuresInRow: 1 });
  expect(core.booksCheck).toBeUndefined();
  held.return();
  await untilEnded({ loop, clock });
  expect(core.booksCheck?.differences).toBe(0);
});

it('a stop ends a check under way, and the files can be closed', async () => {
  const { clock, loop, store, ledger } = startLoop();
  await settle();
  await pass(clock, 3);
  await loop.stop();
  ledger.view().close();
  expect([...store.accounts.walk()].flat()).toHaveLength(10);
});
