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

/** A number that is not ahead changes nothing and succeeds. */
function applyBumpSequence({ bumpTo }: xdr.BumpSequenceOp, { stage, source, moment }: OperationContext) {
  const account = readAccount(stage, source);
  if (account && bumpTo > account.seqNum) {
    stage.write(xdr.LedgerEntryData.account(useSequence(account, bumpTo, moment)));
  }
  return Result.bumpSequenceSuccess();
}
