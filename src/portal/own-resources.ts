import { sendJson } from '../http-json.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { accountView, type CallerDeps, usageView } from './caller.ts';
import { type DepositDeps, depositDetails } from './classic-deposit.ts';
import { type OwnExitsDeps, ownExits, requestExit } from './exits.ts';
import { type LoginDeps, loginChallenge, loginSession, loginToken } from './login.ts';
import { issueOwnToken, type OwnTokensDeps, ownTokens, revokeOwnToken } from './own-tokens.ts';
import { callReceipt, ownLeaves, type ReceiptDeps } from './receipts.ts';
import { type BodyReader, jsonAt, type Resource } from './resource.ts';
import { type UsageOverTimeDeps, usageOverTime } from './usage-over-time.ts';

/** What an account's holder reads and does, and the login before it. */
export type OwnResourcesDeps = CallerDeps &
  UsageOverTimeDeps &
  LoginDeps &
  OwnTokensDeps &
  DepositDeps &
  ReceiptDeps &
  OwnExitsDeps;

type Deps = OwnResourcesDeps & { limiter: RateLimiter; body: BodyReader };

export function ownResources(deps: Deps): [path: string, resource: Resource][] {
  return [
    [
      '/_callora/login',
      {
        GET: async ({ res, query, address }) => sendJson(res, 200, await loginChallenge(deps, query, address)),
        POST: async ({ req, res, address }) =>
          sendJson(res, 200, await loginToken(deps, await deps.body(req, 'form'), address)),
      },
    ],
    [
      '/_callora/session',
      {
        POST: async ({ req, res, address }) =>
          sendJson(res, 200, await loginSession(deps, await deps.body(req, 'form'), address)),
      },
    ],
    ['/_callora/deposit', jsonAt(({ req, query }) => depositDetails(deps, req.rawHeaders, query))],
    ['/_callora/account', jsonAt(({ req }) => accountView(deps, req.rawHeaders))],
    ['/_callora/usage', jsonAt(({ req, query }) => usageView(deps, req.rawHeaders, query))],
    ['/_callora/usage/summary', jsonAt(({ req, query }) => usageOverTime(deps, req.rawHeaders, query))],
    [
      '/_callora/tokens',
      {
        ...jsonAt(({ req, query }) => ownTokens(deps, req.rawHeaders, query)),
        POST: async ({ req, res }) =>
          sendJson(res, 201, await issueOwnToken(deps, req.rawHeaders, () => deps.body(req))),
      },
    ],
    [
      '/_callora/exits',
      {
        ...jsonAt(({ req, query }) => ownExits(deps, req.rawHeaders, query)),
        POST: async ({ req, res }) => sendJson(res, 200, await requestExit(deps, req.rawHeaders, () => deps.body(req))),
      },
    ],
  ];
}

/** Own things by their name: a token, a call, a batch. */
export function ownResourceAt(path: string, deps: Deps): Resource | undefined {
  const [, token] = /^\/_callora\/tokens\/([\w-]{1,64})\/revoke$/.exec(path) ?? [];
  if (token !== undefined) {
    return {
      POST: async ({ req, res }) =>
        sendJson(res, 200, await revokeOwnToken(deps, req.rawHeaders, token, () => deps.body(req))),
    };
  }
  const [, call] = /^\/_callora\/receipts\/([\w-]{1,64})$/.exec(path) ?? [];
  if (call !== undefined) return jsonAt(({ req }) => callReceipt(deps, req.rawHeaders, call));
  const [, lane, batch] = /^\/_callora\/batches\/([0-9]{1,10})\/([0-9]{1,15})\/leaves$/.exec(path) ?? [];
  if (lane === undefined || batch === undefined) return undefined;
  const place: [number, number] = [Number(lane), Number(batch)];
  return jsonAt(({ req, query }) => ownLeaves(deps, req.rawHeaders, place, query));
}
