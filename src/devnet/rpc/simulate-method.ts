/** simulateTransaction: what an operation would do and what its transaction must declare. */
import { xdr } from '@stellar/stellar-sdk';
import { HostRefusal, type Simulation } from '../host-answers.ts';
import { HostTrap } from '../host-instance.ts';
import type { SimulateRequest } from '../host-requests.ts';
import type { Chain } from '../ledger/chain.ts';
import { accountOf, operationSource } from '../ledger/envelope.ts';
import { type Params, RpcError, type RpcMethods } from './json-rpc.ts';
import { object, requireBase64Format, text, uint32 } from './params.ts';
import { readTransaction } from './transaction-methods.ts';

export const simulateMethods: RpcMethods = {
  simulateTransaction: (params, chain) => simulateTransaction(chain, params),
};

/** What is wrong with the request or the invocation is part of the answer, not a JSON-RPC error. */
class SimulationFailure extends Error {
  override readonly name = 'SimulationFailure';
  readonly events: readonly Uint8Array[];

  constructor(message: string, events: readonly Uint8Array[] = []) {
    super(message);
    this.events = events;
  }
}

function simulateTransaction(chain: Chain, params: Params): unknown {
  requireBase64Format(params);
  const latestLedger = chain.history.latest().sequence;
  try {
    return { ...simulate(chain, params), latestLedger };
  } catch (error) {
    if (error instanceof SimulationFailure) {
      return {
        error: error.message,
        latestLedger,
        ...(error.events.length > 0 ? { events: all64(error.events) } : {}),
      };
    }
    if (error instanceof HostTrap || error instanceof HostRefusal) return { error: error.message, latestLedger };
    throw error;
  }
}

function simulate(chain: Chain, params: Params): object {
  const signed = readForSimulation(chain, params);
  const [operation, ...others] = signed.tx.operations;
  if (!operation || others.length > 0) throw new SimulationFailure('Transaction contains more than one operation');
  const header = chain.host.headerAt(chain.nextMoment());
  const footprint = signed.sorobanData?.resources.footprint;
  const { body } = operation;
  switch (body.type) {
    case 'invokeHostFunction': {
      const source = accountOf(operationSource(signed, operation)).toXdr();
      const request = invocationRequest(chain, params, body.invokeHostFunctionOp, source);
      return invocationAnswer(
        chain,
        chain.host.on(chain.entries, (soroban) => soroban.simulate(header, request)),
      );
    }
    case 'extendFootprintTtl': {
      const { extendTo } = body.extendFootprintTtlOp;
      const keys = withoutAuthMode(params, footprint?.readOnly).map((key) => key.toXdr());
      return ttlAnswer(chain.host.on(chain.entries, (soroban) => soroban.simulateExtendTtl(header, keys, extendTo)));
    }
    case 'restoreFootprint': {
      const keys = withoutAuthMode(params, footprint?.readWrite).map((key) => key.toXdr());
      return ttlAnswer(chain.host.on(chain.entries, (soroban) => soroban.simulateRestore(header, keys)));
    }
    default:
      throw new SimulationFailure(`Transaction contains unsupported operation type: ${body.type}`);
  }
}

function readForSimulation(chain: Chain, params: Params) {
  try {
    return readTransaction(chain, text(params, 'transaction'));
  } catch (error) {
    if (error instanceof RpcError) throw new SimulationFailure('Could not unmarshal transaction');
    throw error;
  }
}

function withoutAuthMode(params: Params, keys: readonly xdr.LedgerKey[] | undefined): readonly xdr.LedgerKey[] {
  if (params.authMode) {
    throw new SimulationFailure('cannot set authMode with non-InvokeHostFunction operations');
  }
  if (!keys) {
    throw new SimulationFailure(
      'To perform a SimulateTransaction for ExtendFootprintTtl or RestoreFootprint operations, SorobanTransactionData must be provided',
    );
  }
  return keys;
}

function invocationRequest(
  chain: Chain,
  params: Params,
  op: xdr.InvokeHostFunctionOp,
  source: Uint8Array,
): SimulateRequest {
  const instructionLeeway = uint32(object(params, 'resourceConfig'), 'instructionLeeway');
  return {
    hostFunction: op.hostFunction.toXdr(),
    source,
    seed: chain.freshSeed(),
    authMode: authModeOf(params, op.auth.length > 0),
    auth: op.auth.map((entry) => entry.toXdr()),
    useAddressV2: params.useUpgradedAuth === true,
    ...(instructionLeeway > 0 ? { instructionLeeway } : {}),
  };
}

/** Signed entries are enforced, a call without any is recorded; both at once makes no sense. */
function authModeOf(params: Params, hasAuth: boolean): SimulateRequest['authMode'] {
  const mode = params.authMode || (hasAuth ? 'enforce' : 'record');
  if (mode === 'enforce') return mode;
  if (mode !== 'record' && mode !== 'record_allow_nonroot') {
    throw new SimulationFailure("optional 'authMode' must be one of enforce,record,record_allow_nonroot when included");
  }
  if (hasAuth) throw new SimulationFailure(`cannot set authMode to '${mode}' with an auth footprint`);
  return mode;
}

function invocationAnswer(chain: Chain, simulation: Simulation): object {
  if (!simulation.ok) throw new SimulationFailure(simulation.text, simulation.diagnosticEvents);
  const data = simulation.transactionData;
  if (!data) throw new SimulationFailure('the host gave no transaction data');
  return {
    ...dataFields(data),
    events: all64(simulation.diagnosticEvents),
    results: [{ auth: all64(simulation.auth), xdr: to64(simulation.returnValue) }],
    stateChanges: simulation.modified.flatMap((change) => stateChange(chain, change)),
  };
}

function stateChange(chain: Chain, { key, before, after }: Simulation['modified'][number]): unknown[] {
  if (!key || (!before && !after)) return [];
  // The host works on entries without the number of the ledger they change in; that would be the next one.
  const stamped = after && stamp(after, chain.nextMoment().sequence);
  const type = before ? (after ? 'updated' : 'deleted') : 'created';
  return [{ type, key: to64(key), before: before ? to64(before) : null, after: stamped ? to64(stamped) : null }];
}

function stamp(entry: Uint8Array, sequence: number): Uint8Array {
  const stamped = Buffer.from(entry);
  stamped.writeUInt32BE(sequence, 0);
  return stamped;
}

function ttlAnswer(simulated: { ok: true; transactionData: Uint8Array } | { ok: false; text: string }): object {
  if (!simulated.ok) throw new SimulationFailure(simulated.text);
  return { ...dataFields(simulated.transactionData), events: [] };
}

function dataFields(data: Uint8Array) {
  const { resourceFee } = xdr.SorobanTransactionData.fromXdr(data);
  return { transactionData: to64(data), minResourceFee: resourceFee.toString() };
}

function all64(values: readonly Uint8Array[]): string[] {
  return values.map(to64);
}

function to64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
