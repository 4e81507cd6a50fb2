import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../clock.ts';
import { isAccount, isSeconds } from './claims.ts';
import { forwardTime } from './forward-time.ts';
import { isSignedByKey } from './key-signature.ts';
import type { TokenKeys } from './keys.ts';
import { readTokenForm } from './token-form.ts';

/** A wallet has signed for this account a few minutes ago. */
export type Session = { account: string; expiresAtMs: number };

export type Sessions = {
  /** For an account that has just proved itself with a signed challenge, and for nobody else. */
  issue(account: string): Promise<{ session: string; expiresAtMs: number }>;
  verify(text: string): Promise<{ ok: true; session: Session } | { ok: false; reason: SessionFailure }>;
};

export type SessionFailure = 'not_a_session' | 'expired' | 'overloaded';

export type SessionsDeps = {
  keys: TokenKeys;
  clock: Clock;
  /** The gateway's public URL. */
  issuer: string;
  tokenBytesMax: number;
  /** Signature checks under way at once. */
  verificationsMax: number;
};

/** Long enough to look around and decide; short enough that a session left behind in a browser is soon worth nothing. */
const sessionTtlMs = 600_000;

/** Another type than the access tokens' `at+jwt`, so that neither passes for the other even before its claims are read. */
const sessionType = 'callora-session+jwt';

const claimNames = ['iss', 'aud', 'sub', 'iat', 'exp', 'jti'];

/** How far a clock that signed may run ahead of ours, ms. Only another process with the same keys could. */
const futureMaxMs = 60_000;

/**
 * Wallet-login sessions: what an access token must never be able to do (issue or revoke tokens, take money out) asks for
 * one. They are no rows in the database: they end by themselves, and a new set of token keys ends them all.
 */
export function createSessions({ keys, clock, issuer, tokenBytesMax, verificationsMax }: SessionsDeps): Sessions {
  const audience = `${issuer}/_callora`;
  const nowMs = forwardTime(clock);
  let underWay = 0;

  async function issue(account: string): Promise<{ session: string; expiresAtMs: number }> {
    assert(isAccount(account), 'a session belongs to a G… or C… address');
    const iat = Math.floor(clock.nowMs() / 1_000);
    const exp = iat + sessionTtlMs / 1_000;
    const claims = { iss: issuer, aud: audience, sub: account, iat, exp, jti: randomBytes(16).toString('base64url') };
    const header = { alg: 'EdDSA', typ: sessionType, kid: keys.signing.kid };
    const session = await new SignJWT(claims).setProtectedHeader(header).sign(keys.signing.privateKey);
    return { session, expiresAtMs: exp * 1_000 };
  }

  async function verify(text: string): ReturnType<Sessions['verify']> {
    const form = text.length > tokenBytesMax ? undefined : readTokenForm(text, sessionType);
    const key = form && keys.byKid.get(form.kid);
    const session = form && readSession(form.payload, issuer, audience, nowMs());
    if (!key || !session) return { ok: false, reason: 'not_a_session' };
    if (session.expiresAtMs <= nowMs()) return { ok: false, reason: 'expired' };
    if (underWay >= verificationsMax) return { ok: false, reason: 'overloaded' };
    underWay++;
    const signed = await isSignedByKey(text, key).finally(() => underWay--);
    return signed ? { ok: true, session } : { ok: false, reason: 'not_a_session' };
  }

  return { issue, verify };
}

/** Exactly our claims, each in its range, and no life longer than we give: anything else was made by a fault. */
function readSession(payload: unknown, issuer: string, audience: string, nowMs: number): Session | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return undefined;
  const claims = new Map<string, unknown>(Object.entries(payload));
  if (claims.size !== claimNames.length || claimNames.some((name) => !claims.has(name))) return undefined;
  if (claims.get('iss') !== issuer || claims.get('aud') !== audience) return undefined;
  const [account, iat, exp] = [claims.get('sub'), claims.get('iat'), claims.get('exp')];
  if (typeof account !== 'string' || !isAccount(account) || typeof claims.get('jti') !== 'string') return undefined;
  if (!isSeconds(iat) || !isSeconds(exp) || iat * 1_000 > nowMs + futureMaxMs) return undefined;
  if (exp <= iat || (exp - iat) * 1_000 > sessionTtlMs) return undefined;
  return { account, expiresAtMs: exp * 1_000 };
}
