import fs from 'node:fs';
import { openSqlite } from '../../src/store/open-sqlite.ts';

/** What a database holds that no process has open, or a copy of one. */
export type LeftBooks = {
  charges: Set<string>;
  /** Number of the last batch in lane 0 that may have been sent. */
  lastSent: number;
  /** By address; units of 1e-7 USDC. */
  accounts: Map<string, LeftAccount>;
};

export type LeftAccount = {
  deposited: bigint;
  settled: bigint;
  withdrawn: bigint;
  /** Charges less refunds. */
  net: bigint;
  /** What the vault has taken for charges that are not in this database. */
  elsewhere: bigint;
  /** Debts, what is kept from a payee, and what was written off: nothing here makes any. */
  owed: bigint;
};

type Row = { address: string } & Record<keyof LeftAccount, number>;

const lastSent = "SELECT MAX(batch) FROM batches WHERE lane = 0 AND state <> 'sealed'";

/** Reads a copy of the files, so that the books stay as they were left. */
export function readLeftBooks(file: string): LeftBooks {
  const look = `${file}.look`;
  copyWithLog(file, look);
  const db = openSqlite(look, { fileMustExist: true });
  try {
    const rows = db.prepare<[], Row>(
      `SELECT a.address, a.deposited, a.settled, a.withdrawn, a.settled_elsewhere AS elsewhere,
        a.receivable + a.held_for_payee + a.written_off AS owed,
        (SELECT COALESCE(SUM(c.price), 0) FROM charges c WHERE c.account_id = a.id)
        - (SELECT COALESCE(SUM(r.amount), 0) FROM refunds r JOIN charges c ON c.id = r.charge_id
           WHERE c.account_id = a.id) AS net
       FROM accounts a`,
    );
    return {
      charges: new Set(db.prepare<[], number>('SELECT id FROM charges').pluck().all().map(String)),
      lastSent: db.prepare<[], number>(lastSent).pluck().get() ?? 0,
      accounts: new Map(rows.all().map(({ address, ...amounts }) => [address, exact(amounts)])),
    };
  } finally {
    db.close();
    removeWithLog(look);
  }
}

export function copyWithLog(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-synced']) {
    if (fs.existsSync(from + suffix)) fs.copyFileSync(from + suffix, to + suffix);
  }
}

export function removeWithLog(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-synced']) fs.rmSync(file + suffix, { force: true });
}

function exact(amounts: Omit<Row, 'address'>): LeftAccount {
  const { deposited, settled, withdrawn, net, elsewhere, owed } = amounts;
  return {
    deposited: BigInt(deposited),
    settled: BigInt(settled),
    withdrawn: BigInt(withdrawn),
    net: BigInt(net),
    elsewhere: BigInt(elsewhere),
    owed: BigInt(owed),
  };
}
