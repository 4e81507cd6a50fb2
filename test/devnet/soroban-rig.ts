import { type Keypair, rpc, SorobanDataBuilder, type Transaction, TransactionBuilder, xdr } from '@stellar/stellar-sdk';
import { type EntryStore, keyText } from '../../src/devnet/ledger/entries.ts';
import { simulateMethods } from '../../src/devnet/rpc/simulate-method.ts';
import type { ChainRig, Submitted } from './chain-rig.ts';

/** Contract transactions on a ledger without HTTP: simulated, assembled, signed and sent as clients do. */
export type SorobanRig = ReturnType<typeof sorobanRig>;

export function sorobanRig(rig: ChainRig) {
  function simulate(tx: Transaction, params: Record<string, unknown> = {}): rpc.Api.RawSimulateTransactionResponse {
    const { simulateTransaction } = simulateMethods;
    if (!simulateTransaction) throw new Error('no such method');
    return simulateTransaction(
      { transaction: tx.toXdr(), ...params },
      rig.chain,
    ) as rpc.Api.RawSimulateTransactionResponse;
  }

  function prepared(source: Keypair, operation: xdr.Operation, fee = '100'): TransactionBuilder {
    const tx = rig.build(source, [operation], { fee });
    return rpc.assembleTransaction(tx, simulate(tx));
  }

  /** For operations that only have a footprint. */
  function preparedWith(source: Keypair, operation: xdr.Operation, data: SorobanDataBuilder): TransactionBuilder {
    const tx = TransactionBuilder.cloneFrom(rig.build(source, [operation]))
      .setSorobanData(data.build())
      .build();
    return rpc.assembleTransaction(tx, simulate(tx));
  }

  function send(source: Keypair, builder: TransactionBuilder): Submitted {
    const tx = builder.build();
    tx.sign(source);
    return rig.submitSigned(tx);
  }

  /** Makes an entry look as if its last ledger had passed. */
  function expire(key: xdr.LedgerKey): void {
    const store = rig.chain.entries as EntryStore;
    const stored = store.get(keyText(key));
    if (!stored) throw new Error('no such entry');
    store.set(keyText(key), { ...stored, liveUntil: rig.chain.history.latest().sequence });
    // A simulation runs in the latest ledger, of which this entry still is.
    rig.chain.closeLedger();
  }

  return {
    simulate,
    prepared,
    preparedWith,
    send,
    expire,
    run: (source: Keypair, operation: xdr.Operation) => send(source, prepared(source, operation)),
    liveUntil: (key: xdr.LedgerKey) => rig.chain.entries.get(keyText(key))?.liveUntil ?? 0,
  };
}

/** The code of the transaction, or of its first operation. */
export function resultOf({ answer, record }: Submitted): string {
  const result = answer.status === 'ERROR' ? answer.result : record && xdr.TransactionResult.fromXdr(record.result);
  if (result?.result.type !== 'txFailed' && result?.result.type !== 'txSuccess') return result?.result.type ?? '';
  const [first] = result.result.results;
  return first?.type === 'opInner' ? first.tr.value.type : (first?.type ?? '');
}

/** The same transaction with other resources. */
export function withData(builder: TransactionBuilder, change: (data: SorobanDataBuilder) => SorobanDataBuilder) {
  const tx = builder.build();
  const data = change(new SorobanDataBuilder(sorobanDataOf(tx))).build();
  return TransactionBuilder.cloneFrom(tx).setSorobanData(data);
}

export function sorobanDataOf(tx: Transaction): xdr.SorobanTransactionData {
  const envelope = tx.toEnvelope();
  if (envelope.type !== 'envelopeTypeTx' || envelope.v1.tx.ext.type !== 'sorobanData') {
    throw new Error('not a Soroban transaction');
  }
  return envelope.v1.tx.ext.sorobanData;
}
