/** Adding to and taking from what an account holds of an asset, with the codes that payments of all kinds share. */
import type { Asset } from '@stellar/stellar-sdk';
import { xdr } from '@stellar/stellar-sdk';
import { addNative, addToLine, availableBalance } from '../ledger/balances.ts';
import { readAccount, readTrustline } from '../ledger/entries.ts';
import { accountText } from '../ledger/envelope.ts';
import type { LedgerStage } from '../ledger/stage.ts';

export type CreditFailure = 'NoTrust' | 'NotAuthorized' | 'LineFull';
export type DebitFailure = 'SrcNoTrust' | 'SrcNotAuthorized' | 'Underfunded';

/** The issuer holds no line to its own asset: what it receives is gone. Native coins are for an account that exists. */
export function credit(stage: LedgerStage, to: xdr.PublicKey, asset: Asset, amount: bigint): CreditFailure | undefined {
  if (asset.isNative()) return creditNative(stage, to, amount);
  if (accountText(to) === asset.getIssuer()) return undefined;
  const line = readTrustline(stage, to, asset.toTrustLineXdrObject());
  if (!line) return 'NoTrust';
  if (!isAuthorized(line)) return 'NotAuthorized';
  const filled = addToLine(line, amount);
  if (!filled) return 'LineFull';
  stage.write(xdr.LedgerEntryData.trustline(filled));
  return undefined;
}

/** What the issuer pays of its own asset is new. Native coins are taken down to the reserve. */
export function debit(stage: LedgerStage, from: xdr.PublicKey, asset: Asset, amount: bigint): DebitFailure | undefined {
  if (asset.isNative()) return debitNative(stage, from, amount);
  if (accountText(from) === asset.getIssuer()) return undefined;
  const line = readTrustline(stage, from, asset.toTrustLineXdrObject());
  if (!line) return 'SrcNoTrust';
  if (!isAuthorized(line)) return 'SrcNotAuthorized';
  const drawn = addToLine(line, -amount);
  if (!drawn) return 'Underfunded';
  stage.write(xdr.LedgerEntryData.trustline(drawn));
  return undefined;
}

function creditNative(stage: LedgerStage, to: xdr.PublicKey, amount: bigint): CreditFailure | undefined {
  const receiver = readAccount(stage, to);
  if (!receiver) throw new Error('native coins are only paid to an account that exists');
  const received = addNative(receiver, amount);
  if (!received) return 'LineFull';
  stage.write(xdr.LedgerEntryData.account(received));
  return undefined;
}

function debitNative(stage: LedgerStage, from: xdr.PublicKey, amount: bigint): DebitFailure | undefined {
  const payer = readAccount(stage, from);
  const paid = payer && availableBalance(payer) >= amount && addNative(payer, -amount);
  if (!paid) return 'Underfunded';
  stage.write(xdr.LedgerEntryData.account(paid));
  return undefined;
}

function isAuthorized(line: xdr.TrustLineEntry): boolean {
  return (line.flags & xdr.TrustLineFlags.authorizedFlag.value) !== 0;
}
