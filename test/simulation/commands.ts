import { Keypair, TransactionBuilder } from '@stellar/stellar-sdk';
import Database from 'better-sqlite3';
import type { FinishOutcome } from '../../src/billing/charging.ts';
import { units, unitsMax } from '../../src/money.ts';
import { prices, type RunningCall } from './gateway.ts';
import { checkCovered } from './identities.ts';
import type { Life } from './life.ts';
import type { ModelCall } from './model.ts';
import { minDepositUnits, withdrawDelayS } from './network.ts';

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
  restart: { weight: 0.6, play: restart },
};

const weightOfAll = Object.values(commands).reduce((sum, { weight }) => sum + weight, 0);

/** Plays one command by chance; what has nothing to act on is not counted. */
export async function playOne(life: Life): Promise<string> {
  const name = nameAt(life.random.next() * weightOfAll);
  await play(life, name);
  return name;
}

export async function play(life: Life, name: string): Promise<void> {
  try {
    await commands[name]?.play(life);
  } catch (error) {
    // What has no room on the disk is refused whole; the comparison behind each command shows it.
    if (!(error instanceof Database.SqliteError && error.code === 'SQLITE_FULL')) throw error;
    life.count('refused for want of room');
  }
}

function nameAt(place: number): string {
  let left = place;
  for (const [name, { weight }] of Object.entries(commands)) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'ledger';
}

async function begin(life: Life, kind: 'capped' | undefined): Promise<void> {
  const gateway = await life.alive();
  const { address } = life.random.pick(life.network.consumers);
  const token = kind && (await life.cappedToken(address));
  if (kind && !token) return;
  const running = gateway.begin(address, life.random.below(prices.length), token);
  if (gateway.dead) return;
  if (typeof running === 'string') return life.count(`call refused: ${running}`);
  life.count('call');
  const { id, price, route } = running;
  const call: ModelCall = { id, account: address, payee: route.api.payee, price, token: token?.jti, state: 'held' };
  life.model.calls.set(id, call);
  life.running.set(id, running);
  checkCovered(life, address);
}

function pickRunning(life: Life, state: ModelCall['state']): { call: ModelCall; running: RunningCall } | undefined {
  const calls = life.model.in(state).filter(({ id }) => life.running.has(id));
  if (calls.length === 0) return undefined;
  const call = life.random.pick(calls);
  const running = life.running.get(call.id);
  return running && { call, running };
}

const statuses = [200, 200, 200, 201, 404, 500, 503];

/** Heads of several calls at once, as they share one transaction. */
async function head(life: Life): Promise<void> {
  const gateway = await life.alive();
  const some = new Map<number, { call: ModelCall; running: RunningCall; status: number }>();
  for (let wanted = 1 + life.random.below(4); wanted > 0; wanted--) {
    const picked = pickRunning(life, 'held');
    if (picked) some.set(picked.call.id, { ...picked, status: life.random.pick(statuses) });
  }
  const heads = [...some.values()].map(async ({ call, running, status }) => {
    const charged = status < 300;
    if (charged) call.state = 'charging';
    const served = await life.soon(gateway.head(running, status));
    if (served === 'later' || served === 'failed') throw new Error(`a charge of call ${call.id} ended ${served}`);
    if (served === true) call.state = charged ? 'served' : 'free';
    else if (served === false) call.state = 'free';
    if (call.state === 'free') life.running.delete(call.id);
    if (served === true && charged) life.count('charge');
    if (served === true && !charged) life.count('failed call');
  });
  await Promise.all(heads);
}

async function noHead(life: Life): Promise<void> {
  const gateway = await life.alive();
  const picked = pickRunning(life, 'held');
  if (!picked) return;
  gateway.release(picked.running);
  picked.call.state = 'free';
  life.running.delete(picked.call.id);
  life.count('call without an answer');
}

const outcomes: FinishOutcome[] = [
  'completed',
  'completed',
  'completed',
  'client_gone',
  'upstream_broke',
  'gateway_failed',
];

