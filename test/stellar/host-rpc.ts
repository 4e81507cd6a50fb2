import { TransactionBuilder, xdr } from '@stellar/stellar-sdk/base';
import type { Rpc } from '../../src/stellar/rpc.ts';
import { type HostLedger, hex, hostPassphrase } from '../support/host-ledger.ts';

/** The part of an RPC server that building a settle call needs, over the real contract host and a map of entries. */
export function hostRpc(ledger: HostLedger): Rpc {
  const absent = async () => {
    throw new Error('not served here');
  };
  return {
    passphrase: hostPassphrase,
    verifyNetwork: async () => undefined,
    health: async () => ({ latestLedger: ledger.header.sequence, oldestLedger: 1 }),
    latestLedger: async () => ({ ledger: ledger.header.sequence, closedAtS: ledger.header.closeTimeSeconds }),
    events: absent,
    transaction: absent,
    send: absent,
    inclusionFeeStroops: async () => 100,
    async simulate(envelopeXdr) {
      const { source, hostFunction } = readInvocation(envelopeXdr);
      const result = ledger.host.simulate(ledger.header, {
        hostFunction: hostFunction.toXdr(),
        source: xdr.PublicKey.publicKeyTypeEd25519(source).toXdr(),
        seed: crypto.getRandomValues(new Uint8Array(32)),
        authMode: 'record',
      });
      const latestLedger = ledger.header.sequence;
      if (!result.ok) return { ok: false, latestLedger, error: result.text };
      const data = result.transactionData ? Buffer.from(result.transactionData).toString('base64') : '';
      return {
        ok: true,
        latestLedger,
        transactionDataXdr: data,
        minResourceFee: xdr.SorobanTransactionData.fromXdr(data, 'base64').resourceFee,
        returnXdr: Buffer.from(result.returnValue).toString('base64'),
        authXdr: result.auth.map((entry) => Buffer.from(entry).toString('base64')),
      };
    },
    async entries(keys) {
      const entries = keys.flatMap((keyXdr) => {
        const stored = ledger.entries.get(hex(Buffer.from(keyXdr, 'base64')));
        if (!stored) return [];
        const dataXdr = xdr.LedgerEntry.fromXdr(stored.entry).data.toXdr('base64');
        return [{ keyXdr, dataXdr, liveUntilLedger: stored.liveUntil }];
      });
      return { latestLedger: ledger.header.sequence, entries };
    },
  };
}

/** What an envelope asks of the host. */
export function readInvocation(envelopeXdr: string) {
  const transaction = TransactionBuilder.fromXdr(envelopeXdr, hostPassphrase);
  if (!('sequence' in transaction)) throw new Error('a fee bump');
  const envelope = transaction.toEnvelope();
  if (envelope.type !== 'envelopeTypeTx') throw new Error(`a ${envelope.type}`);
  const { tx } = envelope.v1;
  const body = tx.operations[0]?.body;
  if (body?.type !== 'invokeHostFunction' || tx.sourceAccount.type !== 'keyTypeEd25519')
    throw new Error('no invocation');
  return {
    source: tx.sourceAccount.ed25519,
    hostFunction: body.invokeHostFunctionOp.hostFunction,
    auth: body.invokeHostFunctionOp.auth.map((entry) => entry.toXdr()),
    data: tx.ext.type === 'sorobanData' ? tx.ext.sorobanData : undefined,
    feeStroops: tx.fee,
    memo: tx.memo.type,
  };
}
