import type { Route } from '../catalog/model.ts';
import { formatUsdc, type Units } from '../money.ts';
import { type AdmitDeps, type Admitted, admit } from './admit.ts';
import { type Relayed, relay } from './answer.ts';
import { charge, settleEnd } from './charge.ts';
import type { CallJournal, GatewayDeps } from './deps.ts';
import { type Exchange, endsConnection } from './exchange.ts';
import type { FieldRules } from './fields.ts';
import { UpstreamCall, type UpstreamHead } from './forward.ts';
import { type AnswerHead, answerHead } from './headers-down.ts';
import { type CallIdentity, upstreamHeaders } from './headers-up.ts';
import type { Prepared } from './prepared.ts';
import { refuse } from './refuse.ts';
import { BodyError, RequestBody } from './request-body.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

export type CallDeps = AdmitDeps &
  Pick<GatewayDeps, 'upstreams' | 'nextCallId' | 'signContext' | 'log' | 'metrics'> & {
    journal: CallJournal;
    rules: FieldRules;
    prepared(route: Route): Prepared;
  };

/** An admitted call on its way: what its end needs to know. */
export type Call = {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly admitted: Admitted;
  readonly id: number;
  readonly body: RequestBody | null;
  upstream: UpstreamCall | undefined;
  /** Monotonic ms at which the request left for the upstream and its head came back. */
  sentMs: number;
  headMs: number;
};

/**
 * One sold call, from its route to its last byte. Money moves at three places: the hold in `admit`, its capture or
 * release when the final head has come, and the refund when the upstream breaks off behind that head.
 */
export async function serveCall(deps: CallDeps, exchange: Exchange, route: Route, upstreamPath: string): Promise<void> {
  const decision = admit(deps, exchange, route);
  const admitted = decision instanceof Promise ? await decision : decision;
  if (!admitted.ok) return refuse(exchange, admitted);

  const call = open(deps, exchange, route, admitted);
  try {
    const answered = await send(deps, call, upstreamPath);
    if (!answered.ok) return giveUp(deps, call, answered);

    const charged = await charge(deps, call, answered.upstream, answered.status);
    if (!charged.ok) return refuse(exchange, charged);

    const relayed = await answer(deps, call, answered, charged.amount);
    await settleEnd(deps, call, answered.status, charged.amount, relayed);
  } finally {
    close(deps, call);
  }
}

function open(deps: CallDeps, exchange: Exchange, route: Route, admitted: Admitted): Call {
  const { req, res, head, config } = exchange;
  const limits = { bytesMax: route.bodyBytesMax, idleTimeoutMs: config.gateway.limits.bodyIdleTimeoutMs };
  const call: Call = {
    exchange,
    route,
    admitted,
    id: deps.nextCallId(),
    body: head.hasBody ? new RequestBody(req, limits) : null,
    upstream: undefined,
    sentMs: 0,
    headMs: 0,
  };
  // Before the head a client that leaves ends the call; behind it the call is decided and `relay` takes over.
  // A function literal assigned to a property is put into V8's old space, where it would keep every call alive until
  // the next full collection [measured: young collections of 40 ms instead of 1 ms]; a named one is not.
  const leave = () => call.upstream?.abandon(new BodyError('client_gone'));
  exchange.onGone = leave;
  exchange.end.callId = call.id;
  exchange.end.account = admitted.payer?.account.address;
  exchange.fields.push('callora-call', String(call.id));
  if (exchange.expectsContinue) {
    exchange.expectsContinue = false;
    res.writeContinue();
  }
  return call;
}

type Answered = { ok: true; upstream: UpstreamCall; status: number; head: AnswerHead };

/** Forwards the request, once more if a kept-alive connection had closed before the upstream could have acted. */
async function send(deps: CallDeps, call: Call, path: string): Promise<Answered | UpstreamFailure> {
  const { exchange, route } = call;
  call.sentMs = deps.clock.monotonicMs();
  const request = {
    method: exchange.head.method,
    path,
    headers: upstreamHeaders(exchange, deps.rules, deps.prepared(route), identityOf(deps, call, path)),
    body: call.body,
    headersTimeoutMs: route.timeoutMs,
    idleTimeoutMs: route.api.upstream.idleTimeoutMs,
  };
  for (let triesLeft = 1; ; triesLeft--) {
    if (exchange.clientGone) return clientGone();
    const upstream = new UpstreamCall(deps.upstreams.poolFor(route.api), request);
    call.upstream = upstream;
    const head = await upstream.head;
    call.headMs = deps.clock.monotonicMs();
    if (head.ok) return judgeHead(deps, call, upstream, head);
    const safe = call.body === null && (request.method === 'GET' || request.method === 'HEAD');
    if (triesLeft === 0 || !head.retryable || !safe) return head;
  }
}

