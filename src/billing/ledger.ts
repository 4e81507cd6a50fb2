import assert from 'node:assert/strict';
import { add, atLeastZero, least, subtract, type Units, zero } from '../money.ts';
import { createViewKeeper, type LedgerView } from './ledger-view.ts';
import {
  applyChain,
  assertCap,
  assertSound,
  chainBalance,
  freeFunds,
  lowerExits,
  newSlot,
  settleLine,
  spokenFor,
} from './slot-steps.ts';

/**
 * Balances in memory. Every check and its write are one synchronous step on plain slots: no await, no SQL, so two
 * calls can never both see the last unit. Amounts in units of 1e-7 USDC. Identities that hold after every step:
 *
 *   chain balance = deposited − settled − withdrawn
 *   charged − refunded + settledElsewhere = settled + unsettled + receivable + heldForPayee + writtenOff
 *   spendable = max(0, min(chain balance − requested − exits, limit left) − unsettled − receivable − held)
 */
export type Ledger = {
  /** Adds an account from its stored row, or returns the slot it already has. Missing amounts are 0. */
  open(row: Partial<AccountSlot> & { id: number; address: string }): AccountSlot;
  account(address: string): AccountSlot | undefined;
  accounts(): Iterable<AccountSlot>;
  /** Adds the slot of a token with a life-time cap, or returns the one it already has. */
  openCap(row: { jti: string; cap: Units; spent: Units }): CapSlot;
  cap(jti: string): CapSlot | undefined;
  /** Sums over all accounts, kept up to date with every step. */
  totals(): LedgerTotals;
  /** The books of this moment, to be read while they go on changing, until it is closed. One at a time. */
  view(): LedgerView;

  /** deposited − settled − withdrawn; below 0 only while a deposit that the chain already used is not yet seen. */
  chainBalance(account: AccountSlot): Units;
  /** What the limit on chain still lets the operator take in the current period, never below 0. */
  limitLeft(account: AccountSlot): Units;
  /** What the next call may cost at most, never below 0. */
  spendable(account: AccountSlot): Units;
  /** What may leave now with our signature: all but what is owed, set aside or requested. The limit does not count. */
  exitable(account: AccountSlot): Units;

  /** Checks and takes `price` in one step. A refused hold changes nothing. */
  hold(account: AccountSlot, cap: CapSlot | undefined, price: Units): HoldResult;
  /** The charge row is committed: hold → charged and unsettled. Spendable stays what it was. */
  capture(hold: Hold): void;
  /** The call costs nothing. */
  release(hold: Hold): void;
  /** The refund row of an unsealed charge is committed. */
  refund(account: AccountSlot, cap: CapSlot | undefined, amount: Units): void;

  /**
   * Sets an exit aside, in the same synchronous step as the look at `exitable` and the writing of its row, and before
   * anything is signed.
   */
  holdExit(account: AccountSlot, amount: Units): void;
  /** The signature of an exit can no longer land: its row says so. One that landed ends with `applyChain`. */
  releaseExit(account: AccountSlot, amount: Units): void;

  /** What the chain says about an account, already committed to the database. */
  applyChain(account: AccountSlot, change: ChainChange): void;
  /** One line of a batch that the chain has settled, already committed to the database. */
  settle(account: AccountSlot, line: SettledLine): void;
  /** Charges turned out to be what was found settled elsewhere, already committed to the database. */
  explainElsewhere(account: AccountSlot, amount: Units): void;
  /** A receivable the operator gave up, already committed to the database. */
  writeOff(account: AccountSlot, kind: ReceivableKind, amount: Units): void;
};

/** One account in memory. Only the ledger's methods change it; everyone else reads. Amounts in units of 1e-7 USDC. */
export type AccountSlot = {
  readonly id: number;
  readonly address: string;
  /** Counters of the vault: chain balance = deposited − settled − withdrawn. */
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  /** Requested withdrawal seen on chain, and exits co-signed but not yet seen. */
  requested: Units;
  exits: Units;
  /** What the operator may take per period: the lower of the binding limit and a pending cut. */
  limit: Units;
  /** Number of the period that `used` belongs to (chain time in seconds / limit period). */
  period: number;
  used: Units;
  /** Life-time sums of charge rows and refund rows. */
  charged: Units;
  refunded: Units;
  /** Charged and not refunded, not yet confirmed on chain. */
  unsettled: Units;
  /** Shortfalls: the chain took less than was charged. */
  receivable: Units;
  /** Charges held against a payee that the vault does not list; no debt of the account. */
  heldForPayee: Units;
  /** Receivables the operator gave up. */
  writtenOff: Units;
  /** Settled on chain without a charge here: before the loss of a database. Part of `settled`. */
  settledElsewhere: Units;
  /** Open holds: their sum and number. */
  held: Units;
  holds: number;
};

