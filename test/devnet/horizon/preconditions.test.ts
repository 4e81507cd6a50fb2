import { Account, MuxedAccount, Operation, Transaction, TransactionBuilder } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keypair } from '../rig.ts';
import { type HorizonRig, startHorizonRig } from './horizon-rig.ts';

let rig: HorizonRig;
beforeAll(async () => {
  rig = await startHorizonRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Sends a transaction that `shape` gives its conditions, and reads it back. */
async function told(name: string, shape: (builder: TransactionBuilder) => TransactionBuilder) {
  const who = await rig.funded(name);
  const { horizon, devnet } = rig;
  const options = { fee: '100', networkPassphrase: devnet.passphrase };
  const builder = new TransactionBuilder(await horizon.loadAccount(who.publicKey()), options);
  const tx = shape(builder.addOperation(Operation.bumpSequence({ bumpTo: '0' }))).build();
  tx.sign(who, keypair('extra'));
  const { hash } = await horizon.submitTransaction(new Transaction(tx.toEnvelope(), devnet.passphrase));
  return rig.json(`/transactions/${hash}`);
}

describe('the conditions of a transaction', () => {
  it('are all told, those of time as text', async () => {
    const { sequence } = rig.devnet.latestLedger();
    const maxLedger = sequence + 100;
    const { preconditions } = await told('conditions', (builder) =>
      builder
        .setTimebounds(0, 4_000_000_000)
        .setLedgerbounds(1, maxLedger)
        .setMinAccountSequence('1')
        .setMinAccountSequenceLedgerGap(0)
        .setExtraSigners([keypair('extra').publicKey()]),
    );
    expect(preconditions).toEqual({
      timebounds: { min_time: '0', max_time: '4000000000' },
      ledgerbounds: { min_ledger: 1, max_ledger: maxLedger },
      min_account_sequence: '1',
      extra_signers: [keypair('extra').publicKey()],
    });
  });

  it('of time alone leave out an end that there is not, and have no other fields', async () => {
    const transaction = await told('no end', (builder) =>
      builder.setTimebounds(1, 0).setExtraSigners([keypair('extra').publicKey()]),
    );
    expect(transaction.preconditions).toEqual({
      timebounds: { min_time: '1' },
      extra_signers: [keypair('extra').publicKey()],
    });
    expect(transaction).not.toHaveProperty('valid_after');
  });
});

describe('a transaction of a muxed account', () => {
  it('is paid for by the same muxed account', async () => {
    const who = await rig.funded('muxed payer');
    const { sequence } = await rig.horizon.loadAccount(who.publicKey());
    const muxed = new MuxedAccount(new Account(who.publicKey(), sequence), '7');
    const tx = new TransactionBuilder(muxed, { fee: '100', networkPassphrase: rig.devnet.passphrase })
      .addOperation(Operation.bumpSequence({ bumpTo: '0' }))
      .setTimeout(60)
      .build();
    tx.sign(who);
    const { hash } = await rig.horizon.submitTransaction(tx);
    expect(await rig.json(`/transactions/${hash}`)).toMatchObject({
      account_muxed: muxed.accountId(),
      account_muxed_id: '7',
      fee_account: who.publicKey(),
      fee_account_muxed: muxed.accountId(),
      fee_account_muxed_id: '7',
    });
  });
});