function identityOf(deps: CallDeps, { exchange, route, admitted, id }: Call, target: string): CallIdentity {
  const account = admitted.payer?.account.address;
  const callId = String(id);
  if (!route.api.signedContext) return { account, callId, context: undefined };
  const { price } = deps.prepared(route);
  const { method } = exchange.head;
  return {
    account,
    callId,
    context: deps.signContext({ api: route.api.name, account, callId, price, method, target }),
  };
}

function judgeHead(deps: CallDeps, call: Call, upstream: UpstreamCall, raw: UpstreamHead): Answered | UpstreamFailure {
  const { route } = call;
  const head = answerHead(raw.rawHeaders, deps.rules, deps.prepared(route), route.api);
  if (head) return { ok: true, upstream, status: raw.status, head };
  const cause = new Error('the upstream sent a field value with control bytes');
  upstream.abort(cause);
  return { ok: false, code: 'upstream_bad_answer', proxyError: 'http_protocol_error', retryable: false, cause };
}

function clientGone(): UpstreamFailure {
  const cause = new BodyError('client_gone');
  return { ok: false, code: 'client_gone', proxyError: undefined, retryable: false, cause };
}

/** No final head came: the call costs nothing, and the client learns whose fault it was. */
function giveUp(deps: CallDeps, call: Call, failure: UpstreamFailure): void {
  const { exchange, route, admitted } = call;
  if (admitted.hold) deps.ledger.release(admitted.hold);
  const { code, proxyError, cause } = failure;
  exchange.end.upstreamError = proxyError;
  if (code === 'client_gone') return;
  if (proxyError) {
    deps.log.warn({ err: cause, call: call.id, route: route.template, code }, 'the upstream gave no answer');
  }
  const fields = proxyError ? ['proxy-status', `callora; error=${proxyError}`] : [];
  refuse(exchange, {
    ok: false,
    code,
    fields: [...fields, 'callora-price', '0'],
    extra: { call: String(call.id) },
    close: proxyError === undefined,
  });
}

/** Behind the charge nothing may fail without an end: a defect of the gateway here costs the client nothing. */
async function answer(deps: CallDeps, call: Call, answered: Answered, charged: Units): Promise<Relayed> {
  try {
    return await relay(call.exchange, answered.upstream, compose(deps, call, answered, charged));
  } catch (error) {
    deps.log.error({ err: error, call: call.id }, 'the gateway failed behind a charge');
    answered.upstream.abort(new Error('the gateway failed'));
    call.exchange.req.socket.destroy();
    return { outcome: 'gateway_failed', bytesOut: 0 };
  }
}

function compose(deps: CallDeps, call: Call, answered: Answered, charged: Units) {
  const { exchange, route, admitted } = call;
  const { status, head } = answered;
  const { method } = exchange.head;
  const fields = head.fields;
  if (head.contentLength >= 0 && status !== 204) fields.push('content-length', String(head.contentLength));
  if (!deps.prepared(route).keepsCacheFields) fields.push('cache-control', 'private, no-store');
  // A body that is still coming in cannot be told from the next request once nobody reads it.
  if (exchange.head.hasBody && !exchange.req.complete) endsConnection(exchange);
  fields.push('via', '1.1 callora', 'x-request-id', exchange.requestId, ...exchange.fields);
  fields.push('callora-price', formatUsdc(charged));
  if (admitted.payer) fields.push('callora-balance', formatUsdc(deps.ledger.spendable(admitted.payer.account)));
  exchange.end.overheadMs = call.sentMs - exchange.startMs + deps.clock.monotonicMs() - call.headMs;
  deps.metrics.overhead(exchange.end.overheadMs / 1000);
  return {
    status,
    fields,
    contentLength: head.contentLength,
    bodiless: method === 'HEAD' || status === 204 || status === 304,
    idleTimeoutMs: route.api.upstream.idleTimeoutMs,
  };
}

function close(deps: CallDeps, call: Call): void {
  const { payer, hold } = call.admitted;
  // Only an exception leaves a hold open here: the call failed inside the gateway, so it costs nothing.
  if (hold?.state === 'held') deps.ledger.release(hold);
  if (payer) deps.calls.leave(payer.account, call.route.api);
  call.exchange.onGone = undefined;
  call.exchange.end.bytesIn = call.body?.bytes ?? 0;
  call.body?.destroy();
}
