/** The two operations that only change how long contract entries live. */
import { xdr } from '@stellar/stellar-sdk';
import { keyText } from '../ledger/entries.ts';
import { isPersistent, isSorobanKey } from '../ledger/soroban-resources.ts';
import { networkLimits } from '../network-settings.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';
import { type SorobanWork, setLiveUntil, workOf } from './soroban-work.ts';

const Extended = xdr.ExtendFootprintTtlResult;
const Restored = xdr.RestoreFootprintResult;

export const extendFootprintTtl = operationKind<BodyOf<'extendFootprintTtl'>, xdr.ExtendFootprintTtlResult>(
  xdr.OperationResultTr.extendFootprintTtl,
  {
    threshold: 'low',
    check: ({ extendFootprintTtlOp }, { data }) => checkExtendFootprintTtl(extendFootprintTtlOp, data),
    apply: ({ extendFootprintTtlOp }, context, work) =>
      applyExtendFootprintTtl(extendFootprintTtlOp, context, workOf(work)),
    untouched: Extended.extendFootprintTtlSuccess(),
  },
);

export const restoreFootprint = operationKind<BodyOf<'restoreFootprint'>, xdr.RestoreFootprintResult>(
  xdr.OperationResultTr.restoreFootprint,
  {
    threshold: 'low',
    check: (_, { data }) => checkRestoreFootprint(data),
    apply: (_, context, work) => applyRestoreFootprint(context, workOf(work)),
    untouched: Restored.restoreFootprintSuccess(),
  },
);

function checkExtendFootprintTtl(
  { extendTo }: xdr.ExtendFootprintTtlOp,
  data: xdr.SorobanTransactionData | undefined,
): xdr.ExtendFootprintTtlResult | undefined {
  const { readOnly, readWrite } = footprintOf(data);
  const malformed = readWrite.length > 0 || !readOnly.every(isSorobanKey) || extendTo > networkLimits.maxTtlLedgers - 1;
  return malformed ? Extended.extendFootprintTtlMalformed() : undefined;
}

function applyExtendFootprintTtl(
  { extendTo }: xdr.ExtendFootprintTtlOp,
  { stage, moment }: OperationContext,
  { host, data, refundable, spent }: SorobanWork,
): xdr.ExtendFootprintTtlResult {
  const keys = footprintOf(data).readOnly.map((key) => key.toXdr());
  const applied = host.on(stage, (soroban) => soroban.extendTtl(host.headerAt(moment), keys, extendTo));
  if (applied.rentFeeStroops > refundable) return Extended.extendFootprintTtlInsufficientRefundableFee();
  spent.rentFee = applied.rentFeeStroops;
  for (const { key, after } of applied.changes) setLiveUntil(stage, keyText(key), after);
  return Extended.extendFootprintTtlSuccess();
}

function checkRestoreFootprint(data: xdr.SorobanTransactionData | undefined): xdr.RestoreFootprintResult | undefined {
  const { readOnly, readWrite } = footprintOf(data);
  const malformed = readOnly.length > 0 || !readWrite.every(isPersistent);
  return malformed ? Restored.restoreFootprintMalformed() : undefined;
}

function applyRestoreFootprint(
  { stage, moment }: OperationContext,
  { host, data, refundable, spent }: SorobanWork,
): xdr.RestoreFootprintResult {
  const keys = footprintOf(data).readWrite.map((key) => key.toXdr());
  const applied = host.on(stage, (soroban) => soroban.restore(host.headerAt(moment), keys));
  const bytes = applied.changes.reduce((sum, { entryBytes }) => sum + entryBytes, 0);
  if (bytes > data.resources.diskReadBytes || bytes > data.resources.writeBytes) {
    return Restored.restoreFootprintResourceLimitExceeded();
  }
  if (applied.rentFeeStroops > refundable) return Restored.restoreFootprintInsufficientRefundableFee();
  spent.rentFee = applied.rentFeeStroops;
  for (const { key, after } of applied.changes) setLiveUntil(stage, keyText(key), after);
  return Restored.restoreFootprintSuccess();
}

function footprintOf(data: xdr.SorobanTransactionData | undefined) {
  return data?.resources.footprint ?? { readOnly: [], readWrite: [] };
}
