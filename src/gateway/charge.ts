import { decideCharge } from '../billing/charging.ts';
import { GatewayError } from '../errors.ts';
import { formatUsdc, type Units, zero } from '../money.ts';
import type { Relayed } from './answer.ts';
import type { Call, CallDeps } from './call.ts';
import type { UpstreamCall } from './forward.ts';
import { refundCharge } from './refund.ts';
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
  if (!failure || brokenBy(failure, 'kept_up') !== 'upstream_broke') return { ok: true, amount: hold.price };

  // It broke off while the row was written and nothing has left yet: a clean refusal is better than a broken answer.
  await settleEnd(deps, call, status, hold.price, { outcome: 'upstream_broke', bytesOut: 0 });
  return {
    ok: false,
    code: 'upstream_bad_answer',
    proxyStatus: 'callora; error=http_response_incomplete',
    fields: ['callora-price', formatUsdc(call.exchange.end.paid)],
  };
}

/**
 * Writes how a call ended. The refund row comes before the finish row: settlement seals finished charges only, and
 * a sealed charge can no longer be refunded. Where the refund cannot be written there is no finish row either. There is
 * something to wait for only behind a refund.
 */
export function settleEnd(
  deps: ChargeDeps,
  call: Call,
  status: number,
  amount: Units,
  relayed: Relayed,
): Promise<void> | void {
  const { exchange, route } = call;
  const { payer } = call.admitted;
  const nowMs = deps.clock.monotonicMs();
  const durationMs = nowMs - exchange.startMs;
  exchange.end.status = status;
  exchange.end.outcome = relayed.outcome;
  exchange.end.bytesOut = relayed.bytesOut;
  if (relayed.outcome === 'upstream_broke') {
    deps.log.warn({ err: call.upstream?.failure, call: call.id, route: route.template }, 'the upstream broke off');
  }
  if (amount === 0n) return;
  const { outcome } = relayed;
  if (!payer || decideCharge({ at: 'after_head', outcome, givenMs: nowMs - call.headMs }) !== 'refund') {
    finish(deps, call, relayed, durationMs);
    return;
  }
  const refund = { callId: call.id, payer, route, amount, reason: outcome };
  return refundCharge(deps, refund).then((refunded) => {
    if (refunded === 'unwritten') return;
    if (refunded === 'refunded') exchange.end.paid = zero;
    finish(deps, call, relayed, durationMs);
  });
}

function finish(deps: ChargeDeps, call: Call, relayed: Relayed, durationMs: number): void {
  deps.journal.finish({
    chargeId: call.id,
    atMs: deps.clock.nowMs(),
    outcome: relayed.outcome,
    bytesIn: call.body?.bytes ?? 0,
    bytesOut: relayed.bytesOut,
    durationMs: Math.round(durationMs),
  });
}
