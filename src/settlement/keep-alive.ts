import type { EntryLife } from '../stellar/vault-lives.ts';

/** At about five seconds a ledger. */
export const ledgersPerDay = 17_280;

/** What the keeper does next: lists of keys, each for one transaction. */
export type KeepAlivePlan = { restore: string[][]; extend: string[][] };

/** Looks are hours apart and a provider can be down for days: a week is time enough for several of them. */
export const extendBelowLedgers = 7 * ledgersPerDay;
/** As long as a deposit extends the contract: what is paid further ahead is lost when nobody comes any more. */
export const extendToLedgers = 14 * ledgersPerDay;
/** Keys of one transaction: their rent stays below what one may cost, and far below the network's limit of entries. */
export const keysPerTransactionMax = 40;

/**
 * Live entries near their end are extended, archived ones of the contract and of payees restored. An archived account
 * stays so until somebody needs it: nobody used it for a month, and settle brings it back by itself.
 */
export function planKeepAlive(ledger: number, entries: readonly EntryLife[]): KeepAlivePlan {
  const archived = entries.filter((entry) => entry.liveUntilLedger < ledger && entry.of !== 'account');
  const ending = entries.filter(
    ({ liveUntilLedger }) => liveUntilLedger >= ledger && liveUntilLedger - ledger < extendBelowLedgers,
  );
  return { restore: inParts(archived), extend: inParts(ending) };
}

function inParts(entries: EntryLife[]): string[][] {
  const keys = entries.map(({ keyXdr }) => keyXdr);
  const parts: string[][] = [];
  for (let start = 0; start < keys.length; start += keysPerTransactionMax) {
    parts.push(keys.slice(start, start + keysPerTransactionMax));
  }
  return parts;
}
