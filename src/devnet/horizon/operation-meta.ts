/** What a transaction's meta and result say of each of its operations. */
import { xdr } from '@stellar/stellar-sdk';
import { keyText } from '../ledger/entries.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';

/** An entry before and after an operation; undefined where there was, or is, none. */
export type EntryPair = { before: xdr.LedgerEntry | undefined; after: xdr.LedgerEntry | undefined };

export type OperationMeta = {
  /** In order of the entries' first change. Ledgers that entries live until are no entries of their own here. */
  readonly pairs: readonly EntryPair[];
  readonly events: readonly xdr.ContractEvent[];
  /** Undefined for codes that all operations share. */
  readonly result: xdr.OperationResultTr | undefined;
};

/** One for each operation of a successful transaction; none for one that failed. */
export function operationMetas(record: TransactionRecord): OperationMeta[] {
  if (!record.successful) return [];
  const meta = xdr.TransactionMeta.fromXdr(record.meta);
  if (meta.type !== 'v4') return [];
  const results = resultsOf(xdr.TransactionResult.fromXdr(record.result));
  return meta.v4.operations.map(({ changes, events }, index) => {
    const result = results[index];
    return { pairs: pairsOf(changes), events, result: result?.type === 'opInner' ? result.tr : undefined };
  });
}

function resultsOf({ result }: xdr.TransactionResult): readonly xdr.OperationResult[] {
  switch (result.type) {
    case 'txSuccess':
    case 'txFailed':
      return result.results;
    case 'txFeeBumpInnerSuccess':
    case 'txFeeBumpInnerFailed': {
      const inner = result.innerResultPair.result.result;
      return inner.type === 'txSuccess' || inner.type === 'txFailed' ? inner.results : [];
    }
    default:
      return [];
  }
}

/** Pairs of meta's list of changes: a state goes before an update or a removal, a restoration counts as one. */
function pairsOf(changes: readonly xdr.LedgerEntryChange[]): EntryPair[] {
  const pairs = new Map<string, EntryPair>();
  for (const change of changes) {
    switch (change.type) {
      case 'ledgerEntryState':
      case 'ledgerEntryRestored': {
        const entry = change.value as xdr.LedgerEntry;
        pairs.set(keyOf(entry), { before: entry, after: entry });
        break;
      }
      case 'ledgerEntryCreated':
      case 'ledgerEntryUpdated': {
        const entry = change.value as xdr.LedgerEntry;
        const key = keyOf(entry);
        pairs.set(key, { before: pairs.get(key)?.before, after: entry });
        break;
      }
      case 'ledgerEntryRemoved': {
        const key = keyText(change.removed);
        pairs.set(key, { before: pairs.get(key)?.before, after: undefined });
      }
    }
  }
  return [...pairs.values()].filter((pair) => (pair.before ?? pair.after)?.data.type !== 'ttl');
}

function keyOf({ data }: xdr.LedgerEntry): string {
  switch (data.type) {
    case 'account':
      return keyText(xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: data.account.accountId })));
    case 'trustline': {
      const { accountId, asset } = data.trustLine;
      return keyText(xdr.LedgerKey.trustline(new xdr.LedgerKeyTrustLine({ accountId, asset })));
    }
    case 'data': {
      const { accountId, dataName } = data.data;
      return keyText(xdr.LedgerKey.data(new xdr.LedgerKeyData({ accountId, dataName })));
    }
    case 'claimableBalance': {
      const { balanceId } = data.claimableBalance;
      return keyText(xdr.LedgerKey.claimableBalance(new xdr.LedgerKeyClaimableBalance({ balanceId })));
    }
    case 'contractData': {
      const { contract, key, durability } = data.contractData;
      return keyText(xdr.LedgerKey.contractData(new xdr.LedgerKeyContractData({ contract, key, durability })));
    }
    case 'contractCode':
      return keyText(xdr.LedgerKey.contractCode(new xdr.LedgerKeyContractCode({ hash: data.contractCode.hash })));
    default:
      return Buffer.from(data.toXdr()).toString('hex');
  }
}
