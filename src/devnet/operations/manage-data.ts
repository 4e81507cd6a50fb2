import { xdr } from '@stellar/stellar-sdk';
import { dataKey, readData } from '../ledger/entries.ts';
import { addSubentry, removeSubentry } from '../ledger/reserves.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind, type SharedCode } from './operation-kind.ts';

const Result = xdr.ManageDataResult;

export const manageData = operationKind<BodyOf<'manageData'>, xdr.ManageDataResult>(xdr.OperationResultTr.manageData, {
  threshold: 'medium',
  check: ({ manageDataOp }) => checkManageData(manageDataOp),
  apply: ({ manageDataOp }, context) => applyManageData(manageDataOp, context),
  untouched: Result.manageDataSuccess(),
});

type ManageDataOutcome = xdr.ManageDataResult | SharedCode;

function checkManageData({ dataName }: xdr.ManageDataOp): xdr.ManageDataResult | undefined {
  return isPrintable(dataName.bytes) && dataName.length > 0 ? undefined : Result.manageDataInvalidName();
}

function applyManageData(
  { dataName, dataValue }: xdr.ManageDataOp,
  { stage, source, sponsorships }: OperationContext,
): ManageDataOutcome {
  const existing = readData(stage, source, dataName);
  if (dataValue === null) {
    if (!existing) return Result.manageDataNameNotFound();
    removeSubentry(stage, source, dataKey(source, dataName));
    return Result.manageDataSuccess();
  }
  const ext = xdr.DataEntryExt.v0();
  const data = xdr.LedgerEntryData.data(new xdr.DataEntry({ accountId: source, dataName, dataValue, ext }));
  if (existing) {
    stage.write(data);
    return Result.manageDataSuccess();
  }
  const problem = addSubentry(stage, sponsorships, source, data);
  if (problem) return problem === 'low_reserve' ? Result.manageDataLowReserve() : problem;
  return Result.manageDataSuccess();
}

/** Names and domains on the ledger are ASCII without control characters. */
export function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}
