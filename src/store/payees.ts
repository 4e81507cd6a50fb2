import type { RawDb } from './raw-db.ts';

/** Writes the chain's word of a ledger on whether a payee is listed, unless a later one is known; in the caller's transaction. */
export type PutPayee = (address: string, listed: boolean, ledger: number) => void;

export function createPutPayee(db: RawDb): PutPayee {
  const put = db.prepare(
    `INSERT INTO payees (address, listed, ledger) VALUES (?, ?, ?)
     ON CONFLICT (address) DO UPDATE SET listed = excluded.listed, ledger = excluded.ledger
     WHERE excluded.ledger >= payees.ledger`,
  );
  return (address, listed, ledger) => void put.run(address, listed ? 1 : 0, ledger);
}
