import { Keypair, TransactionBuilder } from '@stellar/stellar-sdk';
import { expect, it } from 'vitest';
import { chainHealth } from '../../src/app/observe.ts';
import { units } from '../../src/money.ts';
import type { SignedExit } from '../../src/stellar/exit-signer.ts';
import { type CoreRig, held, startCore, startFunded } from './core-rig.ts';

/** A database that is lost before its first batch has landed: the vault holds deposits, and nothing was ever settled. */

const lane = 0;

/** Its owner signs what the gateway has co-signed, and sends it. */
function send({ network, consumer }: CoreRig, exit: SignedExit): void {
  const tx = TransactionBuilder.fromXdr(exit.envelopeXdr, network.passphrase);
  const secret = network.consumers.find(({ address }) => address === consumer.address)?.secret ?? '';
  tx.sign(Keypair.fromSecret(secret));
  network.chain.submit(network.chain.read(tx.toEnvelope().toXdr()));
  network.pass(5);
}

it('an exit that the lost process signed cannot be spent a second time on calls', async () => {
  const rig = await startFunded('exit of before');
  const { address } = rig.consumer;
  const answer = await rig.gateway.exits.request(address, { to: address, amount: held });
  if (!answer.ok) throw new Error(answer.reason);
  await rig.restart({ anew: true });
  await rig.turns();
  expect(await rig.sell(1)).toBe(0);
  send(rig, answer.signed);
  await rig.takeOver();
  expect(rig.gateway.core.ledger.account(address)).toMatchObject({ deposited: held, withdrawn: held, unsettled: 0n });
  expect(await rig.sell(1)).toBe(0);
});

it('a batch that the lost process sent lands during the wait, and is not foreign', async () => {
  const rig = await startFunded('batch of before');
  expect(await rig.sell(2)).toBe(2);
  rig.network.chain.freeze(true);
  for (let turn = 0; turn < 3; turn++) {
    rig.gateway.core.settler.hurry(rig.consumer.address, units(10_000_000));
    await rig.turns(1);
  }
  expect(rig.gateway.core.store.batches.open()).toMatchObject([{ state: 'submitted' }]);
  await rig.restart({ anew: true });
  await rig.turns();
  rig.network.chain.freeze(false);
  rig.network.pass(5);
  await rig.turns();
  expect((await rig.network.vault.lastBatch(lane)).batch).toBe(1);
  expect(await rig.sell(1)).toBe(0);
  await rig.takeOver();
  expect(rig.gateway.core.broken).toBeUndefined();
  const paid = held - 4_000n;
  expect(rig.gateway.core.ledger.account(rig.consumer.address)).toMatchObject({ settledElsewhere: 4_000n });
  expect(rig.gateway.core.ledger.spendable(account(rig))).toBe(paid);
  expect(await rig.sell(1)).toBe(1);
  await rig.settle();
  expect(await rig.gateway.core.books('test').reconcile()).toMatchObject({ ok: true });
});

it('nothing is sold meanwhile, and health says for how long; afterwards everything is', async () => {
  const rig = await startFunded('lost unsettled');
  expect(await rig.sell(2)).toBe(2);
  await rig.restart({ anew: true });
  await rig.turns();
  expect(await rig.sell(1)).toBe(0);
  expect(chainHealth(rig.gateway.core).stopped).toMatch(/a gateway before it .*: waiting for \d+ s of chain time/);
  await rig.takeOver();
  expect(chainHealth(rig.gateway.core).stopped).toBeUndefined();
  // What the two calls cost is lost to the payee: nobody knows of them.
  expect(rig.gateway.core.ledger.spendable(account(rig))).toBe(held);
  expect(await rig.sell(1)).toBe(1);
  expect(await rig.gateway.core.books('test').reconcile()).toMatchObject({ ok: true });
});

it('a first start on a vault without deposits sells at once, but not before its first look', async () => {
  const rig = await startCore('first start');
  await rig.restart({ anew: true });
  await rig.gateway.core.settler.turn();
  expect(rig.gateway.core.settler.standing().synced).toBe(false);
  await rig.turns();
  await rig.consumer.deposit(rig.consumer.address, held);
  await rig.turns();
  expect(await rig.sell(1)).toBe(1);
});

it('a first start on a vault with deposits sells at once when its operator says that it is the first', async () => {
  const rig = await startCore('declared');
  await rig.consumer.deposit(rig.consumer.address, held);
  await rig.restart({ anew: true, firstStart: true });
  await rig.turns();
  expect(await rig.sell(1)).toBe(1);
  await rig.settle();
  // What was settled tells another story than its operator.
  await rig.restart({ anew: true, firstStart: true });
  await rig.turns();
  expect(await rig.sell(1)).toBe(0);
});

function account({ gateway, consumer }: CoreRig) {
  const slot = gateway.core.ledger.account(consumer.address);
  if (!slot) throw new Error('the account is not in the books');
  return slot;
}
