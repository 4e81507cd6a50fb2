import type { RateLimiter } from '../limits/rate.ts';
import { PortalRefusal } from './refusal.ts';

/** Wallet login (SEP-10): a challenge to sign, then a token for the signed challenge. */
export type LoginDeps = {
  login: {
    /** Throws GatewayError `bad_parameter` for an account or home domain it does not take. */
    challenge(query: Record<string, string>): Promise<{ transaction: string; network_passphrase: string }>;
    /** Throws GatewayError `bad_challenge` for a transaction that proves nothing. */
    answer(body: Record<string, unknown>): Promise<{ token: string }>;
  };
  /** G… address of the key that signs challenges: SIGNING_KEY of stellar.toml. */
  loginAddress: string;
};

/** A person logs in with two requests; a client that loops has 20 at once and then one every two seconds. */
const loginRate = { perSecond: 0.5, burst: 20 };

export async function loginChallenge(
  deps: LoginDeps & { limiter: RateLimiter },
  query: URLSearchParams,
  address: string,
): Promise<{ transaction: string; network_passphrase: string }> {
  throttle(deps.limiter, address);
  const challenge = await deps.login.challenge(Object.fromEntries(query));
  // SEP-10 allows no other attribute here.
  return { transaction: challenge.transaction, network_passphrase: challenge.network_passphrase };
}

export async function loginToken(
  deps: LoginDeps & { limiter: RateLimiter },
  fields: Record<string, unknown>,
  address: string,
): Promise<{ token: string }> {
  throttle(deps.limiter, address);
  const { token } = await deps.login.answer(fields);
  return { token };
}

/** Building and checking signatures costs CPU that paid calls need, and nobody has paid for it yet. */
function throttle(limiter: RateLimiter, address: string): void {
  const decision = limiter.take(address, loginRate);
  if (decision.ok) return;
  const detail = `log in again in ${decision.resetS} s`;
  throw new PortalRefusal('rate_limited', detail, { 'retry-after': String(decision.resetS) });
}
