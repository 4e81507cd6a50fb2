/** What the host answers, as types and out of frames (their order of fields: `contracts/host/src/*.rs`). */
import { FrameReader } from './host-frames.ts';

/** What the host returned: an ScVal, or the error as text and as ScVal. */
export type HostResult = { ok: true; returnValue: Uint8Array } | ({ ok: false } & HostFailure);
export type HostFailure = { text: string; error: Uint8Array };

export type Simulation = HostResult & {
  /** SorobanTransactionData with footprint, resources and fee; absent when the invocation failed. */
  transactionData: Uint8Array | undefined;
  /** SorobanAuthorizationEntry: recorded, or those given when enforcing. */
  auth: Uint8Array[];
  /** ContractEvent. */
  contractEvents: Uint8Array[];
  /** DiagnosticEvent, contract events included. */
  diagnosticEvents: Uint8Array[];
  /** LedgerKey and LedgerEntry of each entry the run changed. */
  modified: { key: Uint8Array | undefined; before: Uint8Array | undefined; after: Uint8Array | undefined }[];
  instructions: number;
  memoryBytes: number;
};

/** One key of the footprint after a successful invocation, whether anything changed or not. */
export type FootprintChange = {
  /** LedgerKey. */
  key: Uint8Array;
  readOnly: boolean;
  /** LedgerEntry to store; undefined for read-only keys and for entries that do not exist (any more). */
  entry: Uint8Array | undefined;
  /** Live-until ledgers of entries that expire; `before` is 0 for entries that were new or archived. */
  ttl: { before: number; after: number } | undefined;
};

/** Names of the result codes of InvokeHostFunction that the host decides. */
export type InvokeFailureReason = 'trapped' | 'resource_limit_exceeded' | 'entry_archived';

export type Invocation = (
  | { ok: true; returnValue: Uint8Array }
  | ({ ok: false; reason: InvokeFailureReason } & HostFailure)
) & {
  /** Empty when the invocation failed. */
  changes: FootprintChange[];
  /** ContractEvent. Empty when the invocation failed. */
  contractEvents: Uint8Array[];
  /** DiagnosticEvent. */
  diagnosticEvents: Uint8Array[];
  usage: Usage;
};

/** What an invocation used. The ledger compares it with the declared resources and the network's limits. */
export type Usage = {
  instructions: number;
  memoryBytes: number;
  /** Refundable. */
  rentFeeStroops: bigint;
  /** Accounts, trustlines and restored entries; other contract entries are free to read. */
  diskReadEntries: number;
  diskReadBytes: number;
  writeEntries: number;
  writeBytes: number;
  /** Contract events and the returned value. */
  eventsBytes: number;
};

/** Outcome of simulating an extension or a restoration. */
export type TtlSimulation = { ok: true; transactionData: Uint8Array } | { ok: false; text: string };

/** Entries whose life was extended, or which were restored (`before` is 0 then). Their content is unchanged. */
export type TtlApplication = {
  changes: { key: Uint8Array; before: number; after: number; entryBytes: number }[];
  rentFeeStroops: bigint;
};

export type ResourceFee = { nonRefundableStroops: bigint; refundableStroops: bigint };

/** The host could not read the request (`malformed`), or the ledger behind it (`unusable_ledger`). */
export class HostRefusal extends Error {
  override readonly name = 'HostRefusal';
  readonly reason: 'malformed' | 'unusable_ledger';

  constructor(reason: HostRefusal['reason'], text: string) {
    super(text);
    this.reason = reason;
  }
}

const STATUS = { ok: 0, failed: 1, malformed: 2, unusableLedger: 3 } as const;
const FAILURE_REASONS: readonly InvokeFailureReason[] = ['trapped', 'resource_limit_exceeded', 'entry_archived'];

/** An answer of which the status has been read. */
export type Answer = { ok: boolean; frame: FrameReader };

export function openAnswer(bytes: Uint8Array): Answer {
  const frame = new FrameReader(bytes);
  const status = frame.u32();
  if (status === STATUS.malformed) throw new HostRefusal('malformed', frame.text());
  if (status === STATUS.unusableLedger) throw new HostRefusal('unusable_ledger', frame.text());
  return { ok: status === STATUS.ok, frame };
}

export function readSimulation({ ok, frame }: Answer): Simulation {
  const result: HostResult = ok
    ? { ok: true, returnValue: frame.bytes() }
    : { ok: false, text: frame.text(), error: frame.bytes() };
  const simulation: Simulation = {
    ...result,
    transactionData: frame.optionalBytes(),
    auth: frame.bytesList(),
    contractEvents: frame.bytesList(),
    diagnosticEvents: frame.bytesList(),
    modified: frame.list(() => ({
      key: frame.optionalBytes(),
      before: frame.optionalBytes(),
      after: frame.optionalBytes(),
    })),
    instructions: frame.u32(),
    memoryBytes: frame.u32(),
  };
  frame.end();
  return simulation;
}

export function readInvocation({ ok, frame }: Answer): Invocation {
  const result = ok
    ? ({ ok: true, returnValue: frame.bytes() } as const)
    : ({ ok: false, reason: readReason(frame), text: frame.text(), error: frame.bytes() } as const);
  const invocation: Invocation = {
    ...result,
    changes: frame.list(() => readChange(frame)),
    contractEvents: frame.bytesList(),
    diagnosticEvents: frame.bytesList(),
    usage: {
      instructions: Number(frame.u64()),
      memoryBytes: Number(frame.u64()),
      rentFeeStroops: frame.i64(),
      diskReadEntries: frame.u32(),
      diskReadBytes: frame.u32(),
      writeEntries: frame.u32(),
      writeBytes: frame.u32(),
      eventsBytes: frame.u32(),
    },
  };
  frame.end();
  return invocation;
}

function readReason(frame: FrameReader): InvokeFailureReason {
  const reason = FAILURE_REASONS[frame.u32()];
  if (reason === undefined) throw new RangeError('the host gave an unknown reason for a failure');
  return reason;
}

function readChange(frame: FrameReader): FootprintChange {
  const key = frame.bytes();
  const readOnly = frame.flag();
  const entry = frame.optionalBytes();
  const expires = frame.flag();
  const ttl = { before: frame.u32(), after: frame.u32() };
  return { key, readOnly, entry, ttl: expires ? ttl : undefined };
}

export function readTtlSimulation({ ok, frame }: Answer): TtlSimulation {
  return ok ? { ok: true, transactionData: frame.bytes() } : { ok: false, text: frame.text() };
}

export function readTtlApplication({ frame }: Answer): TtlApplication {
  return {
    changes: frame.list(() => ({
      key: frame.bytes(),
      before: frame.u32(),
      after: frame.u32(),
      entryBytes: frame.u32(),
    })),
    rentFeeStroops: frame.i64(),
  };
}

export function readResourceFee({ frame }: Answer): ResourceFee {
  return { nonRefundableStroops: frame.i64(), refundableStroops: frame.i64() };
}
