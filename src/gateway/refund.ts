import type { FinishOutcome } from '../billing/charging.ts';
import type { Route } from '../catalog/model.ts';
import type { Units } from '../money.ts';
import type { Payer } from './admit.ts';
import type { GatewayDeps } from './deps.ts';

type RefundDeps = Pick<GatewayDeps, 'journal' | 'ledger' | 'clock' | 'log' | 'metrics'>;

/** A charge that goes back whole. */
export type Refund = { callId: number; payer: Payer; route: Route; amount: Units; reason: FinishOutcome };

/**
 * Writes the refund row of a charge, and then changes the ledger. `unwritten` says that the books could not take it: such
 * a call gets no finish row, so that it waits like one that a crash has cut off: settlement leaves it alone until it is
 * very old, and after the next start the operator can refund it.
 */
export async function refundCharge(deps: RefundDeps, refund: Refund): Promise<'refunded' | 'kept' | 'unwritten'> {
  const { journal, ledger, clock, log, metrics } = deps;
  const { callId, payer, route, amount, reason } = refund;
  try {
    const outcome = await journal.refund({ chargeId: callId, atMs: clock.nowMs(), amount, reason });
    if (outcome !== 'refunded') {
      log.warn({ call: callId, outcome }, 'a charge that should go back was not refunded automatically');
      return 'kept';
    }
  } catch (error) {
    log.error(
      { err: error, call: callId },
      'a refund could not be written; the charge is not settled before it is as old as settlement.age_max: until then, ' +
        'restart the gateway and run `callora usage refund` with this call',
    );
    return 'unwritten';
  }
  ledger.refund(payer.account, payer.cap, amount);
  metrics.refunded(route, amount);
  return 'refunded';
}
