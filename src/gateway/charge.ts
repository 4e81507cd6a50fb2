import { decideCharge, type FinishOutcome } from '../billing/charging.ts';
import { GatewayError } from '../errors.ts';
import { formatUsdc, type Units, zero } from '../money.ts';
import type { Relayed } from './answer.ts';
import type { Call, CallDeps } from './call.ts';
import type { UpstreamCall } from './forward.ts';
import type { Refusal } from './refuse.ts';
import { brokenBy } from './upstream-failure.ts';

type ChargeDeps = Pick<CallDeps, 'ledger' | 'journal' | 'clock' | 'log' | 'metrics' | 'prepared'>;

/**
 * Decides about the money of a call whose final head has come. Resolves only when the charge row is committed or none
 * is needed: after it, and not before, the first byte of the answer may leave. The hold stays until the row stands,
 * so a crash or a refusing journal never leaves a captured charge without a row.
 */
export async function charge(
  deps: ChargeDeps,
  call: Call,
  upstream: UpstreamCall,
  status: number,
): Promise<{ ok: true; amount: Units } | Refusal> {
  const { hold, payer } = call.admitted;
  if (!hold || !payer) return { ok: true, amount: zero };
  const chargeable = call.route.charges(status);
  if (decideCharge({ at: 'head', status, chargeable }) !== 'charge') {
    deps.ledger.release(hold);
    return { ok: true, amount: zero };
  }
  try {
    await deps.journal.charge({
      id: call.id,
      atMs: deps.clock.nowMs(),
      accountId: payer.account.id,
      tokenId: payer.tokenId,
      routeId: deps.prepared(call.route).id(),
      method: call.exchange.head.method,
      status,
      priceUnits: hold.price,
    });
  } catch (error) {
    deps.ledger.release(hold);
    upstream.abort(new Error('the charge could not be written'));
    deps.log.error({ err: error, call: call.id }, 'a charge could not be written; the call is refused');
    const code = error instanceof GatewayError ? error.code : 'journal_unavailable';
    return { ok: false, code, fields: ['callora-price', '0', 'retry-after', '1'] };
  }
  deps.ledger.capture(hold);
  deps.metrics.charged(call.route, hold.price);
  call.exchange.end.paid = hold.price;
  const { failure } = upstream;
  if (!failure || brokenBy(failure, false) !== 'upstream_broke') return { ok: true, amount: hold.price };

  // It broke off while the row was written and nothing has left yet: a clean refusal is better than a broken answer.
  await settleEnd(deps, call, status, hold.price, { outcome: 'upstream_broke', bytesOut: 0 });
  return {
    ok: false,
    code: 'upstream_bad_answer',
    fields: [
      'proxy-status',
      'callora; error=http_response_incomplete',
      'callora-price',
      formatUsdc(call.exchange.end.paid),
    ],
  };
}

/**
 * Writes how a call ended. The refund row comes before the finish row: settlement seals finished charges only, and
 * a sealed charge can no longer be refunded. Where the refund cannot be written the call stays without a finish row, like
 * one that a crash has cut off: settlement leaves it alone until it is very old, and the operator can refund it.
 */
export async function settleEnd(
  deps: ChargeDeps,
  call: Call,
  status: number,
  amount: Units,
  relayed: Relayed,
): Promise<void> {
  const { exchange, route } = call;
  const durationMs = deps.clock.monotonicMs() - exchange.startMs;
  exchange.end.status = status;
  exchange.end.outcome = relayed.outcome;
  exchange.end.bytesOut = relayed.bytesOut;
  if (relayed.outcome === 'upstream_broke') {
    deps.log.warn({ err: call.upstream?.failure, call: call.id, route: route.template }, 'the upstream broke off');
  }
  if (amount === 0n) return;
  if (decideCharge({ at: 'after_head', outcome: relayed.outcome }) === 'refund') {
    if (!(await refund(deps, call, amount, relayed.outcome))) return;
  }
  deps.journal.finish({
    chargeId: call.id,
    atMs: deps.clock.nowMs(),
    outcome: relayed.outcome,
    bytesIn: call.body?.bytes ?? 0,
    bytesOut: relayed.bytesOut,
    durationMs: Math.round(durationMs),
  });
}

/** False when the books could not take the refund. */
async function refund(deps: ChargeDeps, call: Call, amount: Units, reason: FinishOutcome): Promise<boolean> {
  const { payer } = call.admitted;
  if (!payer) return true;
  try {
    const row = { chargeId: call.id, atMs: deps.clock.nowMs(), amount, reason };
    const outcome = await deps.journal.refund(row);
    if (outcome !== 'refunded') {
      deps.log.warn({ call: call.id, outcome }, 'a broken call was not refunded automatically');
      return true;
    }
    deps.ledger.refund(payer.account, payer.cap, amount);
    deps.metrics.refunded(call.route, amount);
    call.exchange.end.paid = zero;
    return true;
  } catch (error) {
    deps.log.error(
      { err: error, call: call.id },
      'the refund of a broken call could not be written; it is not settled for now: refund it with `callora usage refund`',
    );
    return false;
  }
}
