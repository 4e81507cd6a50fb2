import { type Keypair, rpc, type Transaction, type xdr } from '@stellar/stellar-sdk';
import { simulateMethods } from '../../src/devnet/rpc/simulate-method.ts';
import type { ChainRig } from './chain-rig.ts';

/** A contract transaction with the resources and the authorization that its simulation gave it, signed by its source. */
export function prepared(rig: ChainRig, source: Keypair, operation: xdr.Operation): Transaction {
  const tx = rig.build(source, [operation]);
  const answer = simulateMethods.simulateTransaction?.({ transaction: tx.toXdr() }, rig.chain);
  const assembled = rpc.assembleTransaction(tx, answer as rpc.Api.RawSimulateTransactionResponse).build();
  assembled.sign(source);
  return assembled;
}