/** The spend of one token with a life-time cap. */
export type CapSlot = { readonly jti: string; readonly cap: Units; spent: Units; held: Units };

/** Money set aside for one call in flight: captured or released exactly once. */
export type Hold = {
  readonly account: AccountSlot;
  readonly cap: CapSlot | undefined;
  readonly price: Units;
  state: 'held' | 'captured' | 'released';
};

export type HoldRefusal = {
  ok: false;
  reason: 'balance_too_low' | 'limit_reached' | 'token_cap_reached' | 'account_suspended';
  available: Units;
  shortfall: Units;
  /** Wall time of the chain at which the next limit period begins, ms; absent when waiting does not help. */
  resetsAtMs?: number;
};

export type HoldResult = { ok: true; hold: Hold } | HoldRefusal;

export type LedgerTotals = { unsettled: Units; held: Units; receivable: Units };

export type ReceivableKind = 'account' | 'payee';

/** Counters and state as absolute values; absent ones stay. */
export type ChainChange = {
  deposited?: Units;
  withdrawn?: Units;
  requested?: Units;
  limit?: Units;
  /** What was newly found settled on chain without a batch of this database: an increment. */
  settledElsewhere?: Units;
  /** Use of the limit after that find. */
  used?: { period: number; amount: Units };
  /** The account's open exit is part of `withdrawn` now. */
  exitLanded?: Units;
};

export type SettledLine = {
  /** What the line asked for: fresh charges + the two carried parts. */
  amount: Units;
  carriedReceivable: Units;
  carriedHeld: Units;
  /** What the chain took; 0 when the payee is not listed. */
  taken: Units;
  /** Who owes amount − taken. */
  shortfallTo: 'receivable' | 'payee';
  /** Limit period of the ledger that settled the batch. */
  periodNumber: number;
};

export type LedgerOptions = {
  /** Length of the vault's limit period, s. */
  limitPeriodS: number;
  /** Close time of the newest ledger seen, s since 1970. */
  chainTimeS: () => number;
};

