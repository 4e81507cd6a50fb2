/**
 * What a transaction bids and what it is charged: for inclusion what its lane of the ledger costs, which is the base fee
 * unless the ledger is full; a Soroban transaction also pays its declared resource fee, of which the unused refundable part
 * comes back.
 */
import { BASE_FEE_STROOPS } from './balances.ts';
import type { SignedTransaction } from './envelope.ts';

/** The most the fee source agrees to pay, stroops. */
export function feeBid(signed: SignedTransaction): bigint {
  return signed.feeBump?.fee ?? BigInt(signed.tx.fee);
}

export function resourceFeeOf(signed: SignedTransaction): bigint {
  return signed.sorobanData?.resourceFee ?? 0n;
}

/** The part of the bid that is not for resources; what surge pricing and fee statistics look at. */
export function inclusionBid(signed: SignedTransaction): bigint {
  return feeBid(signed) - resourceFeeOf(signed);
}

/** A fee bump counts as one operation more. */
export function feeOperations(signed: SignedTransaction): bigint {
  return BigInt(Math.max(1, signed.tx.operations.length) + (signed.feeBump ? 1 : 0));
}

function minimumInclusionFee(signed: SignedTransaction): bigint {
  return BASE_FEE_STROOPS * feeOperations(signed);
}

/** What the bid comes to for each operation, stroops, rounded down. */
export function bidPerOperation(signed: SignedTransaction): bigint {
  return inclusionBid(signed) / feeOperations(signed);
}

/**
 * What is taken before the transaction runs, before any refund. `baseFee` is what its lane of the ledger charges for each
 * operation.
 */
export function feeToCharge(signed: SignedTransaction, baseFee = BASE_FEE_STROOPS): bigint {
  const inclusion = inclusionBid(signed);
  const least = baseFee * feeOperations(signed);
  return resourceFeeOf(signed) + (inclusion < least ? inclusion : least);
}

/**
 * Undefined when the bid is enough, else the least bid that would be. A fee bump must also bid at least as much per
 * operation as the transaction inside it.
 */
export function insufficientBid(signed: SignedTransaction): bigint | undefined {
  const resourceFee = resourceFeeOf(signed);
  const bid = inclusionBid(signed);
  const least = minimumInclusionFee(signed);
  if (bid < least) return resourceFee + least;
  if (!signed.feeBump) return undefined;
  const innerBid = BigInt(signed.tx.fee) - resourceFee;
  // The resource fee alone is above the inner fee: whatever is bid for inclusion is more (CAP-63).
  if (innerBid < 0n) return undefined;
  // One without operations, which is refused elsewhere, counts as one with an operation.
  const innerLeast = BASE_FEE_STROOPS * BigInt(Math.max(1, signed.tx.operations.length));
  if (bid * innerLeast >= innerBid * least) return undefined;
  return resourceFee + (innerBid * least + innerLeast - 1n) / innerLeast;
}
