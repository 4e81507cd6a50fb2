import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { createIdentityKey, type IdentityKey } from './identity-key.ts';

/** What the upstream may know about a call, as it is sent. */
export type CallContext = {
  /** Name of the API: the audience, so that a context of one API is worth nothing at another. */
  api: string;
  /** Whose balance pays; undefined on a route open to anyone. */
  account: string | undefined;
  callId: string;
  /** Decimal USDC. */
  price: string;
  method: string;
  /** Path and query as they are sent to the upstream. */
  target: string;
};

export type ContextSigner = { sign(context: CallContext): string; jwk: IdentityKey['jwk'] };

/** Longer than a call usually waits for a connection; short enough that a captured context is soon worth nothing. */
export const contextTtlS = 120;

/** The JWT `callora-context`, by which an upstream can refuse what did not come through this gateway. */
export function createContextSigner(options: { secret: string; issuer: string; clock: Clock }): ContextSigner {
  const { secret, issuer, clock } = options;
  const key = createIdentityKey(secret, 'callora-context+jwt');
  return {
    jwk: key.jwk,
    sign({ api, account, callId, price, method, target }) {
      const iat = Math.floor(clock.nowMs() / 1000);
      const claims = {
        iss: issuer,
        aud: api,
        sub: account,
        jti: callId,
        iat,
        exp: iat + contextTtlS,
        callora_price: price,
        callora_request: hash('sha256', `${method} ${target}`, 'base64url'),
      };
      return key.signNow(JSON.stringify(claims));
    },
  };
}
