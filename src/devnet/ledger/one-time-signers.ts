/**
 * A signer that has agreed to one transaction is gone when that transaction had its turn, whatever became of it. Its
 * subentry becomes free with it.
 */
import { xdr } from '@stellar/stellar-sdk';
import { withSigners } from './account-extension.ts';
import { addSubentries } from './balances.ts';
import { readAccount } from './entries.ts';
import { accountOf, operationSource, type SignedTransaction } from './envelope.ts';
import { preAuthorizedKey } from './signatures.ts';
import type { LedgerStage } from './stage.ts';

/** Of the payer of a fee bump, for the bump itself. */
export function dropSignerOfFeeBump({ feeBump, hashBytes }: SignedTransaction, stage: LedgerStage): void {
  if (feeBump) dropSigner(stage, feeBump.feeSource, preAuthorizedKey(hashBytes));
}

/** Of all accounts that the transaction or one of its operations is of. */
export function dropSignersOfSources(signed: SignedTransaction, stage: LedgerStage): void {
  const key = preAuthorizedKey(signed.feeBump?.innerHashBytes ?? signed.hashBytes);
  const sources = [signed.source, ...signed.tx.operations.map((one) => accountOf(operationSource(signed, one)))];
  for (const source of sources) dropSigner(stage, source, key);
}

function dropSigner(stage: LedgerStage, id: xdr.PublicKey, key: xdr.SignerKey): void {
  const account = readAccount(stage, id);
  const others = account?.signers.filter((signer) => !signer.key.equals(key));
  if (!account || !others || others.length === account.signers.length) return;
  const counted = addSubentries(account, -1);
  if (!counted.ok) throw new Error('an account had a signer that was not counted');
  stage.write(xdr.LedgerEntryData.account(withSigners(counted.account, others)));
}
