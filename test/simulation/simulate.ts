import { expect } from 'vitest';
import { units, unitsMax } from '../../src/money.ts';
import { play, playOne } from './commands.ts';
import { checkIdentities } from './identities.ts';
import { Life } from './life.ts';
import { compareWithVault } from './on-chain.ts';
import { checkReceipts } from './receipts.ts';
import type { Script } from './script.ts';

/** `counts`: what really happened, by kind; what was refused or had nothing to act on stands under names of its own. */
export type LifeReport = { counts: Record<string, number>; crashPoints: number };

/** What changed the state of books, chain or process: these count as commands. */
export const changes = [
  'deposit',
  'call',
  'charge',
  'failed call',
  'call without an answer',
  'finish',
  'refund',
  'withdrawal requested',
  'withdrawal cancelled',
  'withdrawal',
  'limit set',
  'exit signed',
  'exit landed',
  'batch settled',
  'shortfall',
  'payout turn',
  'death',
  'restart',
  'write without room',
  'price changed',
  'price changed under calls',
  'catalog refused',
  'payment',
  'payment to nobody',
  'payment forwarded',
  'payment assigned',
  'backup',
  'restore',
  'database deleted',
  'copied in flight',
  'lost in flight',
  'taken over',
] as const;

/** Plays a life of so many commands by its seed, compares after each of them, and brings it to its end. */
export async function simulate(seed: number, steps: number): Promise<LifeReport> {
  const life = await Life.begin(seed);
  const played: string[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      played.push(await playOne(life));
      checkIdentities(life);
    }
    await settleDown(life);
    return { counts: life.counts, crashPoints: life.misfortune.crashPoints };
  } catch (cause) {
    const last = played.slice(-12).join(', ');
    throw new Error(`seed ${seed}, after ${played.length} commands of ${steps} (…, ${last}): ${textOf(cause)}`, {
      cause,
    });
  } finally {
    await life.end();
  }
}

/**
 * Plays the given commands and dies at the crash point with this number, if there are so many: before or after some durable
 * write or some request. What comes then is played by the next process.
 */
export async function simulateDeath({ seed, commands }: Script, crashPoint: number): Promise<LifeReport> {
  const life = await Life.begin(seed, false);
  life.misfortune.dieIn(crashPoint);
  try {
    for (const name of commands) {
      await play(life, name);
      checkIdentities(life);
    }
    const { crashPoints } = life.misfortune;
    await settleDown(life);
    return { counts: life.counts, crashPoints };
  } catch (cause) {
    throw new Error(`death at crash point ${crashPoint}: ${textOf(cause)}`, { cause });
  } finally {
    await life.end();
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The network recovers, all calls end, consumers pay what they owe: then every unit is where it belongs, on chain too. */
async function settleDown(life: Life): Promise<void> {
  const { network, model } = life;
  life.misfortune.end();
  network.chain.freeze(false);
  for (let round = 0; round < roundsMax; round++) {
    for (const name of ['head', 'end', 'classic watch', 'classic forward', 'watch', 'settle']) await play(life, name);
    await life.finishBackground();
    await play(life, 'wait of a restore');
    network.pass(ageMaxS);
    await letExitsEnd(life);
    if (await payDebts(life)) break;
  }
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
    await consumer.setLimit(units(unitsMax));
    if (slot.receivable === 0n) continue;
    await consumer.cancelWithdraw();
    await life.deposit(consumer, slot.receivable + 200n);
  }
  return settled && life.classic.isDone(life) && core.settler.status().lanes.every(({ state }) => state === 'idle');
}
