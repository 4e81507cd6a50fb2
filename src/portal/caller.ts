import { readBearer } from '../access/bearer.ts';
import type { Session, Sessions } from '../access/session.ts';
import type { Verified, Verifier } from '../access/verify.ts';
import { type AccountFigures, accountFigures } from '../billing/account-figures.ts';
import type { Ledger } from '../billing/ledger.ts';
import type { Config } from '../catalog/model.ts';
import { type ErrorCode, errorTable, GatewayError } from '../errors.ts';
import { type CallView, callView } from '../metering/call-view.ts';
import { formatUsdc, zero } from '../money.ts';
import type { Charges } from '../store/charges.ts';
import { PortalRefusal } from './refusal.ts';

/** What a token's holder sees of the own account, and of nobody else's. */
export type CallerDeps = {
  config: () => Config;
  verifier: Pick<Verifier, 'cached' | 'verify'>;
  sessions: Pick<Sessions, 'verify'>;
  ledger: Pick<Ledger, 'account' | 'spendable' | 'cap'>;
  charges: Pick<Charges, 'byAccount'>;
};

export type AccountView = AccountFigures & {
  currency: 'USDC';
  token: { id: string; expires_at: string; cap: string | null; spent: string | null };
};

export async function accountView(deps: CallerDeps, rawHeaders: readonly string[]): Promise<AccountView> {
  const token = await requireToken(deps, rawHeaders);
  const cap = deps.ledger.cap(token.jti);
  const spent = token.capUnits === undefined ? undefined : (cap?.spent ?? zero);
  return {
    ...figuresOf(deps, token.account),
    currency: 'USDC',
    token: {
      id: token.jti,
      expires_at: new Date(token.expiresAtMs).toISOString(),
      cap: token.capUnits === undefined ? null : formatUsdc(token.capUnits),
      spent: spent === undefined ? null : formatUsdc(spent),
    },
  };
}

/** One flat envelope; `next` is the cursor of the following page, null on the last. */
export type Page<Item> = { items: Item[]; next: string | null };

export async function usageView(
  deps: CallerDeps,
  rawHeaders: readonly string[],
  query: URLSearchParams,
): Promise<Page<CallView>> {
  const token = await requireToken(deps, rawHeaders);
  const limit = wholeNumber(query, 'limit', 1, 200) ?? 50;
  const before = wholeNumber(query, 'cursor', 0, Number.MAX_SAFE_INTEGER);
  const account = deps.ledger.account(token.account);
  if (!account) return { items: [], next: null };
  const rows = deps.charges.byAccount(account.id, { ...(before === undefined ? {} : { before }), limit: limit + 1 });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(callView), next: rows.length > limit && last ? String(last.id) : null };
}

async function requireToken(deps: CallerDeps, rawHeaders: readonly string[]): Promise<Verified> {
  const bearer = readBearer(rawHeaders);
  const refuse = (code: ErrorCode) =>
    new PortalRefusal(code, undefined, challengeHeaders(code, deps.config().gateway.publicUrl));
  if (!bearer.ok) throw refuse(bearer.reason);
  const cached = deps.verifier.cached(bearer.token);
  if (cached) return cached;
  const verified = await deps.verifier.verify(bearer.token);
  if (!verified.ok) throw refuse(verified.reason);
  return verified.token;
}

/**
 * For what only the account's own key may do. An access token is refused however wide its scope: it lies in scripts and
 * configuration files, and whoever finds one must not be able to widen it or to move the balance.
 */
export async function requireSession(
  deps: Pick<CallerDeps, 'config' | 'sessions'>,
  rawHeaders: readonly string[],
): Promise<Session> {
  const refuse = (code: ErrorCode, detail?: string) =>
    new PortalRefusal(code, detail, challengeHeaders(code, deps.config().gateway.publicUrl));
  const bearer = readBearer(rawHeaders);
  if (!bearer.ok) throw refuse('session_required');
  const verified = await deps.sessions.verify(bearer.token);
  if (verified.ok) return verified.session;
  if (verified.reason === 'overloaded') throw refuse('overloaded');
  const expired = verified.reason === 'expired';
  throw refuse('session_required', expired ? 'this session has ended' : 'an access token is no wallet session');
}

/** RFC 6750 and 9728; no `error` when no credential was sent. Overload is no fault of the token. */
function challengeHeaders(code: ErrorCode, publicUrl: string): Record<string, string> {
  const [status, title] = errorTable[code];
  if (status !== 401) return { 'retry-after': '1' };
  const error = code === 'token_missing' ? '' : ` error="invalid_token", error_description="${title}",`;
  const metadata = `resource_metadata="${publicUrl}/.well-known/oauth-protected-resource"`;
  return { 'www-authenticate': `Bearer realm="${publicUrl}",${error} ${metadata}` };
}

/** An address the gateway has not met yet has an account of zeros: it need not deposit before it may look. */
function figuresOf(deps: CallerDeps, address: string): AccountFigures {
  const slot = deps.ledger.account(address);
  if (slot) return accountFigures(slot, deps.ledger);
  const nothing = '0';
  return {
    address,
    deposited: nothing,
    charged: nothing,
    refunded: nothing,
    settled: nothing,
    unsettled: nothing,
    receivable: nothing,
    withdrawn: nothing,
    requested: nothing,
    held: nothing,
    spendable: nothing,
    held_for_payee: nothing,
    written_off: nothing,
    limit: nothing,
  };
}

function wholeNumber(query: URLSearchParams, name: string, min: number, max: number): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new GatewayError('bad_parameter', `${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}
