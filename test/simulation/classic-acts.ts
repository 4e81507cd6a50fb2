import { Asset, Keypair, Memo, Operation, TransactionBuilder } from '@stellar/stellar-sdk';
import { Account } from '@stellar/stellar-sdk/base';
import { toid } from '../../src/devnet/ledger/records.ts';
import { formatUsdc, units } from '../../src/money.ts';
import { accountSequence } from '../../src/stellar/submitter.ts';
import { classicMinUnits } from './classic.ts';
import type { Life } from './life.ts';
import type { Consumer } from './network.ts';

/** Payments from wallets to the deposit account, and what the gateway and its operator make of them. */

/** A consumer pays from a wallet: with the number that the gateway has shown, with the own key, or without a word. */
export async function payClassic(life: Life): Promise<void> {
  const gateway = await life.alive();
  const { random, network } = life;
  const consumer = random.pick(network.consumers);
  const number = gateway.core.classic?.aliases.of(consumer.address) ?? '0';
  const key = Keypair.fromPublicKey(consumer.address).rawPublicKey();
  const memo = random.pick([
    Memo.id(number),
    Memo.id(number),
    Memo.hash(Buffer.from(key).toString('hex')),
    Memo.none(),
  ]);
  const amount = random.chance(0.85) ? classicMinUnits + BigInt(random.below(20_000)) : 1n + BigInt(random.below(499));
  const operation = await pay(life, consumer, memo, amount);
  if (operation === undefined) return;
  const named = memo.type !== 'none' && amount >= classicMinUnits;
  life.classic.payments.set(operation, {
    amount,
    owners: new Set(named ? [consumer.address] : []),
    due: named,
    landed: false,
  });
  life.count(named ? 'payment' : 'payment to nobody');
}

/** The id of the operation once it has landed. */
async function pay({ network }: Life, consumer: Consumer, memo: Memo, amount: bigint): Promise<string | undefined> {
  const sequence = (await accountSequence(network.rpc, consumer.address)) ?? 0n;
  const source = new Account(consumer.address, String(sequence));
  const { passphrase: networkPassphrase, depositAccount: destination, usdc } = network;
  const asset = new Asset(usdc.code, usdc.issuer);
  const tx = new TransactionBuilder(source, { fee: '1000', networkPassphrase, memo })
    .addOperation(Operation.payment({ destination, asset, amount: formatUsdc(units(amount)) }))
    .setTimeout(0)
    .build();
  tx.sign(Keypair.fromSecret(consumer.secret));
  const read = network.chain.read(tx.toEnvelope().toXdr());
  network.chain.submit(read);
  network.chain.closeLedger();
  const landed = network.chain.history.transaction(read.hash);
  return landed?.successful ? String(toid(landed.ledger, landed.order, 1)) : undefined;
}

export async function watchClassic(life: Life): Promise<void> {
  const gateway = await life.alive();
  for (let page = 0; page < 10; page++) {
    if ((await life.soon(gateway.once('classic watch', (core) => core.classic?.watcher.turn()))) !== true) break;
  }
  life.count('classic watch');
}

export async function forwardClassic(life: Life): Promise<void> {
  const gateway = await life.alive();
  for (let turn = 0; turn < 50; turn++) {
    if ((await life.soon(gateway.once('classic forward', (core) => core.classic?.forwarder.turn()))) !== true) break;
  }
  life.count('classic forward');
}

/** The operator gives a payment without an owner to an account. */
export async function assignClassic(life: Life): Promise<void> {
  const gateway = await life.alive();
  const [row] = gateway.core.store.classicPayments.list({ state: 'unattributed', limit: 1 });
  const payment = row && life.classic.payments.get(row.operationId);
  if (!row || !payment) return;
  const { address } = life.random.pick(life.network.consumers);
  // It may have reached the vault for another before the database was lost; then this one gets nothing.
  payment.owners.add(address);
  const request = { operation: row.operationId, account: address };
  const assigned = await life.soon(gateway.run(gateway.core.books('simulation').assignDeposit(request)));
  if (typeof assigned !== 'string') life.count('payment assigned');
}
