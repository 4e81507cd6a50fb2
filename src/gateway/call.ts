import type { Config, Route } from '../catalog/model.ts';
import { fieldLines } from '../http1/field-lines.ts';
import type { Units } from '../money.ts';
import { sentPath } from '../upstream/request-text.ts';
import type { OutgoingBody } from '../upstream/upstreams.ts';
import { type AdmitDeps, type Admitted, admit } from './admit.ts';
import { type Relayed, relay } from './answer.ts';
import type { AnswerCopy } from './answer-copy.ts';
import { charge, settleEnd } from './charge.ts';
import { composeAnswer } from './compose-answer.ts';
import type { CorsRules } from './cors.ts';
import type { CallJournal, GatewayDeps } from './deps.ts';
import { type Exchange, wantsBody } from './exchange.ts';
import type { FieldRules } from './fields.ts';
import { type Answered, UpstreamCall } from './forward.ts';
import { answerHead } from './headers-down.ts';
import { type CallIdentity, trailersUp, upstreamLines } from './headers-up.ts';
import type { Prepared } from './prepared.ts';
import { upstreamProxyStatus } from './proxy-status.ts';
import { type Refusal, refuse } from './refuse.ts';
import { BodyError, type RequestBody } from './request-body.ts';
import { judgeFailure, type UpstreamFailure } from './upstream-failure.ts';

export type CallDeps = AdmitDeps &
  Pick<GatewayDeps, 'upstreams' | 'nextCallId' | 'signContext' | 'log' | 'metrics'> & {
    journal: CallJournal;
    rules: FieldRules;
    prepared(route: Route): Prepared;
    corsOf(config: Config): CorsRules;
  };

/** An admitted call on its way: what its end needs to know. */
export type Call = {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly admitted: Admitted;
  readonly id: number;
  readonly body: RequestBody | undefined;
  /** What is sent: the body as it comes, or as it was held. */
  outgoing: OutgoingBody | undefined;
  /** Keeps the answer of a call with an Idempotency-Key. */
  copy: AnswerCopy | undefined;
  /** How the upstream's answer was given; undefined while none was. */
  answered: { status: number; relayed: Relayed } | undefined;
  upstream: UpstreamCall | undefined;
  /** Monotonic ms at which the request left for the upstream and its head came back. */
  sentMs: number;
  headMs: number;
};

/**
 * One sold call, from its route to its last byte. Money moves at three places: the hold in `admit`, its capture or
 * release when the final head has come, and the refund when the upstream breaks off behind that head.
 */
export function serveCall(deps: CallDeps, exchange: Exchange, route: Route, target: string): Promise<void> | void {
  const decision = admit(deps, exchange, route);
  if (!(decision instanceof Promise)) return serveAdmitted(deps, exchange, route, target, decision);
  return decision.then((admitted) => serveAdmitted(deps, exchange, route, target, admitted));
}

function serveAdmitted(
  deps: CallDeps,
  exchange: Exchange,
  route: Route,
  target: string,
  admitted: Admitted | Refusal,
): Promise<void> | void {
  if (!admitted.ok) return refuse(exchange, admitted);
  const call = open(exchange, route, admitted, deps.nextCallId());
  takeBody(deps, call);
  return carryOut(deps, call, target);
}

/** From the request upstream to the last byte of the answer. Whatever happens, the call is over then. */
export async function carryOut(deps: CallDeps, call: Call, target: string): Promise<void> {
  const { exchange } = call;
  try {
    const answered = await send(deps, call, target, undefined);
    call.headMs = deps.clock.monotonicMs();
    if (!answered.ok) return giveUp(deps, call, answered);

    const charged = await charge(deps, call, answered.upstream, answered.head.status);
    if (!charged.ok) return refuse(exchange, charged);

    const relaying = answer(deps, call, answered, charged.amount);
    // Most answers have left by now: what need not be waited for is not, since each wait costs a microtask or three.
    const relayed = relaying instanceof Promise ? await relaying : relaying;
    call.answered = { status: answered.head.status, relayed };
    const settling = settleEnd(deps, call, answered.head.status, charged.amount, relayed);
    if (settling instanceof Promise) await settling;
  } finally {
    close(deps, call);
  }
}

