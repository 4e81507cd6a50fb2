/**
 * The host enforces instructions, memory and the footprint; bytes and sizes are the ledger's to enforce. Each check counts
 * into the metrics what it has seen, up to the one that fails, as validators do.
 */
import { xdr } from '@stellar/stellar-sdk';
import type { Invocation } from '../host-answers.ts';
import { diagnosticError } from '../ledger/diagnostics.ts';
import { keyText } from '../ledger/entries.ts';
import { archivedPositions, isArchived, isSorobanKey } from '../ledger/soroban-resources.ts';
import type { ViewedHost } from '../ledger/viewed-host.ts';
import type { OperationContext } from './context.ts';
import { entrySizeProblem, overUse } from './declared-limits.ts';
import { type HostMetrics, noteDiskRead, noteEvent, noteWrite } from './host-metrics.ts';

/** Why an invocation fails, in the words of its result codes, and the event that says so. */
export type LimitProblem = { reason: 'resource_limit_exceeded' | 'entry_archived'; event: xdr.DiagnosticEvent };

/** What was declared, and on which network. */
type Declared = { data: xdr.SorobanTransactionData; host: Pick<ViewedHost, 'limits'> };

/** Before the run: archived entries that are not to be restored, and bytes read from the disk. */
export function footprintProblem(
  { stage, moment }: Pick<OperationContext, 'stage' | 'moment'>,
  { data, host }: Declared,
  metrics: HostMetrics,
): LimitProblem | undefined {
  const { footprint, diskReadBytes } = data.resources;
  const restored = new Set(archivedPositions(data).map((position) => footprint.readWrite[position]));
  for (const key of [...footprint.readOnly, ...footprint.readWrite]) {
    const text = keyText(key);
    const stored = stage.get(text);
    const bytes = stored?.entry.length ?? 0;
    const archived = isArchived(key, stored, moment.sequence);
    if (archived && !restored.has(key)) return { reason: 'entry_archived', event: archivedAccess(key) };
    const size = entrySizeProblem(key.type, bytes, host.limits);
    if (size) return exceeded(size);
    if (isSorobanKey(key) && !archived) {
      metrics.readEntries += 1;
      continue;
    }
    noteDiskRead(metrics, { type: key.type, keyBytes: text.length / 2, bytes });
    const read = overUse('bytes read from the disk', metrics.readBytes, diskReadBytes);
    if (read) return exceeded(read);
  }
  return undefined;
}

function archivedAccess(key: xdr.LedgerKey): xdr.DiagnosticEvent {
  const code = xdr.ScErrorCode.scecInvalidInput;
  if (key.type === 'contractData') {
    const { contract, key: name } = key.contractData;
    const args = [xdr.ScVal.scvAddress(contract), name];
    return diagnosticError('sceValue', code, 'an archived contract data entry is used', args);
  }
  const args = key.type === 'contractCode' ? [xdr.ScVal.scvBytes(key.contractCode.hash.value)] : [];
  return diagnosticError('sceValue', code, 'an archived contract code entry is used', args);
}

/** After a run that failed: whether it was for want of instructions or memory. */
export function budgetProblem(
  { usage }: Pick<Invocation, 'usage'>,
  { data, host }: Declared,
): xdr.DiagnosticEvent | undefined {
  return (
    overUse('instructions', usage.instructions, data.resources.instructions) ??
    overUse('bytes of memory', usage.memoryBytes, host.limits.txMemoryBytes)
  );
}

/** After a run that succeeded: what it wrote and told. */
export function outputProblem(
  { changes, contractEvents, usage }: Pick<Invocation, 'changes' | 'contractEvents' | 'usage'>,
  { data, host }: Declared,
  metrics: HostMetrics,
): LimitProblem | undefined {
  const { limits } = host;
  for (const { key, entry } of changes) {
    if (!entry) continue;
    const { type } = xdr.LedgerKey.fromXdr(key);
    const size = entrySizeProblem(type, entry.length, limits);
    if (size) return exceeded(size);
    noteWrite(metrics, { type, keyBytes: key.length, bytes: entry.length });
    const written = overUse('bytes written', metrics.writeBytes, data.resources.writeBytes);
    if (written) return exceeded(written);
  }
  for (const { length } of contractEvents) {
    noteEvent(metrics, length);
    const told = overUse('bytes of events', metrics.eventBytes, limits.txEventsBytes);
    if (told) return exceeded(told);
  }
  metrics.eventBytes = usage.eventsBytes;
  const returned = overUse('bytes of events with the returned value', usage.eventsBytes, limits.txEventsBytes);
  return returned && exceeded(returned);
}

function exceeded(event: xdr.DiagnosticEvent): LimitProblem {
  return { reason: 'resource_limit_exceeded', event };
}
