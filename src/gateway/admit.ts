import { readBearer } from '../access/bearer.ts';
import type { Verified, VerifyFailure } from '../access/verify.ts';
import type { AccountSlot, CapSlot, Hold } from '../billing/ledger.ts';
import type { Api, Config, Route } from '../catalog/model.ts';
import { counted } from '../counted.ts';
import type { ErrorCode } from '../errors.ts';
import type { Places } from '../limits/places.ts';
import type { ApiRates, ConfigRates, PolicySet, RateKeys } from '../limits/rate-policies.ts';
import { formatUsdc } from '../money.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchange } from './exchange.ts';
import { overRate } from './over-rate.ts';
import type { Refusal } from './refuse.ts';

/** A call that may go on. `payer` is undefined only on routes with `auth: none`. */
export type Admitted = {
  ok: true;
  payer: Payer | undefined;
  hold: Hold | undefined;
  /** Why nothing pays for this call. Set only where that was asked for: such a call is never sent. */
  unpaid: Refusal | undefined;
};

export type Payer = {
  account: AccountSlot;
  cap: CapSlot | undefined;
  tokenId: number | undefined;
  /** What rates know the token by: it outlives the verified token in the cache. */
  tokenJti: string;
};

export type AdmitDeps = Pick<
  GatewayDeps,
  'verifier' | 'ledger' | 'resolve' | 'isPaused' | 'mayServe' | 'payWays' | 'clock'
> & {
  ratesOf(config: Config): ConfigRates;
  calls: Places<AccountSlot>;
  /** Slots of tokens seen before, so that a known token costs no look-up. */
  payers: WeakMap<Verified, Payer>;
};

/**
 * Rate of the address, token, scope, pause, rates, money, in this order, so that a refused call costs nothing and a
 * throttled one is not held. From the balance check to the hold nothing is awaited: over-serving is impossible by
 * construction. Only a token never seen before leaves the turn. Each admitted call of an account holds a place in `calls`
 * until it ends.
 * With `unpaidToo` a call that only money is missing for is let in to be answered from what its key has kept.
 */
export function admit(
  deps: AdmitDeps,
  exchange: Exchange,
  route: Route,
  unpaidToo = false,
): Admitted | Refusal | Promise<Admitted | Refusal> {
  const rates = deps.ratesOf(exchange.config).of(route.api);
  const flooded = throttle(deps, exchange, rates.address, undefined);
  if (flooded) return flooded;
  if (route.auth === 'none') return admitOpen(deps, exchange, route, rates);
  const bearer = readBearer(exchange.request.fields);
  if (!bearer.ok) return unauthorized(exchange, bearer.reason);
  const token = deps.verifier.cached(bearer.token);
  if (token) return admitToken(deps, exchange, route, rates, token, unpaidToo);
  return deps.verifier.verify(bearer.token).then((verified) => {
    if (!verified.ok) return unauthorized(exchange, verified.reason);
    return admitToken(deps, exchange, route, rates, verified.token, unpaidToo);
  });
}

function admitOpen(deps: AdmitDeps, exchange: Exchange, route: Route, rates: ApiRates): Admitted | Refusal {
  if (deps.isPaused(route.api.name)) return apiPaused;
  return throttle(deps, exchange, rates.open, undefined) ?? open;
}

const open: Admitted = { ok: true, payer: undefined, hold: undefined, unpaid: undefined };

function admitToken(
  deps: AdmitDeps,
  exchange: Exchange,
  route: Route,
  rates: ApiRates,
  token: Verified,
  unpaidToo: boolean,
): Admitted | Refusal {
  if (token.scopes !== '*' && !token.scopes.has(route.api.name)) return forbidden(exchange, route);
  if (deps.isPaused(route.api.name)) return apiPaused;
  const payer = payerOf(deps, token);
  const throttled = throttle(deps, exchange, rates.payer, payer);
  if (throttled) return throttled;
  const { callsPerAccountMax } = exchange.config.gateway.limits;
  const entered = deps.calls.enter(payer.account, route.api, callsPerAccountMax);
  if (entered !== 'ok') return tooManyWaiting(entered === 'api' ? route.api : undefined, callsPerAccountMax);
  const held = takeMoney(deps, route, payer);
  if (held.ok) return held;
  if (unpaidToo) return { ok: true, payer, hold: undefined, unpaid: held };
  deps.calls.leave(payer.account, route.api);
  return held;
}

/** Nobody knows when a person lifts a pause; half a minute keeps waiting clients few and their return quick. */
const apiPaused: Refusal = { ok: false, code: 'api_paused', fields: ['retry-after', '30'] };