export function createLedger({ limitPeriodS, chainTimeS }: LedgerOptions): Ledger {
  assert(limitPeriodS > 0, 'the limit period must be positive');
  const slots = new Map<string, AccountSlot>();
  const caps = new Map<string, CapSlot>();
  const totals: LedgerTotals = { unsettled: zero, held: zero, receivable: zero };
  const { view, beforeChange, added } = createViewKeeper(slots, totals);

  const periodNow = () => Math.floor(chainTimeS() / limitPeriodS);

  function limitLeft(account: AccountSlot): Units {
    // A settlement may be known of a later period than the newest ledger that the watcher has read.
    const used = account.period >= periodNow() ? account.used : zero;
    return atLeastZero(subtract(account.limit, used));
  }

  function spendable(account: AccountSlot): Units {
    return atLeastZero(subtract(least(freeFunds(account), limitLeft(account)), spokenFor(account)));
  }

  function exitable(account: AccountSlot): Units {
    return atLeastZero(subtract(freeFunds(account), spokenFor(account)));
  }

  /** Runs one money change between two checks and carries the differences into the totals. */
  function change(account: AccountSlot, step: () => void): void {
    assertSound(account);
    beforeChange(account);
    const { unsettled, held, receivable } = account;
    step();
    assertSound(account);
    totals.unsettled = add(totals.unsettled, subtract(account.unsettled, unsettled));
    totals.held = add(totals.held, subtract(account.held, held));
    totals.receivable = add(totals.receivable, subtract(account.receivable, receivable));
  }

  function refuse(account: AccountSlot, capLeft: Units | undefined, price: Units): HoldRefusal {
    const ofAccount = spendable(account);
    const available = capLeft === undefined ? ofAccount : least(ofAccount, capLeft);
    const refusal = { ok: false, available, shortfall: subtract(price, available) } as const;
    if (capLeft !== undefined && capLeft < ofAccount) return { ...refusal, reason: 'token_cap_reached' };
    if (isSuspended(account)) return { ...refusal, reason: 'account_suspended' };
    if (limitLeft(account) >= freeFunds(account)) return { ...refusal, reason: 'balance_too_low' };
    if (account.limit < price) return { ...refusal, reason: 'limit_reached' };
    return { ...refusal, reason: 'limit_reached', resetsAtMs: (periodNow() + 1) * limitPeriodS * 1000 };
  }

  function end(hold: Hold, state: 'captured' | 'released'): void {
    if (hold.state !== 'held') assert.fail(`a hold ends once; this one is already ${hold.state}`);
    hold.state = state;
    hold.account.held = subtract(hold.account.held, hold.price);
    hold.account.holds--;
    if (!hold.cap) return;
    hold.cap.held = subtract(hold.cap.held, hold.price);
    assertCap(hold.cap);
  }

  return {
    open(row) {
      const known = slots.get(row.address);
      if (known) return known;
      const account = newSlot(row);
      assertSound(account);
      slots.set(account.address, account);
      added(account);
      totals.unsettled = add(totals.unsettled, account.unsettled);
      totals.held = add(totals.held, account.held);
      totals.receivable = add(totals.receivable, account.receivable);
      return account;
    },
    account: (address) => slots.get(address),
    accounts: () => slots.values(),
    openCap(row) {
      const known = caps.get(row.jti);
      if (known) return known;
      const cap: CapSlot = { jti: row.jti, cap: row.cap, spent: row.spent, held: zero };
      assertCap(cap);
      caps.set(cap.jti, cap);
      return cap;
    },
    cap: (jti) => caps.get(jti),
    totals: () => ({ ...totals }),
    view,
    chainBalance,
    limitLeft,
    spendable,
    exitable,
    hold(account, cap, price) {
      assert(price >= 0n, 'a price is never negative');
      const before = spendable(account);
      const capLeft = cap && atLeastZero(subtract(subtract(cap.cap, cap.spent), cap.held));
      if (price > before || (capLeft !== undefined && price > capLeft)) return refuse(account, capLeft, price);
      change(account, () => {
        account.held = add(account.held, price);
        account.holds++;
        if (cap) cap.held = add(cap.held, price);
      });
      assert(spendable(account) === subtract(before, price), 'a hold lowers spendable by its price');
      return { ok: true, hold: { account, cap, price, state: 'held' } };
    },
    capture(hold) {
      const { account, cap, price } = hold;
      const before = spendable(account);
      change(account, () => {
        end(hold, 'captured');
        account.charged = add(account.charged, price);
        account.unsettled = add(account.unsettled, price);
        if (cap) cap.spent = add(cap.spent, price);
      });
      assert(spendable(account) === before, 'a capture does not change spendable');
    },
    release(hold) {
      change(hold.account, () => end(hold, 'released'));
    },
    refund(account, cap, amount) {
      assert(amount > 0n, 'a refund is positive');
      change(account, () => {
        account.refunded = add(account.refunded, amount);
        account.unsettled = subtract(account.unsettled, amount);
        if (!cap) return;
        cap.spent = subtract(cap.spent, amount);
        assertCap(cap);
      });
    },
    holdExit(account, amount) {
      const before = exitable(account);
      assert(amount > 0n && amount <= before, 'an exit takes no more than can leave');
      change(account, () => {
        account.exits = add(account.exits, amount);
      });
      assert(exitable(account) === subtract(before, amount), 'an exit lowers what can leave by its amount');
    },
    releaseExit(account, amount) {
      change(account, () => lowerExits(account, amount));
    },
    applyChain(account, chain) {
      change(account, () => applyChain(account, chain));
    },
    settle(account, line) {
      change(account, () => settleLine(account, line));
    },
    explainElsewhere(account, amount) {
      assert(amount > 0n && amount <= account.settledElsewhere, 'no more is explained than was found');
      change(account, () => {
        account.unsettled = subtract(account.unsettled, amount);
        account.settledElsewhere = subtract(account.settledElsewhere, amount);
      });
    },
    writeOff(account, kind, amount) {
      assert(amount > 0n, 'a write-off is positive');
      change(account, () => {
        if (kind === 'account') account.receivable = subtract(account.receivable, amount);
        else account.heldForPayee = subtract(account.heldForPayee, amount);
        account.writtenOff = add(account.writtenOff, amount);
      });
    },
  };
}

/** Owes more than the chain could take, and nothing is left there to take it from. */
function isSuspended(account: AccountSlot): boolean {
  return account.receivable > 0n && chainBalance(account) <= 0n;
}
