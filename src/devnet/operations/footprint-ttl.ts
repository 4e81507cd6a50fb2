/** The two operations that only change how long contract entries live. */
import { xdr } from '@stellar/stellar-sdk';
import type { TtlApplication } from '../host-answers.ts';
import { diagnosticError } from '../ledger/diagnostics.ts';
import { keyText } from '../ledger/entries.ts';
import { isPersistent, isSorobanKey } from '../ledger/soroban-resources.ts';
import { entryLifetimes } from '../network-profiles.ts';
import type { OperationContext } from './context.ts';
import { entrySizeProblem, overUse, refundableProblem } from './declared-limits.ts';
import { type BodyOf, type OperationFacts, operationKind } from './operation-kind.ts';
import { type SorobanWork, setLiveUntil, workOf } from './soroban-work.ts';

const Extended = xdr.ExtendFootprintTtlResult;
const Restored = xdr.RestoreFootprintResult;

export const extendFootprintTtl = operationKind<BodyOf<'extendFootprintTtl'>, xdr.ExtendFootprintTtlResult>(
  xdr.OperationResultTr.extendFootprintTtl,
  {
    threshold: 'low',
    check: ({ extendFootprintTtlOp }, facts) => checkExtendFootprintTtl(extendFootprintTtlOp, facts),
    apply: ({ extendFootprintTtlOp }, context, work) =>
      applyExtendFootprintTtl(extendFootprintTtlOp, context, workOf(work)),
    untouched: Extended.extendFootprintTtlSuccess(),
  },
);

export const restoreFootprint = operationKind<BodyOf<'restoreFootprint'>, xdr.RestoreFootprintResult>(
  xdr.OperationResultTr.restoreFootprint,
  {
    threshold: 'low',
    check: (_, facts) => checkRestoreFootprint(facts),
    apply: (_, context, work) => applyRestoreFootprint(context, workOf(work)),
    untouched: Restored.restoreFootprintSuccess(),
  },
);

function checkExtendFootprintTtl(
  { extendTo }: xdr.ExtendFootprintTtlOp,
  { data, explain }: OperationFacts,
): xdr.ExtendFootprintTtlResult | undefined {
  const { readOnly, readWrite } = footprintOf(data);
  const longest = entryLifetimes.maxLedgers - 1;
  const problem =
    (readWrite.length > 0 && invalid('an extension has no read-write footprint')) ||
    (!readOnly.every(isSorobanKey) && invalid('only contract data and code can be extended')) ||
    (extendTo > longest && invalid('extendTo is longer than any entry can live', [extendTo, longest]));
  if (!problem) return undefined;
  explain(problem);
  return Extended.extendFootprintTtlMalformed();
}

function applyExtendFootprintTtl(
  { extendTo }: xdr.ExtendFootprintTtlOp,
  { stage, moment }: OperationContext,
  { host, data, refundable, spent }: SorobanWork,
): xdr.ExtendFootprintTtlResult {
  const keys = footprintOf(data).readOnly.map((key) => key.toXdr());
  const applied = host.on(stage, (soroban) => soroban.extendTtl(host.headerAt(moment), keys, extendTo));
  const tooLarge = firstProblem(applied.changes, ({ key, entryBytes }) =>
    entrySizeProblem(xdr.LedgerKey.fromXdr(key).type, entryBytes, host.limits),
  );
  if (tooLarge) {
    spent.diagnostics.push(tooLarge);
    return Extended.extendFootprintTtlResourceLimitExceeded();
  }
  const unpaid = refundableProblem(refundable, applied.rentFeeStroops, 0n);
  if (unpaid) {
    spent.diagnostics.push(unpaid);
    return Extended.extendFootprintTtlInsufficientRefundableFee();
  }
  spent.rentFee = applied.rentFeeStroops;
  for (const { key, after } of applied.changes) setLiveUntil(stage, keyText(key), after);
  return Extended.extendFootprintTtlSuccess();
}

function checkRestoreFootprint({ data, explain }: OperationFacts): xdr.RestoreFootprintResult | undefined {
  const { readOnly, readWrite } = footprintOf(data);
  const problem =
    (readOnly.length > 0 && invalid('a restoration has no read-only footprint')) ||
    (!readWrite.every(isPersistent) && invalid('only persistent contract entries can be restored'));
  if (!problem) return undefined;
  explain(problem);
  return Restored.restoreFootprintMalformed();
}

function applyRestoreFootprint(
  { stage, moment }: OperationContext,
  { host, data, refundable, spent }: SorobanWork,
): xdr.RestoreFootprintResult {
  const { footprint, diskReadBytes, writeBytes } = data.resources;
  const keys = footprint.readWrite.map((key) => key.toXdr());
  const applied = host.on(stage, (soroban) => soroban.restore(host.headerAt(moment), keys));
  let sum = 0;
  const excess = firstProblem(applied.changes, ({ key, entryBytes }) => {
    sum += entryBytes;
    return (
      overUse('bytes read from the disk', sum, diskReadBytes) ??
      entrySizeProblem(xdr.LedgerKey.fromXdr(key).type, entryBytes, host.limits) ??
      overUse('bytes written', sum, writeBytes)
    );
  });
  if (excess) {
    spent.diagnostics.push(excess);
    return Restored.restoreFootprintResourceLimitExceeded();
  }
  const unpaid = refundableProblem(refundable, applied.rentFeeStroops, 0n);
  if (unpaid) {
    spent.diagnostics.push(unpaid);
    return Restored.restoreFootprintInsufficientRefundableFee();
  }
  spent.rentFee = applied.rentFeeStroops;
  for (const { key, after } of applied.changes) setLiveUntil(stage, keyText(key), after);
  return Restored.restoreFootprintSuccess();
}

function invalid(text: string, args: readonly number[] = []): xdr.DiagnosticEvent {
  return diagnosticError('sceStorage', xdr.ScErrorCode.scecInvalidInput, text, args);
}

type TtlChange = TtlApplication['changes'][number];

function firstProblem(
  changes: readonly TtlChange[],
  problemOf: (change: TtlChange) => xdr.DiagnosticEvent | undefined,
) {
  for (const change of changes) {
    const problem = problemOf(change);
    if (problem) return problem;
  }
  return undefined;
}

function footprintOf(data: xdr.SorobanTransactionData | undefined) {
  return data?.resources.footprint ?? { readOnly: [], readWrite: [] };
}
