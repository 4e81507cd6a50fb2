import Database from 'better-sqlite3';
import { listPayees, pauseVault, removePayee, unpauseVault, upgradeVault } from './admin-acts.ts';
import { begin, end, head, noHead } from './calls.ts';
import {
  askExit,
  cancelWithdrawal,
  deposit,
  depositDust,
  requestWithdrawal,
  sendExit,
  setLimit,
  withdraw,
} from './chain-acts.ts';
import { assignClassic, forwardClassic, payClassic, watchClassic } from './classic-acts.ts';
import {
  planDeath,
  planPowerCut,
  planRequestFault,
  planSyncFault,
  planWriteFault,
  writeFailures,
} from './fault-spots.ts';
import type { SimGateway } from './gateway.ts';
import type { Life } from './life.ts';
import { backup, backupInFlight, deleteDatabase, restore, restoreInFlight, waitForTheLost } from './loss-acts.ts';
import { changePrice } from './price-acts.ts';
import { calm, failOnChain, pruneHistory, setClock, settleByHand, surge } from './rare-acts.ts';

/** Everything that consumers, upstreams, the network and the machine do to a gateway. Each plays one step and notes it in the model. */
export const commands: Record<string, { weight: number; play(life: Life): Promise<void> }> = {
  call: { weight: 100, play: (life) => begin(life, undefined) },
  'capped call': { weight: 12, play: (life) => begin(life, 'capped') },
  head: { weight: 60, play: head },
  'no head': { weight: 12, play: noHead },
  end: { weight: 75, play: end },
  deposit: { weight: 3, play: deposit },
  'deposit of dust': { weight: 0.3, play: depositDust },
  'request withdrawal': { weight: 2, play: requestWithdrawal },
  'cancel withdrawal': { weight: 0.6, play: cancelWithdrawal },
  withdraw: { weight: 1.5, play: withdraw },
  'set limit': { weight: 0.7, play: setLimit },
  'exit asked': { weight: 1.2, play: askExit },
  'exit sent': { weight: 1, play: sendExit },
  'classic payment': { weight: 2.5, play: payClassic },
  'classic watch': { weight: 3.5, play: watchClassic },
  'classic forward': { weight: 4, play: forwardClassic },
  'classic assigned': { weight: 1.2, play: assignClassic },
  watch: { weight: 12, play: watch },
  settle: { weight: 9, play: settle },
  'pay out': { weight: 0.6, play: payOut },
  ledger: { weight: 3, play: async ({ network }) => network.pass(5) },
  'time passes': { weight: 0.6, play: async ({ network, random }) => network.pass(60 + random.below(1_000)) },
  congestion: { weight: 0.5, play: async ({ network }) => network.chain.freeze(true) },
  'congestion ends': { weight: 0.8, play: async ({ network }) => network.chain.freeze(false) },
  trouble: { weight: 0.5, play: async (life) => life.misfortune.meetFaults(life.random.pick([0.02, 0.1, 0.4])) },
  'trouble ends': { weight: 0.7, play: async (life) => life.misfortune.meetFaults(0) },
  'crash to come': { weight: 1, play: async (life) => life.misfortune.dieIn(life.random.below(40)) },
  'disk fills': { weight: 0.6, play: fillDisk },
  'price changed': { weight: 1.5, play: changePrice },
  restart: { weight: 0.6, play: restart },
  backup: { weight: 0.2, play: backup },
  'backup in flight': { weight: 0.2, play: backupInFlight },
  restore: { weight: 0.08, play: restore },
  'restore in flight': { weight: 0.12, play: restoreInFlight },
  'database deleted': { weight: 0.03, play: deleteDatabase },
  'wait of a restore': { weight: 20, play: waitForTheLost },
  // In short lives, which choose for themselves.
  'settle by hand': { weight: 0, play: settleByHand },
  'transactions fail': { weight: 0, play: failOnChain },
  surge: { weight: 0, play: surge },
  calm: { weight: 0, play: calm },
  'history pruned': { weight: 0, play: pruneHistory },
  'clock set': { weight: 0, play: setClock },
  'vault paused': { weight: 0, play: pauseVault },
  'vault unpaused': { weight: 0, play: unpauseVault },
  'payee removed': { weight: 0, play: removePayee },
  'payees listed': { weight: 0, play: listPayees },
  'vault upgraded': { weight: 0, play: upgradeVault },
  'fault of a request': { weight: 0, play: planRequestFault },
  'fault of a write': { weight: 0, play: planWriteFault },
  'fault of a sync': { weight: 0, play: planSyncFault },
  death: { weight: 0, play: planDeath },
  'power cut': { weight: 0, play: planPowerCut },
};

