import { expect } from 'vitest';
import { units, unitsMax } from '../../src/money.ts';
import { putVaultRight } from './admin-acts.ts';
import { play, playOne } from './commands.ts';
import { type FaultSpot, plan, type Spots } from './fault-spots.ts';
import { checkIdentities } from './identities.ts';
import { leftBehind } from './left-behind.ts';
import { Life } from './life.ts';
import type { LifeOptions } from './life-options.ts';
import { compareWithVault } from './on-chain.ts';
import { checkReceipts } from './receipts.ts';
import type { Script } from './script.ts';

/** `counts`: what really happened, by kind; what was refused or had nothing to act on stands under names of its own. */
export type LifeReport = { counts: Record<string, number>; crashPoints: number } & Spots;

/** Plays a life of so many commands by its seed, compares after each of them, and brings it to its end. */
export function simulate(seed: number, steps: number): Promise<LifeReport> {
  return live(`seed ${seed}, ${steps} commands`, Life.begin(seed), playMany(steps, playOne));
}

/**
 * Plays the given commands and dies at the crash point with this number, if there are so many: before or after some durable
 * write or some request. What comes then is played by the next process.
 */
export function simulateDeath(script: Script, crashPoint: number, options: DeathOptions = {}): Promise<LifeReport> {
  const { lanes = [1], unsyncedLeft } = options;
  return simulateScript(`death at crash point ${crashPoint}`, script, { lanes, ...diskFor(unsyncedLeft) }, (life) => {
    life.misfortune.dieIn(crashPoint);
    if (unsyncedLeft !== undefined) life.misfortune.cutPower(unsyncedLeft);
  });
}

/**
 * The crash points of a script at which a death leaves something else behind than at the one before: between the others
 * nothing was written, sent or told. `all` counts both kinds.
 */
export async function crashPointsOf(script: Script, options: DeathOptions = {}): Promise<CrashPoints> {
  const points: number[] = [];
  const { lanes = [1], unsyncedLeft } = options;
  let before = '';
  const { crashPoints: all, counts } = await simulateScript(
    'undisturbed',
    script,
    { lanes, ...diskFor(unsyncedLeft) },
    (life) => {
      life.misfortune.onCrashPoint = (point) => {
        const left = leftBehind(life);
        if (left !== before) points.push(point);
        before = left;
      };
    },
  );
  return { all, points: points.filter((point) => point < all), counts };
}

export type CrashPoints = { all: number; points: number[]; counts: LifeReport['counts'] };

export type DeathOptions = {
  /** How many lanes each process has, in turn. */
  lanes?: readonly number[];
  /** The machine loses its power, and so much is left of what was not synced, from 0 to 1. */
  unsyncedLeft?: number;
};

/** What a power cut may take of the charges is no matter of chance at level `disk` alone. */
function diskFor(unsyncedLeft: number | undefined): LifeOptions {
  return unsyncedLeft === undefined ? {} : { durability: 'disk' };
}

/** Plays the given commands, of which one request, write or sync meets a fault. */
export function simulateFault(script: Script, spot: FaultSpot): Promise<LifeReport> {
  // Nothing is asked of the network before the database has its tables.
  const options = { lanes: [1], migrated: spot.of === 'request' };
  return simulateScript(JSON.stringify(spot), script, options, ({ misfortune }) => plan(misfortune, spot));
}

function simulateScript(what: string, { seed, commands }: Script, options: LifeOptions, prepare: (life: Life) => void) {
  const begun = Life.begin(seed, options).then((life) => {
    prepare(life);
    return life;
  });
  return live(what, begun, async function* (life) {
    for (const name of commands) {
      await play(life, name);
      yield name;
    }
  });
}

/** Compares after each command that `commands` has played, and brings the life to its end. */
export async function live(
  what: string,
  begun: Promise<Life>,
  commands: (life: Life) => AsyncGenerator<string>,
): Promise<LifeReport> {
  const life = await begun;
  const played: string[] = [];
  try {
    for await (const name of commands(life)) {
      played.push(name);
      checkIdentities(life);
    }
    const { crashPoints, requests, sends, writes, syncs } = life.misfortune;
    await settleDown(life);
    return { counts: life.counts, crashPoints, requests, sends, writes, syncs };
  } catch (cause) {
    const last = played.slice(-12).join(', ');
    throw new Error(`${what}, after ${played.length} commands (…, ${last}): ${textOf(cause)}`, { cause });
  } finally {
    await life.end();
  }
}

function playMany(steps: number, playOne: (life: Life) => Promise<string>) {
  return async function* (life: Life): AsyncGenerator<string> {
    for (let step = 0; step < steps; step++) yield await playOne(life);
  };
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The network recovers, all calls end, consumers pay what they owe: then every unit is where it belongs, on chain too. */
async function settleDown(life: Life): Promise<void> {
  const { network, model } = life;
  life.misfortune.end();
  life.ending = true;
  network.calm();
  await putVaultRight(life);
  // Several of them to a round, which takes ten minutes of the chain.
  for (let turn = 0; life.running.size > 0 && turn < roundsMax; turn++) {
    for (const name of ['head', 'end']) await play(life, name);
  }
  let settled = false;
  for (let round = 0; round < roundsMax && !settled; round++) {
    // Nothing is sent to a network that is far ahead of what was read of it.
    for (const name of ['head', 'end', 'watch', 'classic watch', 'classic forward', 'settle']) await play(life, name);
    await life.finishBackground();
    await play(life, 'wait of a restore');
    network.pass(ageMaxS);
    await letExitsEnd(life);
    settled = await payDebts(life);
  }
  expect(settled, `at rest after ${roundsMax} rounds`).toBe(true);
  checkIdentities(life);
  model.compare(life.rows());
  expect(model.in('held', 'charging', 'ending', 'served').filter(({ id }) => life.running.has(id))).toEqual([]);
  await life.classic.compare(life);
  await compareWithVault(life);
  const receipts = await checkReceipts(life);
  for (let more = receipts; more > 0; more--) life.count('receipt verified');
}

/** Charges that were cut off are settled when they are so old. */
const ageMaxS = 700;
/** Ledgers after which no signature of an exit counts any more. */
const exitLedgers = 120;
const roundsMax = 200;

async function letExitsEnd(life: Life): Promise<void> {
  const { core } = await life.alive();
  const open = [...core.ledger.accounts()].some(({ exits }) => exits > 0n);
  for (let ledger = 0; open && ledger < exitLedgers; ledger++) life.network.chain.closeLedger();
}

/** Those who owe pay in and lift their limits; true when nothing is owed or under way any more. */
async function payDebts(life: Life): Promise<boolean> {
  const { core } = await life.alive();
  let settled = life.running.size === 0;
  for (const consumer of life.network.consumers) {
    const slot = core.ledger.account(consumer.address);
    if (!slot || (slot.unsettled === 0n && slot.receivable === 0n && slot.exits === 0n)) continue;
    settled = false;
    if (life.counts['limit set'] !== undefined) await consumer.setLimit(units(unitsMax));
    if (slot.receivable === 0n) continue;
    await consumer.cancelWithdraw();
    await life.deposit(consumer, slot.receivable + 200n);
  }
  return settled && life.classic.isDone(life) && core.settler.status().lanes.every(({ state }) => state === 'idle');
}
