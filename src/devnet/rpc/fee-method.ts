/** getFeeStats: what recent transactions were charged for inclusion. */
import { xdr } from '@stellar/stellar-sdk';
import { feeDistribution } from '../ledger/fee-distribution.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { method, struct } from './decode-params.ts';
import type { RpcMethods } from './json-rpc.ts';

/** How many ledgers back each kind of transaction is looked at, as the real server does by default. */
const WINDOW_LEDGERS = { soroban: 50, classic: 10 } as const;

export const feeMethods: RpcMethods = {
  getFeeStats: method(struct('GetFeeStatsRequest', {}), (_request, { history }) => ({
    sorobanInclusionFee: distribution(history, 'soroban'),
    inclusionFee: distribution(history, 'classic'),
    latestLedger: history.latest().sequence,
  })),
};

/** All zeros, the number of ledgers too, where nothing was charged. */
function distribution(history: History, lane: keyof Charged) {
  const last = history.latest().sequence;
  const ledgers = [...history.ledgers(last - WINDOW_LEDGERS[lane] + 1, last)];
  const fees = ledgers.flatMap((ledger) => chargedIn(ledger)[lane]);
  const named = Object.entries(feeDistribution(fees, 0n)).map(([name, fee]) => [name, String(fee)]);
  return {
    ...Object.fromEntries(named),
    transactionCount: String(fees.length),
    ledgerCount: fees.length === 0 ? 0 : ledgers.length,
  };
}

/** Stroops for each operation. */
type Charged = { classic: bigint[]; soroban: bigint[] };

/** A ledger is read once, however often somebody asks. */
const known = new WeakMap<LedgerRecord, Charged>();

function chargedIn(ledger: LedgerRecord): Charged {
  const before = known.get(ledger);
  if (before) return before;
  const charged: Charged = { classic: [], soroban: [] };
  for (const record of ledger.transactions) {
    const fee = record.soroban ? sorobanFee(record) : classicFee(record);
    if (fee !== undefined) charged[record.soroban ? 'soroban' : 'classic'].push(fee);
  }
  known.set(ledger, charged);
  return charged;
}

/** A fee bump's own operation is not counted: one around a single operation is told as twice the fee. */
function classicFee({ signed, feeChargedStroops }: TransactionRecord): bigint | undefined {
  const operations = BigInt(signed.tx.operations.length);
  return operations === 0n ? undefined : feeChargedStroops / operations;
}

/** Without what its resources cost, which only the meta of those that succeeded tells. */
function sorobanFee({ meta, feeChargedStroops }: TransactionRecord): bigint | undefined {
  const read = xdr.TransactionMeta.fromXdr(meta);
  const ext = read.type === 'v4' ? read.v4.sorobanMeta?.ext : undefined;
  if (ext?.type !== 'v1') return undefined;
  const { totalNonRefundableResourceFeeCharged, totalRefundableResourceFeeCharged } = ext.v1;
  return feeChargedStroops - totalNonRefundableResourceFeeCharged - totalRefundableResourceFeeCharged;
}
