import { hash, xdr } from '@stellar/stellar-sdk';
import { type FootprintChange, HostRefusal, type Invocation } from '../host-answers.ts';
import { diagnosticError } from '../ledger/diagnostics.ts';
import { keyText } from '../ledger/entries.ts';
import { archivedPositions, isArchived } from '../ledger/soroban-resources.ts';
import type { LedgerStage } from '../ledger/stage.ts';
import { isValidAsset } from './assets.ts';
import type { OperationContext } from './context.ts';
import { refundableProblem } from './declared-limits.ts';
import { createHostMetrics, type HostMetrics, metricsEvents } from './host-metrics.ts';
import { budgetProblem, footprintProblem, type LimitProblem, outputProblem } from './invocation-limits.ts';
import { type BodyOf, type OperationFacts, operationKind } from './operation-kind.ts';
import { type SorobanWork, setLiveUntil, workOf } from './soroban-work.ts';

const Result = xdr.InvokeHostFunctionResult;
const UNTOUCHED = Result.invokeHostFunctionSuccess(new Uint8Array(32));

export const invokeHostFunction = operationKind<BodyOf<'invokeHostFunction'>, xdr.InvokeHostFunctionResult>(
  xdr.OperationResultTr.invokeHostFunction,
  {
    threshold: 'medium',
    check: ({ invokeHostFunctionOp }, facts) => checkInvokeHostFunction(invokeHostFunctionOp, facts),
    apply: ({ invokeHostFunctionOp }, context, work) =>
      applyInvokeHostFunction(invokeHostFunctionOp, context, workOf(work)),
    untouched: UNTOUCHED,
  },
);

/** What the network refuses without a code of its own: the operation fails, and its code reads as success. */
function checkInvokeHostFunction(
  { hostFunction }: xdr.InvokeHostFunctionOp,
  { limits, explain }: OperationFacts,
): xdr.InvokeHostFunctionResult | undefined {
  const { scecExceededLimit, scecInvalidInput } = xdr.ScErrorCode;
  if (hostFunction.type === 'hostFunctionTypeUploadContractWasm') {
    const bytes = hostFunction.wasm.length;
    if (bytes <= limits.wasmBytes) return undefined;
    const args = [bytes, limits.wasmBytes];
    explain(diagnosticError('sceBudget', scecExceededLimit, 'the wasm is larger than the network allows', args));
    return UNTOUCHED;
  }
  if (hostFunction.type !== 'hostFunctionTypeCreateContract') return undefined;
  const { contractIdPreimage } = hostFunction.createContract;
  if (contractIdPreimage.type !== 'contractIdPreimageFromAsset') return undefined;
  if (isValidAsset(contractIdPreimage.fromAsset)) return undefined;
  explain(diagnosticError('sceValue', scecInvalidInput, 'the contract is to be of an invalid asset'));
  return UNTOUCHED;
}

function applyInvokeHostFunction(
  op: xdr.InvokeHostFunctionOp,
  context: OperationContext,
  work: SorobanWork,
): xdr.InvokeHostFunctionResult {
  const metrics = createHostMetrics();
  const result = tryInvocation(op, context, work, metrics);
  const successful = result.type === 'invokeHostFunctionSuccess';
  work.spent.diagnostics.push(...metricsEvents(metrics, successful));
  return result;
}

function tryInvocation(
  op: xdr.InvokeHostFunctionOp,
  context: OperationContext,
  work: SorobanWork,
  metrics: HostMetrics,
): xdr.InvokeHostFunctionResult {
  const { diagnostics } = work.spent;
  const unreadable = footprintProblem(context, work, metrics);
  if (unreadable) return failedFor(unreadable, diagnostics);
  const invocation = invoke(op, context, work);
  if (invocation === 'malformed') return Result.invokeHostFunctionMalformed();
  metrics.instructions = invocation.usage.instructions;
  metrics.memoryBytes = invocation.usage.memoryBytes;
  diagnostics.push(...invocation.diagnosticEvents.map((event) => xdr.DiagnosticEvent.fromXdr(event)));
  if (!invocation.ok) {
    const event = budgetProblem(invocation, work);
    return event
      ? failedFor({ reason: 'resource_limit_exceeded', event }, diagnostics)
      : failureResult(invocation.reason);
  }
  const excess = outputProblem(invocation, work, metrics);
  if (excess) return failedFor(excess, diagnostics);
  const unpaid = payRefundable(invocation, context, work);
  if (unpaid) {
    diagnostics.push(unpaid);
    return Result.invokeHostFunctionInsufficientRefundableFee();
  }
  return takeEffect(invocation, context, work);
}

