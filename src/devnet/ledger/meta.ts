/** What a ledger tells about itself: transaction meta, transaction sets and the meta of the whole close. */

import { xdr } from '@stellar/stellar-sdk';
import { LIVE_STATE_BYTES } from '../network-settings.ts';
import type { AppliedTransaction, SorobanReceipt } from './apply.ts';
import { BASE_FEE_STROOPS } from './balances.ts';
import { keyBytes, ttlKeyOf } from './entries.ts';
import type { ClosedHeader } from './header.ts';
import type { LedgerRecord } from './records.ts';
import { succeeded } from './results.ts';

const Ext = xdr.ExtensionPoint;

/** Fees and return value of a Soroban transaction are only told of one that succeeded. */
export function transactionMeta(applied: AppliedTransaction, events: xdr.TransactionEvent[]): xdr.TransactionMeta {
  const { changesBefore, operationChanges, operationEvents, soroban } = applied;
  const operations = operationChanges.map(
    (changes, index) => new xdr.OperationMetaV2({ ext: Ext.v0(), changes, events: operationEvents[index] ?? [] }),
  );
  return xdr.TransactionMeta.v4(
    new xdr.TransactionMetaV4({
      ext: Ext.v0(),
      txChangesBefore: changesBefore,
      operations,
      txChangesAfter: [],
      sorobanMeta: soroban && succeeded(applied.outcome) ? sorobanMeta(soroban) : null,
      events,
      diagnosticEvents: soroban?.diagnostics ?? [],
    }),
  );
}

function sorobanMeta(receipt: SorobanReceipt): xdr.SorobanTransactionMetaV2 {
  const v1 = new xdr.SorobanTransactionMetaExtV1({
    ext: Ext.v0(),
    totalNonRefundableResourceFeeCharged: receipt.nonRefundable,
    totalRefundableResourceFeeCharged: receipt.refundable,
    rentFeeCharged: receipt.rentFee,
  });
  return new xdr.SorobanTransactionMetaV2({
    ext: xdr.SorobanTransactionMetaExt.v1(v1),
    returnValue: receipt.returnValue ?? null,
  });
}

/** What each operation is charged for inclusion, stroops. */
export type BaseFees = Readonly<{ classic: bigint; soroban: bigint }>;

/** Of a ledger that had room for all. */
export const usualBaseFees: BaseFees = { classic: BASE_FEE_STROOPS, soroban: BASE_FEE_STROOPS };

/** Classic transactions first, then Soroban's, each in the order they were applied. */
export function transactionSet(
  previousLedgerHash: Uint8Array,
  classic: xdr.TransactionEnvelope[],
  soroban: xdr.TransactionEnvelope[],
  baseFees: BaseFees,
): xdr.GeneralizedTransactionSet {
  const component = xdr.TxSetComponent.txsetCompTxsMaybeDiscountedFee(
    new xdr.TxSetComponentTxsMaybeDiscountedFee({ baseFee: baseFees.classic, txs: classic }),
  );
  const stages = new xdr.ParallelTxsComponent({
    baseFee: baseFees.soroban,
    executionStages: soroban.length > 0 ? [[soroban]] : [],
  });
  return xdr.GeneralizedTransactionSet.v1TxSet(
    new xdr.TransactionSetV1({
      previousLedgerHash: new xdr.Hash(previousLedgerHash),
      phases: [
        xdr.TransactionPhase.v0Components(classic.length > 0 ? [component] : []),
        xdr.TransactionPhase.parallelTxsComponent(stages),
      ],
    }),
  );
}

export function headerEntry({ header, hash }: ClosedHeader): xdr.LedgerHeaderHistoryEntry {
  return new xdr.LedgerHeaderHistoryEntry({
    hash: new xdr.Hash(hash),
    header,
    ext: xdr.LedgerHeaderHistoryEntryExt.v0(),
  });
}

export function ledgerCloseMeta(
  { closed, txSet, upgrades, evicted }: Pick<LedgerRecord, 'closed' | 'txSet' | 'upgrades' | 'evicted'>,
  txProcessing: xdr.TransactionResultMetaV1[],
): xdr.LedgerCloseMeta {
  return xdr.LedgerCloseMeta.v2(
    new xdr.LedgerCloseMetaV2({
      ext: xdr.LedgerCloseMetaExt.v0(),
      ledgerHeader: headerEntry(closed),
      txSet,
      txProcessing,
      upgradesProcessing: upgrades.map(({ upgrade, changes }) => new xdr.UpgradeEntryMeta({ upgrade, changes })),
      scpInfo: [],
      totalByteSizeOfLiveSorobanState: LIVE_STATE_BYTES,
      evictedKeys: evicted.flatMap((key) => [xdr.LedgerKey.fromXdr(keyBytes(key)), ttlKeyOf(key)]),
    }),
  );
}
