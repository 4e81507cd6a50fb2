import assert from 'node:assert/strict';
import { customType } from 'drizzle-orm/sqlite-core';
import { least, storedUnitsMax, type Units, units, zero } from '../money.ts';

/** A column of money: INTEGER in units of 1e-7 USDC, at most 2^53 − 1, `Units` in the program. */
export const money = customType<{ data: Units; driverData: number }>({
  dataType: () => 'integer',
  toDriver: toStored,
  fromDriver: fromStored,
});

/** Refuses what a stored amount cannot hold: negative ones and those above 2^53 − 1. */
export function toStored(amount: Units): number {
  assert(amount >= 0n && amount <= storedUnitsMax, 'an amount outside 0 to 2^53 − 1 cannot be stored');
  return Number(amount);
}

/** Reads a stored amount or a sum of them; a sum that left the exact range is an error, never a rounded amount. */
export function fromStored(value: number): Units {
  assert(Number.isSafeInteger(value), 'a stored amount is outside the exact range');
  // Most amounts of most accounts are 0, and a bigint of its own takes 16 bytes for each.
  return value === 0 ? zero : units(value);
}

/** Limits are often "everything": what is above the stored range means the same as its end. */
export function clampStored(amount: Units): Units {
  return least(amount, storedUnitsMax);
}
