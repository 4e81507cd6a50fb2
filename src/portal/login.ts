import type { WalletLogin } from '../access/wallet-login.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { actRate, throttle } from './throttle.ts';

/** Wallet login (SEP-10): a challenge to sign, then a token or a session for the signed challenge. */
export type LoginDeps = {
  login: WalletLogin;
  /** A session for an account that has just proved itself. */
  startSession(account: string): Promise<{ session: string; expiresAtMs: number }>;
  /** G… address of the key that signs challenges: SIGNING_KEY of stellar.toml. */
  loginAddress: string;
};

export async function loginChallenge(
  deps: LoginDeps & { limiter: RateLimiter },
  query: URLSearchParams,
  address: string,
): Promise<{ transaction: string; network_passphrase: string }> {
  throttle(deps.limiter, `login ${address}`, actRate);
  const fields = Object.fromEntries(query);
  if (Object.keys(fields).length !== query.size) throw new GatewayError('bad_parameter', 'a parameter is there twice');
  const challenge = await deps.login.challenge(fields);
  // SEP-10 allows no other attribute here.
  return { transaction: challenge.transaction, network_passphrase: challenge.network_passphrase };
}

export async function loginToken(
  deps: LoginDeps & { limiter: RateLimiter },
  fields: Record<string, unknown>,
  address: string,
): Promise<{ token: string }> {
  throttle(deps.limiter, `login ${address}`, actRate);
  const { token } = await deps.login.answer(fields);
  return { token };
}

/** The same proof for a session: it can do what a token cannot, and buys no calls. */
export async function loginSession(
  deps: LoginDeps & { limiter: RateLimiter; clock: Clock },
  fields: Record<string, unknown>,
  address: string,
): Promise<{ session: string; expires_in: number; account: string }> {
  throttle(deps.limiter, `login ${address}`, actRate);
  const account = await deps.login.prove(fields);
  const { session, expiresAtMs } = await deps.startSession(account);
  return { session, expires_in: Math.max(0, Math.floor((expiresAtMs - deps.clock.nowMs()) / 1_000)), account };
}
