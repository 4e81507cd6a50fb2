import type { AccountSlot } from '../billing/ledger.ts';
import type { ByteBudget, ByteShares } from '../limits/byte-budget.ts';

/**
 * Memory for what keyed calls hold: bodies, copies of answers, and kept answers on their way. All share it, and no account
 * has more than its share, or one client that reads nothing would have it all.
 */
export type CallMemory = { budget: ByteBudget; shares: ByteShares<AccountSlot> };

/** What one account has of it at most. */
const accountShare = 1 / 4;

/** Reserves bytes of what all share and of what the account has of it, or none at all. */
export function takeMemory(
  { budget, shares }: CallMemory,
  account: AccountSlot,
  bytes: number,
  bufferedBytesMax: number,
  ownBytesMax = bufferedBytesMax * accountShare,
): boolean {
  if (!shares.take(account, bytes, ownBytesMax)) return false;
  if (budget.take(bytes, bufferedBytesMax)) return true;
  shares.give(account, bytes);
  return false;
}

/**
 * The same for what comes in one piece and was promised: however small the share is, an account that holds nothing else
 * has room for it.
 */
export function takeMemoryWhole(
  memory: CallMemory,
  account: AccountSlot,
  bytes: number,
  bufferedBytesMax: number,
): boolean {
  return takeMemory(memory, account, bytes, bufferedBytesMax, Math.max(bytes, bufferedBytesMax * accountShare));
}

export function giveMemory({ budget, shares }: CallMemory, account: AccountSlot, bytes: number): void {
  shares.give(account, bytes);
  budget.give(bytes);
}
