import { type Units, units } from '../money.ts';

/**
 * The platform's part of what a payee earned in one lane since its first batch, as `fee` in
 * contracts/vault/src/earnings.rs: on the whole sum, rounded down, so that neither it nor the net ever shrinks. The fee
 * of a period is the difference of two such sums.
 */
export function feeOn(gross: Units, feeBps: number): Units {
  return units((gross * BigInt(feeBps)) / 10_000n);
}
