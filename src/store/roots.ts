import type { RawDb } from './raw-db.ts';

/** The roots of confirmed batches: public, and never changed once they are there. */
export type Roots = {
  /** Batches of a lane above `after`, lowest first. */
  page(lane: number, after: number, limit: number): RootRow[];
  /** Lanes that this database knows, each with its newest confirmed batch. */
  lanes(): { lane: number; last: RootRow | undefined }[];
};

export type RootRow = {
  batch: number;
  /** Hex. */
  root: string;
  ledger: number;
  /** Undefined when only the accounts on chain told that the batch had been settled. */
  txHash: string | undefined;
};

type Stored = { batch: number; root: string; ledger: number; txHash: string | null };

export function createRoots(db: RawDb): Roots {
  const select = `SELECT batch, root, ledger, tx_hash AS txHash FROM batches WHERE lane = ? AND state = 'confirmed'`;
  const page = db.prepare<[number, number, number], Stored>(`${select} AND batch > ? ORDER BY batch LIMIT ?`);
  const newest = db.prepare<[number], Stored>(`${select} ORDER BY batch DESC LIMIT 1`);
  const lanes = db.prepare<[], number>('SELECT lane FROM lanes ORDER BY lane').pluck();
  return {
    page: (lane, after, limit) => page.all(lane, after, limit).map(toRow),
    lanes: () =>
      lanes.all().map((lane) => {
        const last = newest.get(lane);
        return { lane, last: last && toRow(last) };
      }),
  };
}

/** The search by accounts has no transaction to name and stores an empty hash. */
function toRow({ txHash, ...row }: Stored): RootRow {
  return { ...row, txHash: txHash || undefined };
}
