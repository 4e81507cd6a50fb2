import { xdr } from '@stellar/stellar-sdk';
import { addSubentries } from '../ledger/balances.ts';
import { dataKey, readAccount, readData } from '../ledger/entries.ts';
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
  { stage, source }: OperationContext,
): ManageDataOutcome {
  const existing = readData(stage, source, dataName);
  const owner = readAccount(stage, source);
  if (!owner) throw new Error('an operation is only applied when its source exists');
  if (dataValue === null) {
    if (!existing) return Result.manageDataNameNotFound();
    stage.delete(dataKey(source, dataName));
    const freed = addSubentries(owner, -1);
    if (freed.ok) stage.write(xdr.LedgerEntryData.account(freed.account));
    return Result.manageDataSuccess();
  }
  if (!existing) {
    const grown = addSubentries(owner, 1);
    if (!grown.ok) return grown.reason === 'low_reserve' ? Result.manageDataLowReserve() : grown.reason;
    stage.write(xdr.LedgerEntryData.account(grown.account));
  }
  const ext = xdr.DataEntryExt.v0();
  stage.write(xdr.LedgerEntryData.data(new xdr.DataEntry({ accountId: source, dataName, dataValue, ext })));
  return Result.manageDataSuccess();
}

/** Names and domains on the ledger are ASCII without control characters. */
export function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}
