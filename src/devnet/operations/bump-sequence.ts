import { xdr } from '@stellar/stellar-sdk';
import { readAccount } from '../ledger/entries.ts';
import { useSequence } from '../ledger/sequence.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';

const Result = xdr.BumpSequenceResult;

export const bumpSequence = operationKind<BodyOf<'bumpSequence'>, xdr.BumpSequenceResult>(
  xdr.OperationResultTr.bumpSequence,
  {
    threshold: 'low',
    check: ({ bumpSequenceOp }) => checkBumpSequence(bumpSequenceOp),
    apply: ({ bumpSequenceOp }, context) => applyBumpSequence(bumpSequenceOp, context),
    untouched: Result.bumpSequenceSuccess(),
  },
);

function checkBumpSequence({ bumpTo }: xdr.BumpSequenceOp): xdr.BumpSequenceResult | undefined {
  return bumpTo < 0n ? Result.bumpSequenceBadSeq() : undefined;
}

/** A number that is not ahead leaves the account's, but counts as a use of it. */
function applyBumpSequence({ bumpTo }: xdr.BumpSequenceOp, { stage, source, moment }: OperationContext) {
  const account = readAccount(stage, source);
  if (!account) throw new Error('an operation is only applied when its source exists');
  const seqNum = bumpTo > account.seqNum ? bumpTo : account.seqNum;
  stage.write(xdr.LedgerEntryData.account(useSequence(account, seqNum, moment)));
  return Result.bumpSequenceSuccess();
}
