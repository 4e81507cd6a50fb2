import { networkFeeMinStroops } from './transactions.ts';

/**
 * What to bid for inclusion, stroops: what others pay lately, twice as much with each attempt that came to nothing, and never
 * more than the most, whatever a server says of others.
 */
export function inclusionBid(others: number, bid: { feeMaxStroops: number; attempt?: number }): number {
  return Math.min(bid.feeMaxStroops, Math.max(networkFeeMinStroops, others) * 2 ** (bid.attempt ?? 0));
}