function tooManyWaiting(api: Api | undefined, callsPerAccountMax: number): Refusal {
  const most = counted(api?.callsPerAccountMax ?? callsPerAccountMax, 'call');
  const detail = `an account has at most ${most}${api ? ` of ${api.name}` : ''} under way at once`;
  return { ok: false, code: 'too_many_waiting', detail, fields: ['retry-after', '1'] };
}

function takeMoney(deps: AdmitDeps, route: Route, payer: Payer): Admitted | Refusal {
  // A free call needs no money, so neither an empty balance nor a stop of paid calls concerns it.
  if (route.priceUnits === 0n) return { ok: true, payer, hold: undefined, unpaid: undefined };
  const stop = deps.mayServe(payer.account, route);
  if (stop) return { ok: false, code: stop.code, detail: stop.detail, fields: ['retry-after', '5'] };
  const held = deps.ledger.hold(payer.account, payer.cap, route.priceUnits);
  if (held.ok) return { ok: true, payer, hold: held.hold, unpaid: undefined };
  const remedy = remedies[held.reason];
  return {
    ok: false,
    code: held.reason,
    ...(remedy === undefined ? {} : { detail: remedy }),
    extra: {
      price: formatUsdc(route.priceUnits),
      available: formatUsdc(held.available),
      shortfall: formatUsdc(held.shortfall),
      currency: 'USDC',
      ...(held.resetsAtMs === undefined ? {} : { resets_at: new Date(held.resetsAtMs).toISOString() }),
      // A program that reads `pay` pays and tries again: where a deposit does not help, none is offered.
      pay: remedy === undefined ? deps.payWays(payer.account, held.shortfall) : [],
    },
    fields: retryAt(deps, held.resetsAtMs),
  };
}

/** What helps where money does not. */
const remedies: Partial<Record<ErrorCode, string>> = {
  token_cap_reached: 'a deposit does not lift the cap of a token: use one with a higher cap',
  limit_reached: 'a deposit does not lift the limit: wait for the next period, or let the account raise its limit',
};

function retryAt(deps: AdmitDeps, resetsAtMs: number | undefined): string[] {
  if (resetsAtMs === undefined) return [];
  return ['retry-after', String(Math.max(1, Math.ceil((resetsAtMs - deps.clock.nowMs()) / 1000)))];
}

function payerOf(deps: AdmitDeps, token: Verified): Payer {
  const known = deps.payers.get(token);
  if (known) return known;
  const payer = {
    account: deps.resolve.account(token.account),
    cap: deps.resolve.cap(token),
    tokenId: deps.resolve.tokenId(token),
    tokenJti: token.jti,
  };
  deps.payers.set(token, payer);
  return payer;
}

/** The guard in front of everything: a flood without a valid token is bounded before it costs more than this. */
export function throttleAddress(deps: AdmitDeps, exchange: Exchange): Refusal | undefined {
  return throttle(deps, exchange, deps.ratesOf(exchange.config).address, undefined);
}

function throttle(
  deps: AdmitDeps,
  { fields, client }: Exchange,
  set: PolicySet | undefined,
  payer: Payer | undefined,
): Refusal | undefined {
  if (!set) return undefined;
  const address = client.group;
  // Where there is no account its rates count the address.
  const keys: RateKeys = { account: payer?.account ?? address, token: payer?.tokenJti ?? address, address };
  return overRate(fields, set, keys, deps.clock.monotonicMs());
}

/** RFC 6750 and 9728: no `error` when no credential came, and where to learn how to get one. */
function unauthorized(exchange: Exchange, reason: 'token_missing' | VerifyFailure): Refusal {
  if (reason === 'overloaded') {
    return { ok: false, code: 'overloaded', detail: 'too many new tokens at once', fields: ['retry-after', '1'] };
  }
  const metadata = resourceMetadata(exchange);
  const challenge =
    reason === 'token_missing'
      ? `Bearer realm="callora", ${metadata}`
      : `Bearer realm="callora", error="invalid_token", error_description="${descriptions[reason]}", ${metadata}`;
  return { ok: false, code: reason, fields: ['www-authenticate', challenge] };
}

function forbidden(exchange: Exchange, route: Route): Refusal {
  const challenge = `Bearer realm="callora", error="insufficient_scope", scope="${route.api.name}", ${resourceMetadata(exchange)}`;
  return {
    ok: false,
    code: 'scope_missing',
    extra: { scope: route.api.name },
    fields: ['www-authenticate', challenge],
  };
}

function resourceMetadata(exchange: Exchange): string {
  return `resource_metadata="${exchange.config.gateway.publicUrl}/.well-known/oauth-protected-resource"`;
}

const descriptions = {
  token_invalid: 'The access token is not valid',
  token_expired: 'The access token has expired',
  token_revoked: 'The access token has been revoked',
} as const;
