/**
 * A signer that has agreed to one transaction is gone when that transaction had its turn, whatever became of it. Its
 * subentry becomes free with it, and whoever sponsored that.
 */
import type { xdr } from '@stellar/stellar-sdk';
import { readAccount } from './entries.ts';
import { accountOf, operationSource, type SignedTransaction } from './envelope.ts';
import { removeSigner } from './reserves.ts';
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
  if (account?.signers.some((signer) => signer.key.equals(key))) removeSigner(stage, id, key);
}
