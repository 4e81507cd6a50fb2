import { xdr } from '@stellar/stellar-sdk';
import { ledgerCloseMeta } from '../ledger/meta.ts';
import type { LedgerRecord } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';

/** LedgerCloseMeta of a ledger. */
export function closeMetaXdr(ledger: LedgerRecord): Uint8Array {
  return ledgerCloseMeta(ledger, ledger.transactions.map(resultMeta)).toXdr();
}

function resultMeta(record: TransactionRecord): xdr.TransactionResultMetaV1 {
  return new xdr.TransactionResultMetaV1({
    ext: xdr.ExtensionPoint.v0(),
    result: new xdr.TransactionResultPair({
      transactionHash: new xdr.Hash(Buffer.from(record.hash, 'hex')),
      result: xdr.TransactionResult.fromXdr(record.result),
    }),
    feeProcessing: record.feeChanges,
    txApplyProcessing: xdr.TransactionMeta.fromXdr(record.meta),
    postTxApplyFeeProcessing: record.refundChanges,
  });
}
