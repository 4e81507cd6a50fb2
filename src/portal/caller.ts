import type { Verified } from '../access/verify.ts';
import { type AccountFigures, accountFigures } from '../billing/account-figures.ts';
import type { Ledger } from '../billing/ledger.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { type CallView, callView } from '../metering/call-view.ts';
import { formatUsdc, zero } from '../money.ts';
import type { Charges } from '../store/charges.ts';
import { type CredentialDeps, requireReader } from './credentials.ts';
import { type Page, pageOf } from './page.ts';
import { readRate, throttle } from './throttle.ts';

/** What the holder of a token or a session sees of the own account, and of nobody else's. */
export type CallerDeps = CredentialDeps & {
  ledger: Pick<Ledger, 'account' | 'spendable' | 'exitable' | 'cap'>;
  charges: Pick<Charges, 'byAccount'>;
};

export type AccountView = AccountFigures & {
  currency: 'USDC';
  /** The token that asks; null when a session does. */
  token: { id: string; scope: string; expires_at: string; cap: string | null; spent: string | null } | null;
};

export async function accountView(deps: CallerDeps, rawHeaders: readonly string[]): Promise<AccountView> {
  const { account, token } = await requireReader(deps, rawHeaders);
  return { ...figuresOf(deps, account), currency: 'USDC', token: token ? tokenView(deps, token) : null };
}

function tokenView(deps: CallerDeps, token: Verified): AccountView['token'] {
  const cap = deps.ledger.cap(token.jti);
  const spent = token.capUnits === undefined ? undefined : (cap?.spent ?? zero);
  return {
    id: token.jti,
    scope: token.scopes === '*' ? '*' : [...token.scopes].join(' '),
    expires_at: new Date(token.expiresAtMs).toISOString(),
    cap: token.capUnits === undefined ? null : formatUsdc(token.capUnits),
    spent: spent === undefined ? null : formatUsdc(spent),
  };
}

/** Rows read for one page at the most, when a token limited to some APIs passes over the calls to others. */
const scannedMax = 1_000;

/** A page for a limited token can be short, even empty, before the last: it ends where the scan did, and `next` goes on. */
export async function usageView(
  deps: CallerDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  query: URLSearchParams,
): Promise<Page<CallView>> {
  const { account: address, scopes } = await requireReader(deps, rawHeaders);
  throttle(deps.limiter, `reads ${address}`, readRate);
  const { before, limit } = pageOf(query);
  const account = deps.ledger.account(address);
  if (!account) return { items: [], next: null };
  const scanned = scopes === '*' ? limit + 1 : scannedMax;
  const rows = deps.charges.byAccount(account.id, { ...(before === undefined ? {} : { before }), limit: scanned });
  const covered = scopes === '*' ? rows : rows.filter((row) => scopes.has(row.api));
  const items = covered.slice(0, limit);
  const last = covered.length > limit ? items.at(-1) : rows.length === scanned ? rows.at(-1) : undefined;
  return { items: items.map(callView), next: last ? String(last.id) : null };
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
    exits: nothing,
    held: nothing,
    spendable: nothing,
    can_leave: nothing,
    held_for_payee: nothing,
    written_off: nothing,
    limit: nothing,
  };
}
