import { Operation, type xdr } from '@stellar/stellar-sdk/base';
import type { Units } from '../money.ts';
import { contractCall } from './account-transactions.ts';
import { addressValue, bytesValue, i128Value, u32Value } from './contract-values.ts';

/** What the vault's admin decides, and what the operator may do besides settling: pause. */
export type VaultAct =
  | { kind: 'add_payee' | 'remove_payee'; address: string }
  | { kind: 'set_operator' | 'set_treasury' | 'propose_admin'; address: string }
  | { kind: 'accept_admin' | 'apply_upgrade' | 'cancel_upgrade' | 'migrate' }
  /** `caller` signs: admin or operator. Bits of `flags`: 1 deposits, 2 settlement. */
  | { kind: 'pause'; caller: string; flags: number }
  | { kind: 'unpause'; flags: number }
  /** Tokens beyond what the vault owes; it refuses any other. */
  | { kind: 'sweep'; to: string; amount: Units }
  /** Hash of code that is on chain, hex. */
  | { kind: 'propose_upgrade'; hash: string };

export function vaultActOperation(vault: string, act: VaultAct): xdr.Operation {
  switch (act.kind) {
    case 'add_payee':
    case 'remove_payee':
    case 'set_operator':
    case 'set_treasury':
    case 'propose_admin':
      return contractCall(vault, act.kind, [addressValue(act.address)]);
    case 'accept_admin':
    case 'apply_upgrade':
    case 'cancel_upgrade':
    case 'migrate':
      return contractCall(vault, act.kind, []);
    case 'pause':
      return contractCall(vault, 'pause', [addressValue(act.caller), u32Value(act.flags)]);
    case 'unpause':
      return contractCall(vault, 'unpause', [u32Value(act.flags)]);
    case 'sweep':
      return contractCall(vault, 'sweep', [addressValue(act.to), i128Value(act.amount)]);
    case 'propose_upgrade':
      return contractCall(vault, 'propose_upgrade', [bytesValue(Buffer.from(act.hash, 'hex'))]);
  }
}

/** Puts code on chain for an upgrade; its hash is the sha256 of the bytes. */
export function uploadOperation(wasm: Uint8Array): xdr.Operation {
  return Operation.uploadContractWasm({ wasm });
}
