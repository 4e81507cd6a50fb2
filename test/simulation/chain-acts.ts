import { Keypair, TransactionBuilder } from '@stellar/stellar-sdk';
import { units, unitsMax } from '../../src/money.ts';
import type { Life } from './life.ts';
import { minDepositUnits, withdrawDelayS } from './network.ts';

/** What the consumers do on chain by themselves, and the exits that the gateway signs for them. */
export async function deposit(life: Life): Promise<void> {
  await life.deposit(life.random.pick(life.network.consumers), 200n + BigInt(life.random.below(100_000)));
}

export async function depositDust(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  const outcome = await consumer.deposit(consumer.address, units(minDepositUnits - 1n));
  if (outcome.status !== 'refused') throw new Error('the vault took less than its minimum');
  life.count('deposit refused');
}

export async function requestWithdrawal(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  const { balance } = await life.network.vault.account(consumer.address);
  const part = units(1n + BigInt(life.random.below(40_000)));
  const { status } = await consumer.requestWithdraw(life.random.chance(0.3) && balance > 0n ? balance : part);
  if (status === 'landed') life.count('withdrawal requested');
}

export async function cancelWithdrawal(life: Life): Promise<void> {
  const { status } = await life.random.pick(life.network.consumers).cancelWithdraw();
  if (status === 'landed') life.count('withdrawal cancelled');
}

export async function withdraw(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  if (life.random.chance(0.5)) life.network.pass(withdrawDelayS);
  const before = await life.network.vault.account(consumer.address);
  const { status } = await consumer.withdraw(consumer.address);
  if (status !== 'landed') return;
  life.model.account(consumer.address).withdrawn += least(before.requested, before.balance);
  life.count('withdrawal');
}

export async function setLimit(life: Life): Promise<void> {
  const consumer = life.random.pick(life.network.consumers);
  const limit = life.random.chance(0.5) ? units(unitsMax) : units(BigInt(life.random.below(30_000)));
  const { status } = await consumer.setLimit(limit);
  if (status === 'landed') life.count('limit set');
}

export async function askExit(life: Life): Promise<void> {
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
export async function sendExit(life: Life): Promise<void> {
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

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
