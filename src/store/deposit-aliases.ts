import type { RawDb, Write } from './raw-db.ts';

/** Which number stands for which account in the memo of a classic payment. */
export type DepositAliases = {
  owner(alias: string): { accountId: number; address: string } | undefined;
  /** `taken` when the number already stands for another account: that stays as it is. */
  add(alias: string, accountId: number): 'added' | 'known' | 'taken';
  /** Accounts above this id, in the order they came. */
  accountsAfter(accountId: number, limit: number): { accountId: number; address: string }[];
};

export function createDepositAliases(db: RawDb, write: Write): DepositAliases {
  const owner = db.prepare<[string], { accountId: number; address: string }>(
    `SELECT a.id AS accountId, a.address FROM deposit_aliases d JOIN accounts a ON a.id = d.account_id WHERE d.alias = ?`,
  );
  const insert = db.prepare('INSERT INTO deposit_aliases (alias, account_id) VALUES (?, ?)');
  const after = db.prepare<[number, number], { accountId: number; address: string }>(
    'SELECT id AS accountId, address FROM accounts WHERE id > ? ORDER BY id LIMIT ?',
  );
  return {
    owner: (alias) => owner.get(alias),
    add(alias, accountId) {
      const known = owner.get(alias);
      if (known) return known.accountId === accountId ? 'known' : 'taken';
      write(() => insert.run(alias, accountId));
      return 'added';
    },
    accountsAfter: (accountId, limit) => after.all(accountId, limit),
  };
}
