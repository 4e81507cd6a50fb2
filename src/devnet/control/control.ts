/**
 * The devnet's own methods, beside Stellar RPC's on the same path: what a test needs of a network that no real network
 * offers. They are never met by faults, since they end them.
 */
import { z } from 'zod';
import { type Params, RpcError } from '../rpc/json-rpc.ts';
import { accountMethods } from './account-methods.ts';
import type { ControlDeps } from './deps.ts';
import { faultMethods } from './fault-methods.ts';
import { ledgerMethods } from './ledger-methods.ts';
import type { ControlMethod } from './method.ts';

export type Control = {
  has(method: string): boolean;
  /** Rejects with an RpcError that names the field and what it may be. */
  call(method: string, params: Params): Promise<unknown>;
};

export function createControl(deps: ControlDeps): Control {
  const methods: Readonly<Record<string, ControlMethod>> = {
    ...ledgerMethods(deps),
    ...accountMethods(deps),
    ...faultMethods(deps),
  };
  return {
    has: (method) => Object.hasOwn(methods, method),
    async call(method, params) {
      const found = methods[method];
      if (!found) throw new RpcError('methodNotFound', 'method not found', method);
      const read = found.params.safeParse(params ?? {});
      if (!read.success) throw new RpcError('invalidParams', `${method}: ${z.prettifyError(read.error)}`);
      try {
        return await found.run(read.data);
      } catch (error) {
        // What a method refuses, such as a time before the latest ledger's, is the caller's mistake.
        if (error instanceof RangeError) throw new RpcError('invalidParams', `${method}: ${error.message}`);
        throw error;
      }
    },
  };
}