/** In a life without luck the database is lost this many times as often. */
const unluckyLosses = 12;
const losses = ['backup', 'backup in flight', 'restore', 'restore in flight', 'database deleted'];

function weightOf(name: string, life: Life): number {
  return (commands[name]?.weight ?? 0) * (life.unlucky && losses.includes(name) ? unluckyLosses : 1);
}

/** Plays one command by chance; what has nothing to act on is not counted. */
export async function playOne(life: Life): Promise<string> {
  const name = nameAt(life);
  await play(life, name);
  return name;
}

export async function play(life: Life, name: string): Promise<void> {
  await life.losses.look(life);
  try {
    await commands[name]?.play(life);
    life.losses.follow(life);
  } catch (error) {
    // What the disk does not take is refused whole; the comparison behind each command shows it.
    if (!isOfTheDisk(error)) throw error;
    life.count('refused by the disk');
  }
  await life.classic.look(life);
}

function isOfTheDisk(error: unknown): boolean {
  if (error instanceof Database.SqliteError) return writeFailures.some((code) => code === error.code);
  return error instanceof Error && 'code' in error && error.code === 'EIO';
}

function nameAt(life: Life): string {
  const names = Object.keys(commands);
  let left = life.random.next() * names.reduce((sum, name) => sum + weightOf(name, life), 0);
  for (const name of names) {
    left -= weightOf(name, life);
    if (left < 0) return name;
  }
  return 'ledger';
}

async function watch(life: Life): Promise<void> {
  const gateway = await life.alive();
  for (let page = 0; page < 10; page++) {
    if ((await life.soon(gateway.run(gateway.core.watcher.turn()))) !== true) break;
  }
  life.count('watch');
}

async function settle(life: Life): Promise<void> {
  const gateway = await life.alive();
  const before = gateway.core.store.batches.list({ limit: 1_000 }).filter(({ state }) => state === 'confirmed').length;
  const owedBefore = [...gateway.core.ledger.accounts()].reduce((sum, { receivable }) => sum + receivable, 0n);
  if (life.lanes.length > 1 || life.lanes[0] !== 1) await life.soon(gateway.run(gateway.core.channels.turn()));
  for (let turn = 0; turn < 3 && !gateway.dead; turn++) {
    if ((await life.soon(gateway.run(gateway.core.settler.turn()))) !== true) break;
  }
  await insist(life, gateway);
  life.count('settlement turn');
  if (gateway.dead) return;
  const owed = [...gateway.core.ledger.accounts()].reduce((sum, { receivable }) => sum + receivable, 0n);
  if (owed > owedBefore) life.count('shortfall');
  const now = gateway.core.store.batches.list({ limit: 1_000 }).filter(({ state }) => state === 'confirmed').length;
  for (let more = now - before; more > 0; more--) life.count('batch settled');
}

/** A lane that gave up over envelopes that failed waits for its operator, who has it try again. */
async function insist(life: Life, gateway: SimGateway): Promise<void> {
  if (gateway.dead || !gateway.core.settler.status().lanes.some(({ state }) => state === 'halted')) return;
  life.count('halted lane');
  await life.soon(gateway.run(gateway.core.settler.settleNow({ timeoutMs: 0 })));
}

async function payOut(life: Life): Promise<void> {
  const gateway = await life.alive();
  await life.soon(gateway.run(gateway.core.payouts.turn()));
  life.count('payout turn');
}

async function restart(life: Life): Promise<void> {
  await life.stop();
  life.count('restart');
}

async function fillDisk(life: Life): Promise<void> {
  life.misfortune.failWritesIn(life.random.below(10), 1 + life.random.below(5));
}
