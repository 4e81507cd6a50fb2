import assert from 'node:assert/strict';
import type { IdempotencyLimits, Route } from '../catalog/model.ts';
import { GatewayError } from '../errors.ts';
import type { Claim, Claims } from '../limits/claims.ts';
import { readIdempotencyKey } from '../limits/idempotency-key.ts';
import type { KeyOutcome } from '../metering/keyed-calls.ts';
import { type Admitted, admit, type Payer } from './admit.ts';
import { AnswerCopy } from './answer-copy.ts';
import { type Call, type CallDeps, carryOut, keepTrailers, letGo, open, releaseHold } from './call.ts';
import type { CallMemory } from './call-memory.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { HeldBody, holdBody } from './held-body.ts';
import { fingerprintOf, withUpstreamKey } from './key-fingerprint.ts';
import { keyRoom } from './key-room.ts';
import { type Refusal, refuse } from './refuse.ts';
import { replay } from './replay.ts';

export type KeyedDeps = CallDeps & Pick<GatewayDeps, 'keys'> & CallMemory & { claims: Claims };

/** A call that carries a key, as far as it is known before anything is sent. */
type Keyed = {
  exchange: Exchange;
  route: Route;
  target: string;
  admitted: Admitted;
  payer: Payer;
  key: string;
  callId: number;
  fingerprint: Buffer;
  body: HeldBody;
  limits: IdempotencyLimits;
  /** From then on the call itself lets go of money and place. */
  begun: boolean;
};

/**
 * One sold call with an Idempotency-Key: sent and charged once, and then answered from what was kept. The body is read whole
 * first, since it is part of what the key stands for. The claim, taken in one step, keeps an equal call of the same moment
 * out; the row, committed before anything is sent, keeps it out for good. A client that leaves does not end such a call: it
 * will ask again.
 */
export async function serveKeyed(deps: KeyedDeps, exchange: Exchange, route: Route, target: string): Promise<void> {
  const read = readIdempotencyKey(exchange.head.idempotencyKey ?? '');
  if (!read.ok) return refuse(exchange, { ok: false, code: 'idempotency_key_invalid', detail: read.detail });
  const decision = admit(deps, exchange, route, true);
  const admitted = decision instanceof Promise ? await decision : decision;
  if (!admitted.ok) return refuse(exchange, admitted);
  const { payer } = admitted;
  assert(payer, 'a route with a token has a payer');
  const body = new HeldBody(deps, admitted.unpaid ? undefined : payer.account);
  let keyed: Keyed | undefined;
  try {
    const limits = exchange.config.gateway.idempotency;
    keepTrailers(deps, exchange, route);
    const unheld = await holdBody(exchange, body, route.bodyBytesMax, limits);
    if (unheld === 'client_gone') return;
    if (unheld) return refuse(exchange, unheld);
    const fingerprint = fingerprintOf(exchange, route, body);
    const callId = deps.nextCallId();
    keyed = {
      exchange,
      route,
      target,
      admitted,
      payer,
      key: read.key,
      callId,
      fingerprint,
      body,
      limits,
      begun: false,
    };
    await serveClaimed(deps, keyed);
  } finally {
    if (!keyed?.begun) letGo(deps, admitted, route);
    body.release();
  }
}

async function serveClaimed(deps: KeyedDeps, keyed: Keyed): Promise<void> {
  const { exchange, payer, key, callId, fingerprint } = keyed;
  const claim: Claim = { callId, fingerprint };
  for (;;) {
    const taken = deps.claims.take(payer.account.id, key, claim);
    if (!taken) break;
    if (!taken.fingerprint.equals(fingerprint)) return refuse(exchange, mismatch(taken.callId));
    if (!taken.looking) return refuse(exchange, inProgress(taken.callId));
    // Retries that come together are all answered: none is turned away because another is being looked up.
    await taken.looking;
  }
  const drop = () => deps.claims.drop(payer.account.id, key);
  const beginning = begin(deps, keyed);
  claim.looking = beginning.then(ignore, ignore);
  const outcome = await beginning.catch((error: unknown) => unwritten(deps, callId, error));
  if ('ok' in outcome || outcome.kind !== 'begun') {
    drop();
    return answerKnown(deps, keyed, outcome);
  }
  claim.looking = undefined;
  await run(deps, keyed).finally(drop);
}

function ignore(): void {}

function unwritten({ log }: KeyedDeps, callId: number, error: unknown): Refusal {
  if (!(error instanceof GatewayError)) throw error;
  log.error({ err: error, call: callId }, 'an idempotency key could not be written; its call is refused');
  return { ok: false, code: error.code, fields: ['callora-price', '0', 'retry-after', '1'] };
}

