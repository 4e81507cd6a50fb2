import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../clock.ts';
import { formatUsdc, type Units } from '../money.ts';
import { isAccount, isScopeName } from './claims.ts';
import type { TokenKeys } from './keys.ts';

export type IssueDeps = { keys: TokenKeys; clock: Clock; issuer: string; audience: string };

export type TokenRequest = {
  /** G… or C… address whose balance pays. */
  account: string;
  /** Names of APIs, or `*` for every API now and later. */
  scope: readonly string[] | '*';
  ttlMs: number;
  /** The most the token may ever spend. */
  cap?: Units | undefined;
};

export type IssuedToken = { token: string; jti: string; expiresAtMs: number };

/** Signs an access token (RFC 9068) with the first key. The caller has checked the request against its own rules. */
export async function issueToken(deps: IssueDeps, request: TokenRequest): Promise<IssuedToken> {
  const { keys, clock, issuer, audience } = deps;
  const { account, ttlMs, cap } = request;
  const names = request.scope === '*' ? [] : request.scope;
  assert(isAccount(account), 'a token is issued to a G… or C… address');
  assert(request.scope === '*' || names.length > 0, 'a scope holds API names or is *');
  assert(names.every(isScopeName), 'a name in a scope is the name of an API');
  assert(ttlMs > 0 && (cap === undefined || cap > 0n), 'a token has a life and, if capped, money to spend');
  const jti = randomBytes(16).toString('base64url');
  const iat = Math.floor(clock.nowMs() / 1_000);
  const exp = iat + Math.ceil(ttlMs / 1_000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: account,
    client_id: account,
    scope: request.scope === '*' ? '*' : [...new Set(names)].join(' '),
    iat,
    exp,
    jti,
    ...(cap === undefined ? {} : { callora_cap: formatUsdc(cap) }),
  };
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: keys.signing.kid };
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(keys.signing.privateKey);
  return { token, jti, expiresAtMs: exp * 1_000 };
}
