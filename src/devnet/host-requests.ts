/** What the host is asked, as types and as frames (their order of fields: `contracts/host/src/*.rs`). */
import { FrameWriter } from './host-frames.ts';

/** The ledger being built. */
export type LedgerHeader = {
  /** Must be the host's `protocolVersion`. */
  protocolVersion: number;
  sequence: number;
  closeTimeSeconds: number;
  /** sha256 of the network passphrase. */
  networkId: Uint8Array;
  baseReserveStroops: number;
};

/** XDR in, XDR out: all `Uint8Array` fields are XDR of the type their comment names, unless it says otherwise. */
export type SimulateRequest = {
  /** HostFunction. */
  hostFunction: Uint8Array;
  /** AccountId. */
  source: Uint8Array;
  /** 32 bytes, fresh for every simulation: nonces of recorded authorizations derive from them. */
  seed: Uint8Array;
  /** `record` and `record_allow_nonroot` find out what must be signed, `enforce` checks `auth`. */
  authMode: 'record' | 'record_allow_nonroot' | 'enforce';
  /** SorobanAuthorizationEntry, signed. Only read when enforcing. */
  auth?: readonly Uint8Array[];
  /** Record authorizations with CAP-71 address credentials. Default false. */
  useAddressV2?: boolean;
  /** Least number of instructions added to what the run needed. Default: the network tools' own margin. */
  instructionLeeway?: number;
  /** Default true. */
  diagnostics?: boolean;
};

export type InvokeRequest = {
  /** HostFunction. */
  hostFunction: Uint8Array;
  /** SorobanResources as the transaction declared them. */
  resources: Uint8Array;
  /** Positions in the read-write footprint to restore: `archivedSorobanEntries` of the transaction data. */
  restored?: readonly number[];
  /** AccountId of the operation's source. */
  source: Uint8Array;
  /** 32 bytes. */
  seed: Uint8Array;
  /** SorobanAuthorizationEntry. */
  auth: readonly Uint8Array[];
  /** Default false. */
  diagnostics?: boolean;
};

export type ResourceUse = {
  instructions: number;
  diskReadEntries: number;
  writeEntries: number;
  diskReadBytes: number;
  writeBytes: number;
  /** Contract events and the returned value. */
  eventsBytes: number;
  /** The signed envelope. */
  transactionBytes: number;
};

const AUTH_MODE = { record: 0, record_allow_nonroot: 1, enforce: 2 } as const;
const FLAG = { diagnostics: 1, addressV2: 2 } as const;

export function headerFrame(ledger: LedgerHeader): FrameWriter {
  if (ledger.networkId.length !== 32) throw new RangeError('a network id has 32 bytes');
  return new FrameWriter()
    .u32(ledger.protocolVersion)
    .u32(ledger.sequence)
    .u64(BigInt(ledger.closeTimeSeconds))
    .raw(ledger.networkId)
    .u32(ledger.baseReserveStroops);
}

export function simulateFrame(ledger: LedgerHeader, request: SimulateRequest): FrameWriter {
  const diagnostics = (request.diagnostics ?? true) ? FLAG.diagnostics : 0;
  return headerFrame(ledger)
    .u32(diagnostics | (request.useAddressV2 ? FLAG.addressV2 : 0))
    .u32(AUTH_MODE[request.authMode])
    .u32(request.instructionLeeway ?? 0)
    .bytes(request.hostFunction)
    .bytes(request.source)
    .raw(checkedSeed(request.seed))
    .bytesList(request.auth ?? []);
}

export function invokeFrame(ledger: LedgerHeader, request: InvokeRequest): FrameWriter {
  return headerFrame(ledger)
    .u32(request.diagnostics ? FLAG.diagnostics : 0)
    .bytes(request.hostFunction)
    .bytes(request.resources)
    .u32List(request.restored ?? [])
    .bytes(request.source)
    .raw(checkedSeed(request.seed))
    .bytesList(request.auth);
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes');
  return seed;
}

export function resourceFrame(use: ResourceUse): FrameWriter {
  return new FrameWriter()
    .u32(use.instructions)
    .u32(use.diskReadEntries)
    .u32(use.writeEntries)
    .u32(use.diskReadBytes)
    .u32(use.writeBytes)
    .u32(use.eventsBytes)
    .u32(use.transactionBytes);
}
