/**
 * Operations and transactions by account or claimable balance, built from the ledgers when Horizon is first asked about
 * them, and forgotten when history forgets their ledgers.
 */
import type { Chain } from '../ledger/chain.ts';
import { payerOf } from '../ledger/close.ts';
import { accountText } from '../ledger/envelope.ts';
import { toid } from '../ledger/records.ts';
import type { TransactionRecord } from '../ledger/transaction-record.ts';
import { type HistoryOperation, historyOperations } from './operation-resource.ts';
import type { Items } from './page.ts';
import { Tail } from './tail.ts';
import { transactionToid } from './transaction-resource.ts';

export type Archive = {
  /** In order of their ids; of one account, or of one claimable balance by the hex of its id, if one is given. */
  operations(account?: string): Items<HistoryOperation>;
  transactions(account?: string): Items<TransactionRecord>;
  /** How many accounts and claimable balances have a list of their own. */
  owners(): number;
};

export function createArchive({ history, network }: Pick<Chain, 'history' | 'network'>): Archive {
  const all = createShelf();
  const byAccount = new Map<string, Shelf>();
  let next = 0;
  history.onForgotten((oldest) => forget(toid(oldest, 0, 0)));

  function catchUp(): void {
    const latest = history.latest().sequence;
    for (const { transactions } of history.ledgers(next, latest)) transactions.forEach(add);
    next = latest + 1;
  }

  function add(record: TransactionRecord): void {
    const operations = historyOperations(record, network.passphrase);
    for (const operation of operations) all.operations.push(operation);
    all.transactions.push(record);
    for (const account of involvedIn([record], operations)) {
      const shelf = byAccount.get(account) ?? createShelf();
      byAccount.set(account, shelf);
      shelf.transactions.push(record);
      for (const operation of operations)
        if (operation.participants.includes(account)) shelf.operations.push(operation);
    }
  }

  function forget(before: bigint): void {
    const operations = all.operations.shed(before);
    for (const account of involvedIn(all.transactions.shed(before), operations)) {
      const shelf = byAccount.get(account);
      shelf?.operations.shed(before);
      shelf?.transactions.shed(before);
      // Whoever has an operation has its transaction.
      if (shelf?.transactions.length === 0) byAccount.delete(account);
    }
  }

  function shelfOf(account: string | undefined): Shelf {
    catchUp();
    return account === undefined ? all : (byAccount.get(account) ?? createShelf());
  }

  return {
    operations: (account) => shelfOf(account).operations,
    transactions: (account) => shelfOf(account).transactions,
    owners: () => byAccount.size,
  };
}

function involvedIn(records: readonly TransactionRecord[], operations: readonly HistoryOperation[]): Set<string> {
  const named = records.flatMap(({ signed }) => [accountText(signed.source), accountText(payerOf(signed))]);
  return new Set([...named, ...operations.flatMap(({ participants }) => participants)]);
}

type Shelf = { operations: Tail<HistoryOperation>; transactions: Tail<TransactionRecord> };

function createShelf(): Shelf {
  return { operations: new Tail(({ id }) => id), transactions: new Tail(transactionToid) };
}
