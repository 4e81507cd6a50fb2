/**
 * What an invocation used, counted as validators count it and told at the end of its diagnostic events: one event of the
 * topics `core_metrics` and a name for each number. Clients read their resources from these.
 */
import { xdr } from '@stellar/stellar-sdk';

export type HostMetrics = {
  readEntries: number;
  writeEntries: number;
  /** Of entries read from the disk: accounts, trustlines and what was restored. */
  readBytes: number;
  readKeyBytes: number;
  readDataBytes: number;
  readCodeBytes: number;
  writeBytes: number;
  writeDataBytes: number;
  writeCodeBytes: number;
  events: number;
  /** The returned value included. */
  eventBytes: number;
  instructions: number;
  memoryBytes: number;
  keyBytesMax: number;
  dataBytesMax: number;
  codeBytesMax: number;
  eventBytesMax: number;
};

export function createHostMetrics(): HostMetrics {
  return {
    readEntries: 0,
    writeEntries: 0,
    readBytes: 0,
    readKeyBytes: 0,
    readDataBytes: 0,
    readCodeBytes: 0,
    writeBytes: 0,
    writeDataBytes: 0,
    writeCodeBytes: 0,
    events: 0,
    eventBytes: 0,
    instructions: 0,
    memoryBytes: 0,
    keyBytesMax: 0,
    dataBytesMax: 0,
    codeBytesMax: 0,
    eventBytesMax: 0,
  };
}

/** An entry by its type and the sizes of its key and of itself. */
export type SizedEntry = { type: xdr.LedgerKey['type']; keyBytes: number; bytes: number };

/** Of an entry that comes from the disk. */
export function noteDiskRead(metrics: HostMetrics, entry: SizedEntry): void {
  metrics.readEntries += 1;
  metrics.readBytes += entry.bytes;
  metrics.readKeyBytes += entry.keyBytes;
  if (entry.type === 'contractCode') metrics.readCodeBytes += entry.bytes;
  else metrics.readDataBytes += entry.bytes;
  noteSizes(metrics, entry);
}

export function noteWrite(metrics: HostMetrics, entry: SizedEntry): void {
  metrics.writeEntries += 1;
  metrics.writeBytes += entry.bytes;
  if (entry.type === 'contractCode') metrics.writeCodeBytes += entry.bytes;
  else metrics.writeDataBytes += entry.bytes;
  noteSizes(metrics, entry);
}

export function noteEvent(metrics: HostMetrics, bytes: number): void {
  metrics.events += 1;
  metrics.eventBytes += bytes;
  metrics.eventBytesMax = Math.max(metrics.eventBytesMax, bytes);
}

function noteSizes(metrics: HostMetrics, { type, keyBytes, bytes }: SizedEntry): void {
  metrics.keyBytesMax = Math.max(metrics.keyBytesMax, keyBytes);
  if (type === 'contractCode') metrics.codeBytesMax = Math.max(metrics.codeBytesMax, bytes);
  else metrics.dataBytesMax = Math.max(metrics.dataBytesMax, bytes);
}

/** In the order validators tell them. */
export function metricsEvents(metrics: HostMetrics, successful: boolean): xdr.DiagnosticEvent[] {
  const numbers: readonly [name: string, value: number][] = [
    ['read_entry', metrics.readEntries],
    ['write_entry', metrics.writeEntries],
    ['ledger_read_byte', metrics.readBytes],
    ['ledger_write_byte', metrics.writeBytes],
    ['read_key_byte', metrics.readKeyBytes],
    // Validators tell it but count nothing in it.
    ['write_key_byte', 0],
    ['read_data_byte', metrics.readDataBytes],
    ['write_data_byte', metrics.writeDataBytes],
    ['read_code_byte', metrics.readCodeBytes],
    ['write_code_byte', metrics.writeCodeBytes],
    ['emit_event', metrics.events],
    ['emit_event_byte', metrics.eventBytes],
    ['cpu_insn', metrics.instructions],
    ['mem_byte', metrics.memoryBytes],
    // A time of the wall clock: the same inputs would not make the same meta.
    ['invoke_time_nsecs', 0],
    ['max_rw_key_byte', metrics.keyBytesMax],
    ['max_rw_data_byte', metrics.dataBytesMax],
    ['max_rw_code_byte', metrics.codeBytesMax],
    ['max_emit_event_byte', metrics.eventBytesMax],
  ];
  return numbers.map(([name, value]) => metricEvent(name, value, successful));
}

function metricEvent(name: string, value: number, inSuccessfulContractCall: boolean): xdr.DiagnosticEvent {
  const body = new xdr.ContractEventV0({
    topics: [xdr.ScVal.scvSymbol('core_metrics'), xdr.ScVal.scvSymbol(name)],
    data: xdr.ScVal.scvU64(BigInt(value)),
  });
  const event = new xdr.ContractEvent({
    ext: xdr.ExtensionPoint.v0(),
    contractId: null,
    type: xdr.ContractEventType.diagnostic,
    body: xdr.ContractEventBody.v0(body),
  });
  return new xdr.DiagnosticEvent({ inSuccessfulContractCall, event });
}