async function end(life: Life): Promise<void> {
  const gateway = await life.alive();
  const picked = pickRunning(life, 'served');
  if (!picked) return;
  const { call, running } = picked;
  const outcome = life.random.pick(outcomes);
  const goesBack = outcome === 'upstream_broke' || outcome === 'gateway_failed';
  life.running.delete(call.id);
  call.state = goesBack ? 'ending' : 'finished';
  const ended = await life.soon(gateway.end(running, 200, { outcome, bytesOut: 10 }));
  if (ended === 'dead') return;
  if (ended === 'later' || ended === 'failed') throw new Error(`the end of call ${call.id} was ${ended}`);
  // A charge that a batch has taken by its age is not given back any more.
  if (goesBack) call.state = life.rows().get(call.id)?.refunded ? 'refunded' : 'finished';
  life.count(call.state === 'refunded' ? 'refund' : 'finish');
}

async function deposit(life: Life): Promise<void> {
  await life.deposit(life.random.pick(life.network.consumers), 200n + BigInt(life.random.below(100_000)));
}

async function depositDust(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  const outcome = await consumer.deposit(consumer.address, units(minDepositUnits - 1n));
  if (outcome.status !== 'refused') throw new Error('the vault took less than its minimum');
  life.count('deposit refused');
}

async function requestWithdrawal(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  const { balance } = await life.network.vault.account(consumer.address);
  const part = units(1n + BigInt(life.random.below(40_000)));
  const { status } = await consumer.requestWithdraw(life.random.chance(0.3) && balance > 0n ? balance : part);
  if (status === 'landed') life.count('withdrawal requested');
}

async function cancelWithdrawal(life: Life): Promise<void> {
  const { status } = await life.random.pick(life.network.consumers).cancelWithdraw();
  if (status === 'landed') life.count('withdrawal cancelled');
}

async function withdraw(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  if (life.random.chance(0.5)) life.network.pass(withdrawDelayS);
  const before = await life.network.vault.account(consumer.address);
  const { status } = await consumer.withdraw(consumer.address);
  if (status !== 'landed') return;
  life.model.account(consumer.address).withdrawn += least(before.requested, before.balance);
  life.count('withdrawal');
}

async function setLimit(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  const limit = life.random.chance(0.5) ? units(unitsMax) : units(BigInt(life.random.below(30_000)));
  const { status } = await consumer.setLimit(limit);
  if (status === 'landed') life.count('limit set');
}

async function askExit(life: Life): Promise<void> {
  const gateway = await life.alive();
  const consumer = life.random.pick(life.network.consumers);
  const amount = 1n + BigInt(life.random.below(20_000));
  const answer = await life.soon(
    gateway.run(gateway.exits.request(consumer.address, { to: consumer.address, amount: units(amount) })),
  );
  if (typeof answer === 'string') return;
  if (!answer.ok) return life.count('exit refused');
  life.signed.push({ consumer, exit: answer.signed, amount });
  life.count('exit signed');
}

/** The owner of a co-signed exit signs and sends it, at any time, perhaps never. */
async function sendExit(life: Life): Promise<void> {
  const { network, random } = life;
  if (life.signed.length === 0) return;
  const { consumer, exit, amount } = random.pick(life.signed);
  const tx = TransactionBuilder.fromXdr(exit.envelopeXdr, network.passphrase);
  tx.sign(Keypair.fromSecret(consumer.secret));
  const read = network.chain.read(tx.toEnvelope().toXdr());
  const known = network.chain.history.transaction(read.hash);
  network.chain.submit(read);
  network.chain.closeLedger();
  if (known || !network.chain.history.transaction(read.hash)?.successful) return;
  life.model.account(consumer.address).withdrawn += amount;
  life.count('exit landed');
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
  for (let turn = 0; turn < 3 && !gateway.dead; turn++) {
    if ((await life.soon(gateway.run(gateway.core.settler.turn()))) !== true) break;
  }
  life.count('settlement turn');
  if (gateway.dead) return;
  const owed = [...gateway.core.ledger.accounts()].reduce((sum, { receivable }) => sum + receivable, 0n);
  if (owed > owedBefore) life.count('shortfall');
  const now = gateway.core.store.batches.list({ limit: 1_000 }).filter(({ state }) => state === 'confirmed').length;
  for (let more = now - before; more > 0; more--) life.count('batch settled');
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
  life.misfortune.fillDiskIn(life.random.below(10), 1 + life.random.below(5));
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
