import { type Units, unitsPerUsdc } from '../money.ts';

/** An amount as a metric: floating point is good enough for a graph, and the books never read it back. */
export function usdc(amount: Units): number {
  return Number(amount) / Number(unitsPerUsdc);
}