function takeEffect(
  invocation: Invocation & { ok: true },
  context: OperationContext,
  { spent }: SorobanWork,
): xdr.InvokeHostFunctionResult {
  for (const change of invocation.changes) applyChange(change, context.stage);
  const returnValue = xdr.ScVal.fromXdr(invocation.returnValue);
  const events = invocation.contractEvents.map((event) => xdr.ContractEvent.fromXdr(event));
  for (const event of events) context.emit(event);
  spent.returnValue = returnValue;
  const preimage = new xdr.InvokeHostFunctionSuccessPreImage({ returnValue, events });
  return Result.invokeHostFunctionSuccess(hash(preimage.toXdr()));
}

function failedFor({ reason, event }: LimitProblem, diagnostics: xdr.DiagnosticEvent[]): xdr.InvokeHostFunctionResult {
  diagnostics.push(event);
  return failureResult(reason);
}

/** Another transaction may have brought some of them back since this one was simulated: those pay no second rent. */
function stillArchived(data: xdr.SorobanTransactionData, stage: LedgerStage, ledger: number): number[] {
  const { readWrite } = data.resources.footprint;
  return archivedPositions(data).filter((position) => {
    const key = readWrite[position];
    return key !== undefined && isArchived(key, stage.get(keyText(key)), ledger);
  });
}

/** Throws HostTrap when the host panicked. */
function invoke(
  op: xdr.InvokeHostFunctionOp,
  { stage, source, moment }: OperationContext,
  { host, data, seed }: SorobanWork,
): Invocation | 'malformed' {
  const request = {
    hostFunction: op.hostFunction.toXdr(),
    resources: data.resources.toXdr(),
    restored: stillArchived(data, stage, moment.sequence),
    source: source.toXdr(),
    seed,
    auth: op.auth.map((entry) => entry.toXdr()),
    diagnostics: true,
  };
  try {
    return host.on(stage, (soroban) => soroban.invoke(host.headerAt(moment), request));
  } catch (error) {
    if (error instanceof HostRefusal && error.reason === 'malformed') return 'malformed';
    throw error;
  }
}

function failureResult(reason: 'trapped' | 'resource_limit_exceeded' | 'entry_archived') {
  switch (reason) {
    case 'trapped':
      return Result.invokeHostFunctionTrapped();
    case 'resource_limit_exceeded':
      return Result.invokeHostFunctionResourceLimitExceeded();
    case 'entry_archived':
      return Result.invokeHostFunctionEntryArchived();
  }
}

/** Says what the declared fee is too small for, or takes it. */
function payRefundable(
  { usage }: Invocation,
  { stage }: OperationContext,
  work: SorobanWork,
): xdr.DiagnosticEvent | undefined {
  const { spent, host, refundable } = work;
  const { refundableStroops } = host.on(stage, (soroban) =>
    soroban.resourceFee({
      instructions: 0,
      diskReadEntries: 0,
      writeEntries: 0,
      diskReadBytes: 0,
      writeBytes: 0,
      eventsBytes: usage.eventsBytes,
      transactionBytes: 0,
    }),
  );
  const problem = refundableProblem(refundable, usage.rentFeeStroops, refundableStroops);
  if (problem) return problem;
  spent.rentFee = usage.rentFeeStroops;
  spent.eventsFee = refundableStroops;
  return undefined;
}

function applyChange({ key, readOnly, entry, ttl }: FootprintChange, stage: LedgerStage): void {
  const text = keyText(key);
  if (readOnly) {
    if (ttl && ttl.after > ttl.before) setLiveUntil(stage, text, ttl.after);
  } else if (entry) {
    stage.set(text, { entry, liveUntil: ttl?.after ?? 0 });
  } else {
    stage.delete(text);
  }
}
