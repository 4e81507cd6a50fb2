/** What simulateTransaction is asked: read and refused in the order of the real server. */
import type { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';
import type { SignedTransaction } from '../ledger/envelope.ts';
import { flag, optional, struct, text, uint64 } from './decode-params.ts';
import { readTransaction } from './envelopes.ts';
import { formatProblem } from './xdr-output.ts';

export const simulateRequest = struct('SimulateTransactionRequest', {
  transaction: text,
  resourceConfig: optional(struct('ResourceConfig', { instructionLeeway: uint64 })),
  authMode: text,
  xdrFormat: text,
  useUpgradedAuth: flag,
});
export type SimulateParams = ReturnType<typeof simulateRequest>;

export type AuthMode = 'enforce' | 'record' | 'record_allow_nonroot';

/** What is to be simulated: the one operation that such a transaction has. */
export type Simulated = {
  signed: SignedTransaction;
  operation: xdr.Operation;
  work:
    | { type: 'invoke'; op: xdr.InvokeHostFunctionOp; authMode: AuthMode }
    | { type: 'extend'; extendTo: number; keys: readonly xdr.LedgerKey[] }
    | { type: 'restore'; keys: readonly xdr.LedgerKey[] };
};

/** A request that is refused before the ledger is looked at; the text is part of the answer, not a JSON-RPC error. */
export class EarlyRefusal extends Error {
  override readonly name = 'EarlyRefusal';
}

export function readSimulated(params: SimulateParams, chain: Chain): Simulated {
  const formatWrong = formatProblem(params.xdrFormat);
  if (formatWrong) throw new EarlyRefusal(formatWrong);
  const signed = readTransaction(chain, params.transaction);
  if (!signed) throw new EarlyRefusal('Could not unmarshal transaction');
  const [operation, ...others] = signed.tx.operations;
  if (!operation || others.length > 0) throw new EarlyRefusal('Transaction contains more than one operation');
  if (signed.tx.memo.type !== 'memoNone') {
    throw new EarlyRefusal('Transaction contains a memo. Soroban transactions do not support memos.');
  }
  return { signed, operation, work: workOf(operation, signed, params.authMode) };
}

function workOf({ body }: xdr.Operation, signed: SignedTransaction, mode: string): Simulated['work'] {
  if (!isAuthMode(mode) && mode !== '') {
    throw new EarlyRefusal("optional 'authMode' must be one of enforce,record,record_allow_nonroot when included");
  }
  switch (body.type) {
    case 'invokeHostFunction': {
      const op = body.invokeHostFunctionOp;
      return { type: 'invoke', op, authMode: authModeOf(mode, op.auth.length > 0) };
    }
    case 'extendFootprintTtl': {
      const { extendTo } = body.extendFootprintTtlOp;
      return { type: 'extend', extendTo, keys: footprintOf(signed, mode).readOnly };
    }
    case 'restoreFootprint':
      return { type: 'restore', keys: footprintOf(signed, mode).readWrite };
    default: {
      const name = `${body.type.charAt(0).toUpperCase()}${body.type.slice(1)}`;
      throw new EarlyRefusal(`transaction contains unsupported operation type: OperationType${name}`);
    }
  }
}

function isAuthMode(mode: string): mode is AuthMode {
  return ['enforce', 'record', 'record_allow_nonroot'].includes(mode);
}

/** Signed entries are enforced, a call without any is recorded; both at once makes no sense. */
function authModeOf(mode: AuthMode | '', hasAuth: boolean): AuthMode {
  if (mode === '') return hasAuth ? 'enforce' : 'record';
  if (hasAuth && mode !== 'enforce') throw new EarlyRefusal(`cannot set authMode to '${mode}' with an auth footprint`);
  return mode;
}

function footprintOf({ sorobanData }: SignedTransaction, mode: string): xdr.LedgerFootprint {
  if (mode !== '') throw new EarlyRefusal('cannot set authMode with non-InvokeHostFunction operations');
  if (sorobanData) return sorobanData.resources.footprint;
  throw new EarlyRefusal(
    'To perform a SimulateTransaction for ExtendFootprintTtl or RestoreFootprint operations, SorobanTransactionData must be provided',
  );
}
