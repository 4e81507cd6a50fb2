import { formatUsdc, type Units } from '../money.ts';
import type { Answer } from './answer.ts';
import type { Call, CallDeps } from './call.ts';
import { endsConnection } from './exchange.ts';
import type { Answered } from './forward.ts';
import { framingDown } from './framing-down.ts';
import { answerHead, trailersDown } from './headers-down.ts';
import { serverTiming } from './server-timing.ts';
import { warnOfLeak } from './warn-of-leak.ts';

/** What the client gets of an upstream's answer, with what the gateway adds about the call. */
export function composeAnswer(deps: CallDeps, call: Call, { head, framing }: Answered, charged: Units): Answer {
  const { exchange, route, admitted } = call;
  const { rules } = deps;
  const prepared = deps.prepared(route);
  const read = answerHead(head.fields, rules, prepared, route.api, exchange);
  const { fields } = read;
  if (framing.kind === 'none' && read.contentLength !== undefined && head.status !== 204) {
    fields.push('content-length', read.contentLength);
  }
  if (!prepared.keepsCacheFields) fields.push('cache-control', 'private, no-store');
  call.copy?.head(head.status, fields);
  if (framing.kind === 'until_close' && route.api.upstream.origins.some(isTls)) call.copy?.giveUp();
  if (prepared.keepsCacheFields && exchange.head.origin === undefined) {
    fields.push(...deps.corsOf(exchange.config).of(route.api).cachedFields());
  }
  // A body that is still coming in cannot be told from the next request once nobody reads it.
  if (exchange.body && !exchange.body.complete) endsConnection(exchange);
  const down = framingDown(exchange, framing);
  if (read.leaking !== undefined) warnOfLeak(deps, route, read.leaking);
  fields.push(...(route.cacheable ? withoutStanding(exchange.fields) : exchange.fields));
  let lines =
    `via: 1.${head.minor} callora\r\nx-request-id: ${exchange.requestId}\r\n` +
    `callora-price: ${formatUsdc(charged)}\r\n`;
  // What may lie in a shared cache says nothing of who paid for it.
  if (admitted.payer && !prepared.keepsCacheFields) {
    lines += `callora-balance: ${formatUsdc(deps.ledger.spendable(admitted.payer.account))}\r\n`;
  }
  exchange.end.overheadMs = call.sentMs - exchange.startMs + deps.clock.monotonicMs() - call.headMs;
  lines += `server-timing: ${serverTiming(exchange.end.overheadMs)}\r\n`;
  deps.metrics.overhead(exchange.end.overheadMs / 1000);
  return {
    status: head.status,
    fields,
    lines,
    framing: down,
    hasDate: read.hasDate,
    idleTimeoutMs: route.api.upstream.idleTimeoutMs,
    copy: call.copy,
    clock: deps.clock,
    trailers: (trailers) => trailersDown(trailers, rules, prepared),
  };
}

/** What is left of a rate is the payer's own: a shared cache would hand it to everybody. */
function withoutStanding(fields: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (name !== 'ratelimit' && name !== 'ratelimit-policy') kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}

/**
 * A TLS connection that ends without `close_notify` may have been cut short by anyone in between (RFC 9112 section 9.8),
 * and Node tells neither whether it came nor that it did not: an answer whose end is that end is not promised as whole.
 */
function isTls(origin: string): boolean {
  return origin.startsWith('https:');
}
