import assert from 'node:assert/strict';
import type { AccountSlot, LedgerTotals } from './ledger.ts';

/** The books as they were at one moment, for a reader that takes its time while calls go on. */
export type LedgerView = {
  readonly totals: Readonly<LedgerTotals>;
  /** How many accounts there were. */
  readonly count: number;
  /** An account as it was, once: then that is forgotten. */
  take(address: string): Readonly<AccountSlot> | undefined;
  /** The reader has taken all accounts up to this id: of these nothing is kept any more. */
  passed(id: number): void;
  close(): void;
};

/** The ledger's side of it: nothing is copied when a view is opened, and each account at most once, before it changes. */
export type ViewKeeper = {
  view(): LedgerView;
  /** Called before each change of an account, in the same synchronous step. */
  beforeChange(account: AccountSlot): void;
  /** Called when an account is added. */
  added(account: AccountSlot): void;
};

type Kept = {
  /** What changed accounts were. */
  before: Map<string, AccountSlot>;
  /** Accounts that were not there yet. */
  later: Set<string>;
  passedId: number;
};

/** One view at a time: its reader is a loop of the program. */
export function createViewKeeper(slots: ReadonlyMap<string, AccountSlot>, totals: LedgerTotals): ViewKeeper {
  let kept: Kept | undefined;
  return {
    view() {
      assert(kept === undefined, 'one view of the ledger is open at a time');
      const own: Kept = { before: new Map(), later: new Set(), passedId: 0 };
      kept = own;
      return {
        totals: { ...totals },
        count: slots.size,
        take(address) {
          if (own.later.has(address)) return undefined;
          const slot = own.before.get(address) ?? slots.get(address);
          own.before.delete(address);
          return slot;
        },
        passed(id) {
          own.passedId = id;
        },
        close() {
          if (kept === own) kept = undefined;
        },
      };
    },
    beforeChange(account) {
      if (kept === undefined || account.id <= kept.passedId) return;
      const { before, later } = kept;
      if (!before.has(account.address) && !later.has(account.address)) before.set(account.address, { ...account });
    },
    added(account) {
      kept?.later.add(account.address);
    },
  };
}
