/**
 * Changes on top of a ledger that can be thrown away: an operation works on a stage over its transaction's stage,
 * which lies over the ledger's. Committing moves the changes one level down; what is never committed never was.
 */
import { xdr } from '@stellar/stellar-sdk';
import { type EntryView, entryExtension, type KeyText, keyOfEntry, type StoredEntry } from './entries.ts';

export type StagedChange = { key: KeyText; before: StoredEntry | undefined; after: StoredEntry | undefined };

export type LedgerStage = EntryView & {
  /** The ledger being built; written into each changed entry. */
  readonly sequence: number;
  set(key: KeyText, entry: StoredEntry): void;
  delete(key: KeyText): void;
  /** Stores a classic entry under its own key. Who sponsors it stays as it is, unless told: null for nobody. */
  write(data: xdr.LedgerEntryData, options?: { sponsor?: xdr.PublicKey | null }): void;
  /** What differs from the level below, in order of first touch. */
  changes(): StagedChange[];
  commit(): void;
};

type Below = EntryView & Pick<LedgerStage, 'set' | 'delete'>;

export function createStage(below: Below, sequence: number): LedgerStage {
  const staged = new Map<KeyText, StoredEntry | undefined>();
  function changes(): StagedChange[] {
    const list: StagedChange[] = [];
    for (const [key, after] of staged) {
      const before = below.get(key);
      if (before !== undefined || after !== undefined) list.push({ key, before, after });
    }
    return list;
  }
  const get = (key: KeyText) => (staged.has(key) ? staged.get(key) : below.get(key));
  return {
    sequence,
    get,
    set: (key, entry) => {
      staged.set(key, entry);
    },
    delete: (key) => {
      staged.set(key, undefined);
    },
    write: (data, { sponsor } = {}) => {
      const key = keyOfEntry(data);
      const ext = entryExtension(get(key), sponsor);
      const entry = new xdr.LedgerEntry({ lastModifiedLedgerSeq: sequence, data, ext });
      staged.set(key, { entry: entry.toXdr(), liveUntil: 0 });
    },
    changes,
    commit: () => {
      for (const { key, after } of changes()) {
        if (after) below.set(key, after);
        else below.delete(key);
      }
      staged.clear();
    },
  };
}
