/** simulateTransaction: what an operation would do and what its transaction must declare. */
import { xdr } from '@stellar/stellar-sdk';
import { HostRefusal, type Simulation, type TtlSimulation } from '../host-answers.ts';
import { HostTrap } from '../host-instance.ts';
import type { Chain } from '../ledger/chain.ts';
import { accountOf, operationSource } from '../ledger/envelope.ts';
import { method } from './decode-params.ts';
import type { RpcMethods } from './json-rpc.ts';
import {
  EarlyRefusal,
  readSimulated,
  type Simulated,
  type SimulateParams,
  simulateRequest,
} from './simulate-request.ts';
import { type Output, outputOf } from './xdr-output.ts';

export const simulateMethods: RpcMethods = { simulateTransaction: method(simulateRequest, simulateTransaction) };

/** The run failed: that is part of the answer, not a JSON-RPC error. */
class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure';
  /** DiagnosticEvent. */
  readonly events: readonly Uint8Array[];

  constructor(message: string, events: readonly Uint8Array[] = []) {
    super(message);
    this.events = events;
  }
}

function simulateTransaction(params: SimulateParams, chain: Chain): unknown {
  let simulated: Simulated;
  try {
    simulated = readSimulated(params, chain);
  } catch (error) {
    if (error instanceof EarlyRefusal) return { error: error.message, latestLedger: 0 };
    throw error;
  }
  const output = outputOf(params.xdrFormat);
  const latestLedger = chain.history.latest().sequence;
  try {
    return { ...simulate(simulated, params, chain, output), latestLedger };
  } catch (error) {
    if (error instanceof SimulationFailure) {
      return { error: error.message, ...output.fields('events', xdr.DiagnosticEvent, error.events), latestLedger };
    }
    if (error instanceof HostTrap || error instanceof HostRefusal) return { error: error.message, latestLedger };
    throw error;
  }
}

function simulate(simulated: Simulated, params: SimulateParams, chain: Chain, output: Output): object {
  const { work } = simulated;
  // As the real server, it runs in the latest ledger, though the transaction will be in a later one.
  const { sequence, closeTimeS } = chain.history.latest();
  const header = chain.host.headerAt({ sequence, closeTimeS });
  const keys = work.type === 'invoke' ? [] : work.keys.map((key) => key.toXdr());
  return chain.host.on(chain.entries, (soroban) => {
    switch (work.type) {
      case 'invoke':
        return invocationAnswer(soroban.simulate(header, invocationRequest(simulated, work, params, chain)), output);
      case 'extend':
        return ttlAnswer(soroban.simulateExtendTtl(header, keys, work.extendTo), output);
      case 'restore':
        return ttlAnswer(soroban.simulateRestore(header, keys), output);
    }
  });
}

const UINT32_MAX = 0xffffffff;

function invocationRequest(
  { signed, operation }: Simulated,
  { op, authMode }: Extract<Simulated['work'], { type: 'invoke' }>,
  { resourceConfig, useUpgradedAuth }: SimulateParams,
  chain: Chain,
) {
  const instructionLeeway = resourceConfig?.instructionLeeway ?? 0;
  if (instructionLeeway > UINT32_MAX) throw new SimulationFailure(`instructionLeeway is at most ${UINT32_MAX}`);
  return {
    hostFunction: op.hostFunction.toXdr(),
    source: accountOf(operationSource(signed, operation)).toXdr(),
    seed: chain.freshSeed(),
    authMode,
    auth: op.auth.map((entry) => entry.toXdr()),
    useAddressV2: useUpgradedAuth,
    ...(instructionLeeway > 0 ? { instructionLeeway } : {}),
  };
}

function invocationAnswer(simulation: Simulation, output: Output): object {
  if (!simulation.ok) throw new SimulationFailure(simulation.text, simulation.diagnosticEvents);
  const data = simulation.transactionData;
  if (!data) throw new SimulationFailure('the host gave no transaction data');
  const stateChanges = simulation.modified.flatMap((change) => stateChange(change, output));
  return {
    ...dataFields(data, output),
    ...output.fields('events', xdr.DiagnosticEvent, simulation.diagnosticEvents),
    results: [
      {
        // In base64 there is a list also where nothing is to be signed.
        ...(output.json ? {} : { auth: [] }),
        ...output.fields('auth', xdr.SorobanAuthorizationEntry, simulation.auth),
        ...output.field('xdr', xdr.ScVal, simulation.returnValue, 'returnValueJson'),
      },
    ],
    ...(stateChanges.length === 0 ? {} : { stateChanges }),
  };
}

function stateChange({ key, before, after }: Simulation['modified'][number], output: Output): object[] {
  if (!key || (!before && !after)) return [];
  return [
    {
      type: before ? (after ? 'updated' : 'deleted') : 'created',
      ...output.field('key', xdr.LedgerKey, key),
      // Both are always there, in JSON beside those with its names.
      before: null,
      after: null,
      ...(before ? output.field('before', xdr.LedgerEntry, before) : {}),
      ...(after ? output.field('after', xdr.LedgerEntry, after) : {}),
    },
  ];
}

function ttlAnswer(simulated: TtlSimulation, output: Output): object {
  if (!simulated.ok) throw new SimulationFailure(simulated.text);
  return dataFields(simulated.transactionData, output);
}

function dataFields(data: Uint8Array, output: Output): object {
  const { resourceFee } = xdr.SorobanTransactionData.fromXdr(data);
  return {
    ...output.field('transactionData', xdr.SorobanTransactionData, data),
    ...(resourceFee === 0n ? {} : { minResourceFee: resourceFee.toString() }),
  };
}
