import type { Clock } from '../clock.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { feeChargedStroops } from '../stellar/transactions.ts';
import type { EnvelopeFees } from '../store/envelope-fees.ts';

export type FeeBookDeps = {
  rpc: Pick<Rpc, 'transaction'>;
  fees: Pick<EnvelopeFees, 'unknown' | 'note'>;
  clock: Pick<Clock, 'nowMs'>;
};

/** Servers keep a transaction for a day at the least; what they have forgotten stays unknown. */
const askedForMs = 86_400_000;

/** Questions of one turn. */
const atOnceMax = 20;

/** Notes what each settlement has cost: the result of a transaction says it, and nothing else does. */
export function createFeeBook({ rpc, fees, clock }: FeeBookDeps): { turn(signal?: AbortSignal): Promise<boolean> } {
  return {
    async turn(signal) {
      for (const hash of fees.unknown(clock.nowMs() - askedForMs, atOnceMax)) {
        const answer = await rpc.transaction(hash, signal);
        const fee = answer.status === 'NOT_FOUND' ? undefined : feeChargedStroops(answer.resultXdr);
        if (fee !== undefined) fees.note(hash, fee);
      }
      return false;
    },
  };
}
