import { openSqlite } from '../../src/store/open-sqlite.ts';

/** What a database that no process has open says was sold. Amounts in units of 1e-7 USDC. */
export type SoldBooks = {
  /** What each account bought of each payee. */
  lines: SoldLine[];
  /** Paid in, by account. */
  deposited: Map<string, bigint>;
  /** Charges less refunds and what is still to be settled, added up without a look at whose they are. */
  owed: bigint;
};

export type SoldLine = {
  account: string;
  payee: string;
  charged: Set<string>;
  refunded: number;
  /** Still to be settled. */
  waiting: bigint;
};

type Row = { id: number; account: string; payee: string; refunded: 0 | 1; waiting: number };

const calls = `SELECT c.id, a.address AS account, r.payee, f.charge_id IS NOT NULL AS refunded,
    CASE WHEN u.charge_id IS NULL THEN 0 ELSE c.price - COALESCE(f.amount, 0) END AS waiting
  FROM charges c JOIN accounts a ON a.id = c.account_id JOIN routes r ON r.id = c.route_id
    LEFT JOIN refunds f ON f.charge_id = c.id LEFT JOIN unsealed u ON u.charge_id = c.id`;

const owed = `SELECT COALESCE(SUM(c.price - COALESCE(f.amount, 0)), 0)
  FROM charges c LEFT JOIN refunds f ON f.charge_id = c.id
  WHERE c.id NOT IN (SELECT charge_id FROM unsealed)`;

export function readSoldBooks(file: string): SoldBooks {
  const db = openSqlite(file, { fileMustExist: true });
  try {
    const lines = new Map<string, SoldLine>();
    for (const { id, account, payee, refunded, waiting } of db.prepare<[], Row>(calls).iterate()) {
      const key = `${account} ${payee}`;
      const line = lines.get(key) ?? { account, payee, charged: new Set(), refunded: 0, waiting: 0n };
      line.charged.add(String(id));
      line.refunded += refunded;
      line.waiting += BigInt(waiting);
      lines.set(key, line);
    }
    const paidIn = db.prepare<[], { address: string; deposited: number }>('SELECT address, deposited FROM accounts');
    return {
      lines: [...lines.values()],
      deposited: new Map(paidIn.all().map(({ address, deposited }) => [address, BigInt(deposited)])),
      owed: BigInt(db.prepare<[], number>(owed).pluck().get() ?? 0),
    };
  } finally {
    db.close();
  }
}
