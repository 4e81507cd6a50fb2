import type { Chain } from '../ledger/chain.ts';
import { type KeyText, ownedPrefix, type StoredEntry } from '../ledger/entries.ts';

/** How far back entries can be read: what each ledger replaced is kept for so many of them. */
export const LAG_LEDGERS_MAX = 64;

/** The entries as they were some ledgers ago. */
export type Past = {
  /** How far back the past reaches now, ledgers. */
  reach(): number;
  /** The entries after `ledgers` fewer ledgers; a view that stays so far behind as the network goes on. */
  entries(ledgers: number): Chain['entries'];
};

type Replaced = ReadonlyMap<KeyText, StoredEntry | undefined>;

/** Remembers from now on. */
export function createPast(chain: Pick<Chain, 'entries' | 'onClosed'>): Past {
  /** What each of the last ledgers replaced, newest first. */
  const replaced: Replaced[] = [];
  chain.onClosed(({ changes }) => {
    replaced.unshift(new Map(changes.map(({ key, before }) => [key, before])));
    if (replaced.length > LAG_LEDGERS_MAX) replaced.pop();
  });
  return {
    reach: () => replaced.length,
    entries(ledgers) {
      const get = (key: KeyText): StoredEntry | undefined => {
        // What the oldest of the undone ledgers replaced is how it was before all of them.
        for (const ledger of replaced.slice(0, ledgers).reverse()) if (ledger.has(key)) return ledger.get(key);
        return chain.entries.get(key);
      };
      function* keysThen(keysNow: Iterable<KeyText>, prefix: string): Iterable<KeyText> {
        const changed = new Set<KeyText>();
        for (const ledger of replaced.slice(0, ledgers)) for (const key of ledger.keys()) changed.add(key);
        for (const key of keysNow) if (!changed.has(key)) yield key;
        for (const key of changed) if (key.startsWith(prefix) && get(key)) yield key;
      }
      return {
        get,
        keys: () => keysThen(chain.entries.keys(), ''),
        ownedKeys: (owner, type) => keysThen(chain.entries.ownedKeys(owner, type), ownedPrefix(owner, type)),
      };
    },
  };
}