/** Nothing is sent: the key is known, or none can begin. */
function answerKnown(deps: KeyedDeps, keyed: Keyed, outcome: Known | Refusal): Promise<void> | void {
  const { exchange, route, payer, admitted } = keyed;
  if ('ok' in outcome) return refuse(exchange, outcome);
  if (outcome.kind !== 'answered') return refuse(exchange, refusalOf(outcome, admitted));
  releaseHold(deps, admitted);
  return replay(deps, exchange, route, payer.account, outcome.callId, outcome.answer);
}

function begin(
  deps: KeyedDeps,
  { route, payer, key, callId, fingerprint, admitted, limits }: Keyed,
): Promise<KeyOutcome> {
  const atMs = deps.clock.nowMs();
  const bounds = { expiredMs: atMs - limits.lifeMs, ...keyRoom(limits, route.priceUnits > 0n) };
  // A call that nothing pays for is answered from what was kept, and begins nothing.
  const insert = admitted.unpaid === undefined;
  return deps.keys.begin({ callId, accountId: payer.account.id, key, fingerprint, atMs }, insert, bounds);
}

async function run(deps: KeyedDeps, keyed: Keyed): Promise<void> {
  const { exchange, route, admitted, callId, limits } = keyed;
  exchange.request.fields = withUpstreamKey(exchange, keyed.payer.account.address, keyed.key);
  const copy = new AnswerCopy(deps, keyed.payer.account, limits);
  keyed.begun = true;
  const call = open(exchange, route, admitted, callId);
  // It goes on without its client: what it buys is kept for when the client asks again.
  exchange.onGone = undefined;
  if (exchange.body) call.outgoing = keyed.body;
  call.copy = copy;
  try {
    await carryOut(deps, call, keyed.target);
  } finally {
    await end(deps, keyed, call, copy);
    copy.release();
  }
}

/** What becomes of the key: a failed call that cost nothing leaves none, and nothing that was paid is ever sent again. */
async function end(
  { keys, log }: KeyedDeps,
  { payer, limits }: Keyed,
  { id, exchange, answered }: Call,
  copy: AnswerCopy,
): Promise<void> {
  const paid = exchange.end.paid > 0n;
  const came = answered?.relayed.outcome === 'completed' || answered?.relayed.outcome === 'client_gone';
  const settled = answered !== undefined && came && (paid || isFinal(answered.status));
  const { answer } = copy;
  try {
    if (settled && !paid && !mayHaveActed(exchange.head.method, answered.status)) {
      await keys.endUnpaid(id, payer.account.id, answer, keyRoom(limits, false));
    } else if (settled && answer) await keys.keep(id, answer);
    else if (settled || paid) await keys.spend(id);
    else await keys.release(id);
  } catch (error) {
    log.error({ err: error, call: id }, 'the end of a keyed call could not be written; its key stays in doubt');
  }
}

/** Answers that say "not now" are no answers to the call: it can be sent again. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 408 && status !== 425 && status !== 429;
}

/** Whether an answer that nobody paid for tells of a deed, which must not be done twice: 302 and 303 lead to what came of it. */
function mayHaveActed(method: string, status: number): boolean {
  const isSafe = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  return !isSafe && (status < 300 || status === 302 || status === 303);
}

type Known = Exclude<KeyOutcome, { kind: 'begun' }>;

function refusalOf(outcome: Exclude<Known, { kind: 'answered' }>, { unpaid }: Admitted): Refusal {
  if (outcome.kind === 'mismatch') return mismatch(outcome.callId);
  if (outcome.kind === 'open') return known('idempotency_in_doubt', outcome.callId);
  if (outcome.kind === 'spent') return known('idempotency_not_replayable', outcome.callId);
  if (outcome.kind === 'unknown') {
    assert(unpaid, 'only a call that nothing pays for begins nothing');
    return unpaid;
  }
  if (outcome.of === 'account') return { ok: false, code: 'idempotency_keys_full' };
  return { ok: false, code: 'idempotency_store_full', fields: ['retry-after', '60'] };
}

function known(code: Refusal['code'], callId: number, fields: string[] = []): Refusal {
  const call = String(callId);
  return {
    ok: false,
    code,
    detail: `it belongs to call ${call}`,
    extra: { call },
    fields: [...fields, 'callora-price', '0'],
  };
}

function inProgress(callId: number): Refusal {
  return known('idempotency_in_progress', callId, ['retry-after', '1']);
}

function mismatch(callId: number): Refusal {
  return known('idempotency_mismatch', callId);
}
