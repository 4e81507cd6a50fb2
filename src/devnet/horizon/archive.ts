/** Operations and transactions by account or claimable balance, built from the ledgers when Horizon is first asked about them. */
import type { Chain } from '../ledger/chain.ts';
import { payerOf } from '../ledger/close.ts';
import { accountText } from '../ledger/envelope.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { type HistoryOperation, historyOperations } from './operation-resource.ts';

export type Archive = {
  /** In order of their ids; of one account, or of one claimable balance by the hex of its id, if one is given. */
  operations(account?: string): readonly HistoryOperation[];
  transactions(account?: string): readonly TransactionRecord[];
};

export function createArchive({ history, network }: Chain): Archive {
  const all = createShelf();
  const byAccount = new Map<string, Shelf>();
  let next = 0;

  function catchUp(): void {
    const latest = history.latest().sequence;
    for (const { transactions } of history.ledgers(next, latest)) transactions.forEach(add);
    next = latest + 1;
  }

  function add(record: TransactionRecord): void {
    const operations = historyOperations(record, network.passphrase);
    all.operations.push(...operations);
    all.transactions.push(record);
    const { signed } = record;
    const named = [accountText(signed.source), accountText(payerOf(signed))];
    const involved = new Set([...named, ...operations.flatMap(({ participants }) => participants)]);
    for (const account of involved) {
      const shelf = byAccount.get(account) ?? createShelf();
      byAccount.set(account, shelf);
      shelf.transactions.push(record);
      shelf.operations.push(...operations.filter(({ participants }) => participants.includes(account)));
    }
  }

  function shelfOf(account: string | undefined): Shelf {
    catchUp();
    return account === undefined ? all : (byAccount.get(account) ?? createShelf());
  }

  return {
    operations: (account) => shelfOf(account).operations,
    transactions: (account) => shelfOf(account).transactions,
  };
}

type Shelf = { operations: HistoryOperation[]; transactions: TransactionRecord[] };

function createShelf(): Shelf {
  return { operations: [], transactions: [] };
}
