/**
 * Every operation of a transaction passes here: what it needs to be signed with, what can be refused without looking
 * at the ledger, and its effect. Operations this network does not have are refused as `opNotSupported`.
 */
import { xdr } from '@stellar/stellar-sdk';
import { opInner } from '../ledger/results.ts';
import type { ThresholdLevel } from '../ledger/signatures.ts';
import { applyAccountMerge, checkAccountMerge } from './account-merge.ts';
import { applyBumpSequence, checkBumpSequence } from './bump-sequence.ts';
import { applyChangeTrust, checkChangeTrust } from './change-trust.ts';
import type { OperationContext } from './context.ts';
import { applyCreateAccount, checkCreateAccount } from './create-account.ts';
import {
  applyExtendFootprintTtl,
  applyRestoreFootprint,
  checkExtendFootprintTtl,
  checkRestoreFootprint,
} from './footprint-ttl.ts';
import { applyInvokeHostFunction } from './invoke-host-function.ts';
import { applyManageData, checkManageData } from './manage-data.ts';
import { applyPayment, checkPayment } from './payment.ts';
import { applySetOptions, checkSetOptions } from './set-options.ts';
import type { SorobanWork } from './soroban-work.ts';

export function thresholdOf(body: xdr.OperationBody): ThresholdLevel {
  switch (body.type) {
    case 'bumpSequence':
    case 'extendFootprintTtl':
    case 'restoreFootprint':
      return 'low';
    case 'accountMerge':
      return 'high';
    case 'setOptions':
      return changesSigning(body.setOptionsOp) ? 'high' : 'medium';
    default:
      return 'medium';
  }
}

function changesSigning(op: xdr.SetOptionsOp): boolean {
  return [op.masterWeight, op.lowThreshold, op.medThreshold, op.highThreshold, op.signer].some(
    (field) => field !== null,
  );
}

const Tr = xdr.OperationResultTr;

/** What is wrong with the operation whatever the ledger holds. */
export function checkOperation(
  body: xdr.OperationBody,
  source: xdr.PublicKey,
  data: xdr.SorobanTransactionData | undefined,
): xdr.OperationResult | undefined {
  switch (body.type) {
    case 'createAccount':
      return inner(Tr.createAccount, checkCreateAccount(body.createAccountOp, source));
    case 'payment':
      return inner(Tr.payment, checkPayment(body.paymentOp));
    case 'changeTrust':
      return inner(Tr.changeTrust, checkChangeTrust(body.changeTrustOp));
    case 'setOptions':
      return inner(Tr.setOptions, checkSetOptions(body.setOptionsOp, source));
    case 'manageData':
      return inner(Tr.manageData, checkManageData(body.manageDataOp));
    case 'bumpSequence':
      return inner(Tr.bumpSequence, checkBumpSequence(body.bumpSequenceOp));
    case 'accountMerge':
      return inner(Tr.accountMerge, checkAccountMerge(body.destination, source));
    case 'extendFootprintTtl':
      return inner(Tr.extendFootprintTtl, checkExtendFootprintTtl(body.extendFootprintTtlOp, data));
    case 'restoreFootprint':
      return inner(Tr.restoreFootprint, checkRestoreFootprint(data));
    case 'invokeHostFunction':
      return undefined;
    default:
      return xdr.OperationResult.opNotSupported();
  }
}

/** Works on the context's stage; the caller throws the stage away when the result is no success. */
export function applyOperation(
  body: xdr.OperationBody,
  context: OperationContext,
  work: SorobanWork | undefined,
): xdr.OperationResult {
  switch (body.type) {
    case 'createAccount':
      return inner(Tr.createAccount, applyCreateAccount(body.createAccountOp, context));
    case 'payment':
      return inner(Tr.payment, applyPayment(body.paymentOp, context));
    case 'changeTrust':
      return inner(Tr.changeTrust, applyChangeTrust(body.changeTrustOp, context));
    case 'setOptions':
      return inner(Tr.setOptions, applySetOptions(body.setOptionsOp, context));
    case 'manageData':
      return inner(Tr.manageData, applyManageData(body.manageDataOp, context));
    case 'bumpSequence':
      return inner(Tr.bumpSequence, applyBumpSequence(body.bumpSequenceOp, context));
    case 'accountMerge':
      return inner(Tr.accountMerge, applyAccountMerge(body.destination, context));
    case 'invokeHostFunction':
      return inner(Tr.invokeHostFunction, applyInvokeHostFunction(body.invokeHostFunctionOp, context, needed(work)));
    case 'extendFootprintTtl':
      return inner(Tr.extendFootprintTtl, applyExtendFootprintTtl(body.extendFootprintTtlOp, context, needed(work)));
    case 'restoreFootprint':
      return inner(Tr.restoreFootprint, applyRestoreFootprint(context, needed(work)));
    default:
      return xdr.OperationResult.opNotSupported();
  }
}

type SharedCode = 'too_many_subentries';

function inner<Result>(
  wrap: (result: Result) => xdr.OperationResultTr,
  result: Result | SharedCode,
): xdr.OperationResult;
function inner<Result>(
  wrap: (result: Result) => xdr.OperationResultTr,
  result: Result | SharedCode | undefined,
): xdr.OperationResult | undefined;
function inner<Result>(
  wrap: (result: Result) => xdr.OperationResultTr,
  result: Result | SharedCode | undefined,
): xdr.OperationResult | undefined {
  if (result === undefined) return undefined;
  if (result === 'too_many_subentries') return xdr.OperationResult.opTooManySubentries();
  return opInner(wrap(result as Result));
}

function needed(work: SorobanWork | undefined): SorobanWork {
  if (!work) throw new Error('a Soroban operation came without its transaction data');
  return work;
}
