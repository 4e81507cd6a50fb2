/** Every operation of a transaction passes here, on its way to the rules of its kind. */
import { xdr } from '@stellar/stellar-sdk';
import { diagnosticError } from '../ledger/diagnostics.ts';
import type { ThresholdLevel } from '../ledger/signatures.ts';
import type { OperationContext } from './context.ts';
import { OPERATION_KINDS } from './kinds.ts';
import type { OperationFacts, OperationKind } from './operation-kind.ts';
import type { SorobanWork } from './soroban-work.ts';

export function thresholdOf(body: xdr.OperationBody): ThresholdLevel {
  return kindOf(body)?.threshold(body) ?? 'medium';
}

/** What is wrong with the operation whatever the ledger holds. */
export function checkOperation(body: xdr.OperationBody, facts: OperationFacts): xdr.OperationResult | undefined {
  const kind = kindOf(body);
  if (kind) return kind.check(body, facts);
  // The code alone reads as if the operation were unknown to Stellar.
  facts.explain(diagnosticError('sceValue', xdr.ScErrorCode.scecInvalidAction, `the devnet has no ${body.type}`));
  return xdr.OperationResult.opNotSupported();
}

/** Works on the context's stage; the caller throws the stage away when the result is no success. */
export function applyOperation(
  body: xdr.OperationBody,
  context: OperationContext,
  work: SorobanWork | undefined,
): xdr.OperationResult {
  return kindOf(body)?.apply(body, context, work) ?? xdr.OperationResult.opNotSupported();
}

/** The result of an operation nobody looked at, because another one of its transaction cannot be applied. */
export function untouchedResult(body: xdr.OperationBody): xdr.OperationResult {
  return kindOf(body)?.untouched ?? xdr.OperationResult.opNotSupported();
}

/** The table holds under each type the rules for bodies of that type, which the compiler cannot follow. */
function kindOf(body: xdr.OperationBody): OperationKind<xdr.OperationBody> | undefined {
  return OPERATION_KINDS[body.type] as OperationKind<xdr.OperationBody> | undefined;
}
