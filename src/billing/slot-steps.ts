import assert from 'node:assert/strict';
import { add, subtract, type Units, zero } from '../money.ts';
import type { AccountSlot, CapSlot, ChainChange, SettledLine } from './ledger.ts';

/** A slot from its stored row; missing amounts are 0, holds always are. */
export function newSlot(row: Partial<AccountSlot> & { id: number; address: string }): AccountSlot {
  return {
    id: row.id,
    address: row.address,
    deposited: amount(row.deposited),
    settled: amount(row.settled),
    withdrawn: amount(row.withdrawn),
    requested: amount(row.requested),
    exits: amount(row.exits),
    limit: amount(row.limit),
    period: row.period ?? 0,
    used: amount(row.used),
    charged: amount(row.charged),
    refunded: amount(row.refunded),
    unsettled: amount(row.unsettled),
    receivable: amount(row.receivable),
    heldForPayee: amount(row.heldForPayee),
    writtenOff: amount(row.writtenOff),
    settledElsewhere: amount(row.settledElsewhere),
    held: zero,
    holds: 0,
  };
}

/** Most amounts of most accounts are 0: they share one bigint, since one of its own takes 16 bytes. */
function amount(stored: Units | undefined): Units {
  return stored === undefined || stored === 0n ? zero : stored;
}

/** deposited − settled − withdrawn, in units of 1e-7 USDC. */
export function chainBalance(account: AccountSlot): Units {
  return subtract(subtract(account.deposited, account.settled), account.withdrawn);
}

/** What the chain holds for calls: neither asked back by the account nor set aside for an exit. */
export function freeFunds(account: AccountSlot): Units {
  return subtract(subtract(chainBalance(account), account.requested), account.exits);
}

/** An exit ends once, and with its own amount; the caller checks the books before and after. */
export function lowerExits(account: AccountSlot, amount: Units): void {
  assert(amount > 0n && amount <= account.exits, 'no more exits end than were set aside');
  account.exits = subtract(account.exits, amount);
}

/** What is spoken for and not yet taken by the chain. */
export function spokenFor(account: AccountSlot): Units {
  return add(add(account.unsettled, account.receivable), account.held);
}

/** Takes over what the chain states; the caller checks the books before and after. */
export function applyChain(account: AccountSlot, chain: ChainChange): void {
  const { deposited = account.deposited, withdrawn = account.withdrawn } = chain;
  assert(deposited >= account.deposited && withdrawn >= account.withdrawn, 'counters of the vault only grow');
  account.deposited = deposited;
  account.withdrawn = withdrawn;
  account.requested = chain.requested ?? account.requested;
  account.limit = chain.limit ?? account.limit;
  if (chain.settledElsewhere !== undefined) {
    account.settledElsewhere = add(account.settledElsewhere, chain.settledElsewhere);
    account.settled = add(account.settled, chain.settledElsewhere);
  }
  if (chain.exitLanded !== undefined) lowerExits(account, chain.exitLanded);
  if (chain.used) {
    account.period = chain.used.period;
    account.used = chain.used.amount;
  }
}

/** Moves one settled line out of what was owed; the caller checks the books before and after. */
export function settleLine(account: AccountSlot, line: SettledLine): void {
  const fresh = subtract(subtract(line.amount, line.carriedReceivable), line.carriedHeld);
  const shortfall = subtract(line.amount, line.taken);
  assert(fresh >= 0n && line.taken >= 0n && shortfall >= 0n, 'a line takes no more than it asks');
  account.unsettled = subtract(account.unsettled, fresh);
  account.receivable = subtract(account.receivable, line.carriedReceivable);
  account.heldForPayee = subtract(account.heldForPayee, line.carriedHeld);
  account.settled = add(account.settled, line.taken);
  if (line.shortfallTo === 'receivable') account.receivable = add(account.receivable, shortfall);
  else account.heldForPayee = add(account.heldForPayee, shortfall);
  if (line.periodNumber > account.period) {
    account.period = line.periodNumber;
    account.used = line.taken;
  } else if (line.periodNumber === account.period) {
    account.used = add(account.used, line.taken);
  }
}

/** Throws when the books of one account do not add up: a defect, never a state to go on from. */
export function assertSound(account: AccountSlot): void {
  const { charged, refunded, settledElsewhere, settled, unsettled, receivable, heldForPayee, writtenOff } = account;
  const sound =
    charged - refunded + settledElsewhere === settled + unsettled + receivable + heldForPayee + writtenOff &&
    unsettled >= 0n &&
    receivable >= 0n &&
    heldForPayee >= 0n &&
    account.held >= 0n &&
    account.requested >= 0n &&
    account.exits >= 0n &&
    account.holds >= 0;
  if (!sound) assert.fail(`the books of account ${account.id} do not add up`);
}

/** Throws when more was given back to a token's cap than was spent with it. */
export function assertCap(cap: CapSlot): void {
  if (cap.spent < 0n || cap.held < 0n) assert.fail(`the spend of token ${cap.jti} is below zero`);
}
