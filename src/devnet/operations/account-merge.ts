import { Asset, xdr } from '@stellar/stellar-sdk';
import { extensionOf } from '../ledger/account-extension.ts';
import { transferEvent } from '../ledger/asset-events.ts';
import { addNative } from '../ledger/balances.ts';
import { accountKey, readAccount } from '../ledger/entries.ts';
import { accountOf } from '../ledger/envelope.ts';
import { removeSigner, removeSponsored } from '../ledger/reserves.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

const Result = xdr.AccountMergeResult;

export const accountMerge = operationKind<BodyOf<'accountMerge'>, xdr.AccountMergeResult>(
  xdr.OperationResultTr.accountMerge,
  {
    threshold: 'high',
    check: ({ destination }, { source }) => checkAccountMerge(destination, source),
    apply: ({ destination }, context) => applyAccountMerge(destination, context),
    untouched: Result.accountMergeSuccess(0n),
  },
);

function checkAccountMerge(destination: xdr.MuxedAccount, source: xdr.PublicKey): xdr.AccountMergeResult | undefined {
  return accountOf(destination).equals(source) ? Result.accountMergeMalformed() : undefined;
}

function applyAccountMerge(destination: xdr.MuxedAccount, context: OperationContext): xdr.AccountMergeResult {
  const { stage, source, sourceAddress, transaction, network } = context;
  if (!readAccount(stage, accountOf(destination))) return Result.accountMergeNoAccount();
  const account = readAccount(stage, source);
  if (!account) throw new Error('an operation is only applied when its source exists');
  if (account.flags & xdr.AccountFlags.authImmutableFlag.value) return Result.accountMergeImmutableSet();
  if (account.numSubEntries !== account.signers.length) return Result.accountMergeHasSubEntries();
  // The account may be created again in this ledger, and would then start with a number it has used.
  if (account.seqNum >= BigInt(stage.sequence) << 32n) return Result.accountMergeSeqnumTooFar();
  if (extensionOf(account).numSponsoring > 0 || context.sponsorships.isSponsor(source)) {
    return Result.accountMergeIsSponsor();
  }
  for (const { key } of account.signers) removeSigner(stage, source, key);
  // Read only now: it may have been the sponsor of a signer.
  const target = readAccount(stage, accountOf(destination));
  const filled = target && addNative(target, account.balance);
  if (!filled) return Result.accountMergeDestFull();
  stage.write(xdr.LedgerEntryData.account(filled));
  removeSponsored(stage, accountKey(source));
  const transfer = {
    asset: Asset.native(),
    from: sourceAddress,
    to: destination,
    amount: account.balance,
    memo: transaction.memo,
  };
  context.emit(transferEvent(transfer, network));
  return Result.accountMergeSuccess(account.balance);
}
