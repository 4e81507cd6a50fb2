/**
 * The real Soroban host (`contracts/host`, compiled to WebAssembly) as typed functions. It decides what a
 * contract does; the ledger it reads through `ledgerGet`, and everything around an invocation (envelopes, fees,
 * limits on entries and bytes, applying the changes), belong to the caller.
 */
import { readOwnFile } from '../own-files.ts';
import {
  type Answer,
  type Invocation,
  openAnswer,
  type ResourceFee,
  readInvocation,
  readResourceFee,
  readSimulation,
  readTtlApplication,
  readTtlSimulation,
  type Simulation,
  type TtlApplication,
  type TtlSimulation,
} from './host-answers.ts';
import type { FrameWriter } from './host-frames.ts';
import { createHostInstance, type HostOperation, type LedgerGet } from './host-instance.ts';
import {
  headerFrame,
  type InvokeRequest,
  invokeFrame,
  type LedgerHeader,
  type ResourceUse,
  resourceFrame,
  type SimulateRequest,
  simulateFrame,
} from './host-requests.ts';

/** All functions throw `HostTrap` when the host panics and `HostRefusal` when it cannot read what it was given. */
export type SorobanHost = {
  readonly protocolVersion: number;
  /** What an invocation would do and need. */
  simulate(ledger: LedgerHeader, request: SimulateRequest): Simulation;
  /** Runs an invocation within its declared footprint. Nothing is stored: the caller applies `changes`. */
  invoke(ledger: LedgerHeader, request: InvokeRequest): Invocation;
  /** Transaction data for ExtendFootprintTtl of these LedgerKeys to `extendTo` ledgers from now. */
  simulateExtendTtl(ledger: LedgerHeader, keys: readonly Uint8Array[], extendTo: number): TtlSimulation;
  /** Transaction data for RestoreFootprint of these LedgerKeys. */
  simulateRestore(ledger: LedgerHeader, keys: readonly Uint8Array[]): TtlSimulation;
  /** What ExtendFootprintTtl with this read-only footprint changes. The caller checks limits on `extendTo`. */
  extendTtl(ledger: LedgerHeader, keys: readonly Uint8Array[], extendTo: number): TtlApplication;
  /** What RestoreFootprint with this read-write footprint changes. */
  restore(ledger: LedgerHeader, keys: readonly Uint8Array[]): TtlApplication;
  /** What resources cost at the network's rates. Rent is not in it: it comes with what was applied. */
  resourceFee(use: ResourceUse): ResourceFee;
  /** To be called after the network settings in the ledger changed: they are read once and kept. */
  reset(): void;
};

/** Compiles the host that is shipped with the package; a compiled module serves any number of hosts. */
export function compileSorobanHost(): WebAssembly.Module {
  return new WebAssembly.Module(new Uint8Array(readOwnFile('contracts/dist/host.wasm')));
}

export function createSorobanHost(deps: { module: WebAssembly.Module; ledgerGet: LedgerGet }): SorobanHost {
  const instance = createHostInstance(deps);
  const ask = (operation: HostOperation, request: FrameWriter): Answer =>
    openAnswer(instance.call(operation, request.finish()));
  return {
    get protocolVersion() {
      return instance.protocolVersion;
    },
    simulate: (ledger, request) => readSimulation(ask('simulate', simulateFrame(ledger, request))),
    invoke: (ledger, request) => readInvocation(ask('invoke', invokeFrame(ledger, request))),
    simulateExtendTtl: (ledger, keys, extendTo) =>
      readTtlSimulation(ask('simulate_extend_ttl', headerFrame(ledger).u32(extendTo).bytesList(keys))),
    simulateRestore: (ledger, keys) => readTtlSimulation(ask('simulate_restore', headerFrame(ledger).bytesList(keys))),
    extendTtl: (ledger, keys, extendTo) =>
      readTtlApplication(ask('extend_ttl', headerFrame(ledger).u32(extendTo).bytesList(keys))),
    restore: (ledger, keys) => readTtlApplication(ask('restore', headerFrame(ledger).bytesList(keys))),
    resourceFee: (use) => readResourceFee(ask('resource_fee', resourceFrame(use))),
    reset: () => instance.reset(),
  };
}
