import { HorizonError } from '../stellar/horizon.ts';
import { type BrokenRecord, ledgerOfPlace, type PaymentRecord } from '../stellar/horizon-records.ts';

/** A page of the deposit account's records, judged against the network that another server shows. Pure. */
export type ClassicRecord = PaymentRecord | BrokenRecord;

/**
 * A page in another order, or from before the cursor, comes from a server that ignores what it was asked, or makes places
 * up: a cursor set by it would skip payments.
 */
export function requireOrder(records: ClassicRecord[], cursor: string | undefined, newestLedger: number): void {
  let last = cursor ? BigInt(cursor) : 0n;
  let found = false;
  for (const { id } of records) {
    if (id === undefined) continue;
    const place = BigInt(id);
    if (place < last || (cursor && place === BigInt(cursor))) {
      throw new HorizonError('unreadable', `Horizon lists ${id} behind ${last}: the page is not in order`);
    }
    if (ledgerOfPlace(id) > newestLedger) {
      throw new HorizonError('unreadable', `Horizon lists ${id}, of a ledger that is not closed yet`);
    }
    last = place;
    found = true;
  }
  if (records.length > 0 && !found) {
    throw new HorizonError('unreadable', 'Horizon: no record of the page names its place on chain');
  }
}

/**
 * The records of ledgers up to this one. A later one that only Horizon tells of is read again when the network has come so
 * far: a cursor set by one that was made up would skip all payments before it.
 */
export function recordsUpTo(records: ClassicRecord[], ledger: number): ClassicRecord[] {
  const beyond = records.findIndex(({ id }) => id !== undefined && ledgerOfPlace(id) > ledger);
  return beyond < 0 ? records : records.slice(0, beyond);
}

/** The place of the last record that names one. */
export function lastPlace(records: ClassicRecord[]): string | undefined {
  return records.findLast(({ id }) => id !== undefined)?.id;
}

/** The newest close time of a record, ms. */
export function lastClosedAt(records: ClassicRecord[], before: number): number {
  return records.reduce((time, record) => ('broken' in record ? time : Math.max(time, record.closedAtMs)), before);
}
