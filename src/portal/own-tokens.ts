import { readTokenWish, tokenTerms } from '../access/token-wish.ts';
import type { Ledger } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { formatUsdc, type Units } from '../money.ts';
import type { TokenRow, Tokens } from '../store/tokens.ts';
import { type CredentialDeps, requireReader, requireSession } from './credentials.ts';
import { type Page, pageOf } from './page.ts';
import { actRate, readRate, throttle } from './throttle.ts';

/**
 * The access tokens of the own account. Issuing and revoking want a wallet session: a stolen token can neither widen
 * itself nor lock its owner out. Every look-up is bound to the caller's account, so what is another's is not there.
 */
export type OwnTokensDeps = CredentialDeps & {
  ledger: Pick<Ledger, 'account'>;
  tokens: Pick<Tokens, 'get' | 'list'>;
  tokenDesk: {
    issue(request: {
      account: string;
      scope: string[] | '*';
      ttlMs: number;
      cap: Units | undefined;
      label: string | undefined;
      source: 'wallet';
      liveMax: number;
    }): Promise<{ token: string; jti: string; expiresAtMs: number }>;
    revoke(jti: string): Promise<'revoked' | 'already'>;
  };
  clock: Clock;
};

export type OwnToken = {
  jti: string;
  label: string;
  scope: string;
  source: string;
  state: 'live' | 'expired' | 'revoked';
  issued_at: string;
  expires_at: string;
  revoked_at: string | null;
  cap: string | null;
  spent: string;
};

/** Tokens of one account that are good at the same time: more than anybody can survey, and each may take memory. */
const liveMax = 200;

/** A session sees all tokens of its account, and so does a token for every API; a limited one sees itself. */
export async function ownTokens(
  deps: OwnTokensDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  query: URLSearchParams,
): Promise<Page<OwnToken>> {
  const { account: address, scopes, token } = await requireReader(deps, rawHeaders);
  throttle(deps.limiter, `reads ${address}`, readRate);
  const { before, limit } = pageOf(query);
  const account = deps.ledger.account(address);
  if (!account) return { items: [], next: null };
  if (token !== undefined && scopes !== '*') {
    const own = deps.tokens.get(token.jti);
    return { items: own ? [tokenView(own, deps.clock.nowMs())] : [], next: null };
  }
  const rows = deps.tokens.list({
    accountId: account.id,
    ...(before === undefined ? {} : { before }),
    limit: limit + 1,
  });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nowMs = deps.clock.nowMs();
  return {
    items: items.map((row) => tokenView(row, nowMs)),
    next: rows.length > limit && last ? String(last.id) : null,
  };
}

export type IssuedToken = { token: string; jti: string; expires_at: string };

/** Read only once the caller is known. */
type Body = () => Promise<Record<string, unknown>>;

export async function issueOwnToken(
  deps: OwnTokensDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  body: Body,
): Promise<IssuedToken> {
  const { account } = await requireSession(deps, rawHeaders);
  throttle(deps.limiter, `acts ${account}`, actRate);
  const terms = tokenTerms(readTokenWish(await body()), deps.config());
  const { token, jti, expiresAtMs } = await deps.tokenDesk.issue({ ...terms, account, source: 'wallet', liveMax });
  return { token, jti, expires_at: new Date(expiresAtMs).toISOString() };
}

export async function revokeOwnToken(
  deps: OwnTokensDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  jti: string,
  body: Body,
): Promise<{ jti: string; outcome: 'revoked' | 'already' }> {
  const { account } = await requireSession(deps, rawHeaders);
  throttle(deps.limiter, `acts ${account}`, actRate);
  const [field] = Object.keys(await body());
  if (field !== undefined)
    throw new GatewayError('bad_parameter', `there is no field "${field}": the path says it all`);
  if (deps.tokens.get(jti)?.address !== account) {
    throw new GatewayError('not_found', `your account has no token ${jti}`);
  }
  return { jti, outcome: await deps.tokenDesk.revoke(jti) };
}

function tokenView(row: TokenRow, nowMs: number): OwnToken {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    jti: row.jti,
    label: row.label,
    scope: row.scope,
    source: row.source,
    state: row.revokedAtMs !== undefined ? 'revoked' : row.expiresAtMs <= nowMs ? 'expired' : 'live',
    issued_at: time(row.issuedAtMs),
    expires_at: time(row.expiresAtMs),
    revoked_at: row.revokedAtMs === undefined ? null : time(row.revokedAtMs),
    cap: row.cap === undefined ? null : formatUsdc(row.cap),
    spent: formatUsdc(row.spent),
  };
}
