import type { Clock } from '../clock.ts';
import { readClaims, type TokenClaims } from './claims.ts';
import { forwardTime } from './forward-time.ts';
import { isSignedByKey } from './key-signature.ts';
import type { TokenKey, TokenKeys } from './keys.ts';
import { createTokenCache } from './token-cache.ts';
import { readTokenForm } from './token-form.ts';

export type Verified = Omit<TokenClaims, 'issuedAtMs'>;

export type VerifyResult = { ok: true; token: Verified } | { ok: false; reason: VerifyFailure };

export type VerifyFailure = 'token_invalid' | 'token_expired' | 'token_revoked' | 'overloaded';

export type Verifier = {
  /** The hot path: a token seen before, still good at this moment. Undefined says nothing: ask `verify`. */
  cached(tokenText: string): Verified | undefined;
  verify(tokenText: string): Promise<VerifyResult>;
  /** Drops a token from the cache. Revocation does not need it, since `isRevoked` is asked on every call. */
  forget(jti: string): void;
};

export type VerifierOptions = {
  keys: TokenKeys;
  issuer: string;
  audience: string;
  clock: Clock;
  /** In memory and synchronous: it runs on every call, and a revocation acts on the next one. */
  isRevoked(jti: string): boolean;
  /** Tokens issued up to then count as revoked, ms: after a restore nobody knows which of them were. */
  refusedUntilMs?: number | undefined;
  tokenBytesMax: number;
  /** Signature checks under way at once; they share libuv's four threads with the disk. */
  verificationsMax: number;
  /** Tokens remembered, at about 1 KiB each. */
  cachedMax?: number;
};

/** Five times the callers a busy gateway has in a day; 50,000 tokens are about 50 MB, and only once so many came. */
const cachedMaxDefault = 50_000;

/**
 * Decides whether a token text is one of ours, good now. Form, kid, claims and expiry are checked before the signature,
 * so that a flood of bad tokens costs no cryptography unless it copies our public values; then the number of checks
 * under way bounds it. The cache is keyed by the canonical text and holds only tokens whose signature was good.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { keys, issuer, audience, clock, isRevoked, tokenBytesMax, verificationsMax } = options;
  const cache = createTokenCache(options.cachedMax ?? cachedMaxDefault);
  const underWay = new Map<string, Promise<boolean>>();
  const nowMs = forwardTime(clock);

  function cached(tokenText: string): Verified | undefined {
    const token = cache.get(tokenText);
    if (!token) return undefined;
    if (token.expiresAtMs > nowMs() && !isRevoked(token.jti)) return token;
    cache.drop(tokenText);
    return undefined;
  }

  async function verify(tokenText: string): Promise<VerifyResult> {
    const known = cached(tokenText);
    if (known) return { ok: true, token: known };
    if (tokenText.length > tokenBytesMax) return { ok: false, reason: 'token_invalid' };
    const form = readTokenForm(tokenText, 'at+jwt');
    const key = form && keys.byKid.get(form.kid);
    const read = form && readClaims(form.payload, { issuer, audience }, nowMs());
    if (!key || !read?.ok) return { ok: false, reason: 'token_invalid' };
    const { issuedAtMs, ...token } = read.claims;
    if (token.expiresAtMs <= nowMs()) return { ok: false, reason: 'token_expired' };
    if (issuedAtMs <= (options.refusedUntilMs ?? Number.NEGATIVE_INFINITY))
      return { ok: false, reason: 'token_revoked' };
    const signed = checkSignature(tokenText, key);
    if (!signed) return { ok: false, reason: 'overloaded' };
    if (!(await signed)) return { ok: false, reason: 'token_invalid' };
    // Both may have happened while the signature was checked.
    if (isRevoked(token.jti)) return { ok: false, reason: 'token_revoked' };
    if (token.expiresAtMs <= nowMs()) return { ok: false, reason: 'token_expired' };
    return { ok: true, token: cache.keep(tokenText, token) };
  }

  /** Undefined when too many are under way. Calls that bring the same new token share one check. */
  function checkSignature(tokenText: string, key: TokenKey): Promise<boolean> | undefined {
    const shared = underWay.get(tokenText);
    if (shared !== undefined) return shared;
    if (underWay.size >= verificationsMax) return undefined;
    const check = isSignedByKey(tokenText, key).finally(() => underWay.delete(tokenText));
    underWay.set(tokenText, check);
    return check;
  }

  return { cached, verify, forget: cache.forget };
}
