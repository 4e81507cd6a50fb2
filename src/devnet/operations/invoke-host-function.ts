import { hash, xdr } from '@stellar/stellar-sdk';
import { type FootprintChange, HostRefusal, type Invocation } from '../host-answers.ts';
import { HostTrap } from '../host-instance.ts';
import { keyText } from '../ledger/entries.ts';
import { archivedPositions } from '../ledger/soroban-resources.ts';
import type { LedgerStage } from '../ledger/stage.ts';
import { networkLimits } from '../network-settings.ts';
import type { OperationContext } from './context.ts';
import { type BodyOf, operationKind } from './operation-kind.ts';
import { type SorobanWork, setLiveUntil, workOf } from './soroban-work.ts';

const Result = xdr.InvokeHostFunctionResult;

export const invokeHostFunction = operationKind<BodyOf<'invokeHostFunction'>, xdr.InvokeHostFunctionResult>(
  xdr.OperationResultTr.invokeHostFunction,
  {
    threshold: 'medium',
    check: () => undefined,
    apply: ({ invokeHostFunctionOp }, context, work) =>
      applyInvokeHostFunction(invokeHostFunctionOp, context, workOf(work)),
    untouched: Result.invokeHostFunctionSuccess(new Uint8Array(32)),
  },
);

function applyInvokeHostFunction(
  op: xdr.InvokeHostFunctionOp,
  context: OperationContext,
  work: SorobanWork,
): xdr.InvokeHostFunctionResult {
  const invocation = invoke(op, context, work);
  if (!invocation) return Result.invokeHostFunctionTrapped();
  if (invocation === 'malformed') return Result.invokeHostFunctionMalformed();
  work.spent.diagnostics = invocation.diagnosticEvents.map((event) => xdr.DiagnosticEvent.fromXdr(event));
  if (!invocation.ok) return failureResult(invocation.reason);
  if (exceedsLimits(invocation, work.data)) return Result.invokeHostFunctionResourceLimitExceeded();
  if (!payRefundable(invocation, context, work)) return Result.invokeHostFunctionInsufficientRefundableFee();

  for (const change of invocation.changes) applyChange(change, context.stage);
  const returnValue = xdr.ScVal.fromXdr(invocation.returnValue);
  const events = invocation.contractEvents.map((event) => xdr.ContractEvent.fromXdr(event));
  for (const event of events) context.emit(event);
  work.spent.returnValue = returnValue;
  const preimage = new xdr.InvokeHostFunctionSuccessPreImage({ returnValue, events });
  return Result.invokeHostFunctionSuccess(hash(preimage.toXdr()));
}

/** Undefined when the host panicked, which costs the sender the fee and the network nothing. */
function invoke(
  op: xdr.InvokeHostFunctionOp,
  { stage, source, moment }: OperationContext,
  { host, data, seed }: SorobanWork,
): Invocation | 'malformed' | undefined {
  const request = {
    hostFunction: op.hostFunction.toXdr(),
    resources: data.resources.toXdr(),
    restored: archivedPositions(data),
    source: source.toXdr(),
    seed,
    auth: op.auth.map((entry) => entry.toXdr()),
    diagnostics: true,
  };
  try {
    return host.on(stage, (soroban) => soroban.invoke(host.headerAt(moment), request));
  } catch (error) {
    if (error instanceof HostTrap) return undefined;
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

/** The host enforces instructions, memory and the footprint; bytes and sizes are the ledger's to enforce. */
function exceedsLimits({ usage, changes }: Invocation, { resources }: xdr.SorobanTransactionData): boolean {
  const limits = networkLimits;
  return (
    usage.diskReadBytes > resources.diskReadBytes ||
    usage.writeBytes > resources.writeBytes ||
    usage.eventsBytes > limits.txEventsBytes ||
    changes.some(({ key, entry }) => entry && isContractData(key) && entry.length > limits.dataEntryBytes)
  );
}

/** LedgerEntryType 6. */
function isContractData(key: Uint8Array): boolean {
  return Buffer.from(key).readUInt32BE(0) === xdr.LedgerEntryType.contractData.value;
}

function payRefundable({ usage }: Invocation, { stage }: OperationContext, work: SorobanWork): boolean {
  const { spent, host } = work;
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
  if (usage.rentFeeStroops + refundableStroops > work.refundable) return false;
  spent.rentFee = usage.rentFeeStroops;
  spent.eventsFee = refundableStroops;
  return true;
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