export function open(exchange: Exchange, route: Route, admitted: Admitted, id: number): Call {
  const { body } = exchange;
  const call: Call = {
    exchange,
    route,
    admitted,
    id,
    body,
    outgoing: body,
    copy: undefined,
    answered: undefined,
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
  return call;
}

/** The request's body goes on as it comes, within the bound of its route. */
export function takeBody(deps: CallDeps, call: Call): void {
  const { exchange, route, body } = call;
  if (!body) return;
  const failed = (error: BodyError) => call.upstream?.abandon(error);
  body.onFailed = failed;
  body.limit(route.bodyBytesMax);
  keepTrailers(deps, exchange, route);
  wantsBody(exchange);
}

/** What of the request's trailers the upstream gets; asked for when the body has ended. */
export function keepTrailers(deps: CallDeps, { body }: Exchange, route: Route): void {
  if (!body) return;
  const kept = (trailers: string[]) => trailersUp(trailers, deps.rules, deps.prepared(route));
  body.keptTrailers = kept;
}

/** Forwards the request and waits for its final head, with the fields of an upgrade if it asks for one. */
export function send(
  deps: CallDeps,
  call: Call,
  target: string,
  upgrade: string[] | undefined,
): Promise<Answered | UpstreamFailure> | UpstreamFailure {
  const { exchange, route, body } = call;
  call.sentMs = deps.clock.monotonicMs();
  if (exchange.clientGone) return judgeFailure(new BodyError('client_gone'));
  if (body?.failure) return judgeFailure(body.failure);
  const lines = upstreamLines(exchange, deps.rules, deps.prepared(route), identityOf(deps, call, target));
  const request = {
    method: exchange.head.method,
    target,
    lines: upgrade ? lines + fieldLines(upgrade) : lines,
    body: call.outgoing,
    firstByteTimeoutMs: route.timeoutMs,
    idleTimeoutMs: route.api.upstream.idleTimeoutMs,
    totalTimeoutMs: route.api.upstream.totalTimeoutMs,
  };
  const hint = (status: number, fields: string[]) => inform(deps, call, status, fields);
  const upstream = new UpstreamCall(deps.upstreams, route, request, hint, upgrade !== undefined);
  call.upstream = upstream;
  return upstream.head;
}

/** Early hints and the like pass on; a `100` is the gateway's own to give, and HTTP/1.0 knows none of them. */
function inform(deps: CallDeps, { exchange, route }: Call, status: number, fields: string[]): void {
  if (status === 100 || exchange.head.minor === 0) return;
  const prepared = deps.prepared(route);
  exchange.answer.informational(status, answerHead(fields, deps.rules, prepared, route.api, exchange).fields);
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
    context: deps.signContext({
      api: route.api.name,
      account,
      callId,
      price,
      method,
      target: sentPath(route.api.upstream.basePath, target),
    }),
  };
}

/** No final head came: the call costs nothing, and the client learns whose fault it was. */
export function giveUp(deps: CallDeps, call: Call, failure: UpstreamFailure): void {
  const { exchange, route, admitted } = call;
  if (admitted.hold?.state === 'held') deps.ledger.release(admitted.hold);
  const { code, detail, proxyError, retryAfterS, cause } = failure;
  exchange.end.upstreamError = proxyError;
  if (code === 'client_gone') return;
  // That an upstream gets no calls is logged once, where it began; a line for each of them would bury it.
  if (proxyError && retryAfterS === undefined) {
    deps.log.warn({ err: cause, call: call.id, route: route.template, code }, 'the upstream gave no answer');
  }
  refuse(exchange, {
    ok: false,
    code,
    detail,
    ...(proxyError ? { proxyStatus: upstreamProxyStatus(proxyError) } : {}),
    fields: ['callora-price', '0', ...(retryAfterS === undefined ? [] : ['retry-after', String(retryAfterS)])],
    extra: { call: String(call.id) },
    close: proxyError === undefined,
  });
}

/** Behind the charge nothing may fail without an end: a defect of the gateway here costs the client nothing. */
export function answer(deps: CallDeps, call: Call, answered: Answered, charged: Units): Relayed | Promise<Relayed> {
  try {
    return relay(call.exchange, answered.upstream, composeAnswer(deps, call, answered, charged));
  } catch (error) {
    deps.log.error({ err: error, call: call.id }, 'the gateway failed behind a charge');
    answered.upstream.abort(new Error('the gateway failed'));
    call.exchange.answer.break();
    return { outcome: 'gateway_failed', bytesOut: 0 };
  }
}

/** An admitted call holds money and a place until it ends; what is not charged by then never is. */
export function letGo(deps: CallDeps, admitted: Admitted, route: Route): void {
  releaseHold(deps, admitted);
  if (admitted.payer) deps.calls.leave(admitted.payer.account, route.api);
}

export function releaseHold({ ledger }: CallDeps, { hold }: Admitted): void {
  if (hold?.state === 'held') ledger.release(hold);
}

export function close(deps: CallDeps, call: Call): void {
  letGo(deps, call.admitted, call.route);
  call.exchange.onGone = undefined;
  call.exchange.onDrain = undefined;
  if (call.body) call.exchange.end.bytesIn = call.body.bytes;
}
