import { SorobanDataBuilder, StrKey, xdr } from '@stellar/stellar-sdk/base';
import { systemClock as clock } from '../../src/clock.ts';
import { contractCall } from '../../src/stellar/account-transactions.ts';
import { addressValue, i128Value } from '../../src/stellar/contract-values.ts';
import { createRpc } from '../../src/stellar/rpc.ts';
import { accountSequence } from '../../src/stellar/submitter.ts';
import { publicKeyOf, signTransaction, unsignedEnvelope, withAuth } from '../../src/stellar/transactions.ts';
import { keyText, vaultKeys } from '../../src/stellar/vault-keys.ts';

/**
 * One deposit into the vault for each account, all paid by one funder. Only the first is simulated: the others differ
 * from it in the account alone, which makes 10,000 of them a matter of a minute.
 */
export async function depositForAll({ network, vault, secret, accounts, amount, progress }) {
  const rpc = createRpc({ url: network.rpcUrl, passphrase: network.passphrase, clock });
  const source = publicKeyOf(secret);
  const keys = vaultKeys(vault);
  const operation = (account) =>
    contractCall(vault, 'deposit', [addressValue(source), addressValue(account), i128Value(amount)]);
  const simulated = await rpc.simulate(unsignedEnvelope(operation(accounts[0]), source, network.passphrase));
  if (!simulated.ok) throw new Error(`the first deposit cannot be made: ${simulated.error}`);
  const { resources } = xdr.SorobanTransactionData.fromXdr(simulated.transactionDataXdr, 'base64');
  const firstKey = keyText(keys.account(accounts[0]));
  const margin = (value) => Math.ceil(value * 1.3) + 256;

  function sorobanData(account) {
    const { readOnly, readWrite } = resources.footprint;
    const own = readWrite.map((key) => (keyText(key) === firstKey ? keys.account(account) : key));
    return new SorobanDataBuilder()
      .setFootprint(readOnly, own)
      .setResources(margin(resources.instructions), margin(resources.diskReadBytes), margin(resources.writeBytes))
      .setResourceFee(simulated.minResourceFee * 2n)
      .build();
  }

  /** The authorisation repeats the call's arguments, and among them the account. */
  function authOf(account) {
    return simulated.authXdr.map((text) => {
      const bytes = Buffer.from(text, 'base64');
      const at = bytes.indexOf(StrKey.decodeEd25519PublicKey(accounts[0]));
      Buffer.from(StrKey.decodeEd25519PublicKey(account)).copy(bytes, at);
      return bytes.toString('base64');
    });
  }

  let sequence = await accountSequence(rpc, source);
  let last;
  for (const [index, account] of accounts.entries()) {
    last = signTransaction(
      {
        operation: withAuth(operation(account), authOf(account)),
        source,
        sequence: ++sequence,
        inclusionFeeStroops: 100,
        sorobanData: sorobanData(account),
        maxTimeS: Math.floor(clock.nowMs() / 1_000) + 60,
        passphrase: network.passphrase,
      },
      [secret],
    );
    const sent = await rpc.send(last.envelopeXdr);
    if (sent.status !== 'PENDING') throw new Error(`deposit ${index} was answered ${JSON.stringify(sent)}`);
    if (index % 500 === 499) progress(index + 1);
  }
  const { status } = await rpc.transaction(last.hash);
  if (status !== 'SUCCESS') throw new Error(`the last deposit is ${status}`);
}
