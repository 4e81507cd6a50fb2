import { Asset, xdr } from '@stellar/stellar-sdk';
import { transferEvent } from '../ledger/asset-events.ts';
import { addNative } from '../ledger/balances.ts';
import { accountKey, readAccount } from '../ledger/entries.ts';
import { accountOf } from '../ledger/envelope.ts';
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
  const { stage, source, sourceAddress, memo, network } = context;
  const target = readAccount(stage, accountOf(destination));
  if (!target) return Result.accountMergeNoAccount();
  const account = readAccount(stage, source);
  if (!account) throw new Error('an operation is only applied when its source exists');
  if (account.flags & xdr.AccountFlags.authImmutableFlag.value) return Result.accountMergeImmutableSet();
  if (account.numSubEntries !== account.signers.length) return Result.accountMergeHasSubEntries();
  // The account may be created again in this ledger, and would then start with a number it has used.
  if (account.seqNum >= BigInt(stage.sequence) << 32n) return Result.accountMergeSeqnumTooFar();
  const filled = addNative(target, account.balance);
  if (!filled) return Result.accountMergeDestFull();
  stage.write(xdr.LedgerEntryData.account(filled));
  stage.delete(accountKey(source));
  const transfer = { asset: Asset.native(), from: sourceAddress, to: destination, amount: account.balance, memo };
  context.emit(transferEvent(transfer, network));
  return Result.accountMergeSuccess(account.balance);
}
