/** The ledger's present entries of one type. A walk over all keys, of which only those of the type are decoded. */
import { xdr } from '@stellar/stellar-sdk';
import type { Chain } from '../ledger/chain.ts';

export type PresentEntry = { key: string; entry: xdr.LedgerEntry };

/** Keys begin with their type's number, in eight hex digits. */
const PREFIX = { account: '00000000', trustline: '00000001', claimableBalance: '00000004', contractData: '00000006' };

export function* presentEntries(
  { entries }: Pick<Chain, 'entries'>,
  type: keyof typeof PREFIX,
): Iterable<PresentEntry> {
  for (const key of entries.keys()) {
    if (!key.startsWith(PREFIX[type])) continue;
    const stored = entries.get(key);
    if (stored) yield { key, entry: xdr.LedgerEntry.fromXdr(stored.entry) };
  }
}
