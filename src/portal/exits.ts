import type { AccountSlot, Ledger } from '../billing/ledger.ts';
import { addressKind } from '../catalog/address.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { RateLimiter } from '../limits/rate.ts';
import { formatUsdc, parseUsdc, storedUnitsMax, type Units, zero } from '../money.ts';
import { type ExitView, exitView } from '../settlement/exit-view.ts';
import type { ExitAnswer, ExitDesk } from '../settlement/exits.ts';
import type { ExitRow, Exits } from '../store/exits.ts';
import { type CredentialDeps, requireReader, requireSession } from './credentials.ts';
import { type Page, pageOf } from './page.ts';
import { actRate, throttle } from './throttle.ts';

/** Leaving with the gateway's co-signature. Asking for one wants a wallet session; looking does not. */
export type OwnExitsDeps = CredentialDeps & {
  ledger: Pick<Ledger, 'account' | 'exitable'>;
  exits: Pick<Exits, 'list'>;
  exitDesk: ExitDesk;
  clock: Clock;
};

/** What the account's owner signs and sends: the envelope of `withdraw_now`, with the operator's part signed. */
export type SignedExit = ExitView & {
  account: string;
  vault: string;
  network_passphrase: string;
  envelope: string;
  /** The envelope is too late for a ledger that closes after this. */
  send_before: string;
  how: string;
};

export async function requestExit(
  deps: OwnExitsDeps & { limiter: RateLimiter },
  rawHeaders: readonly string[],
  body: () => Promise<Record<string, unknown>>,
): Promise<SignedExit> {
  const { account } = await requireSession(deps, rawHeaders);
  throttle(deps.limiter, `acts ${account}`, actRate);
  if (addressKind(account) !== 'account') {
    const detail =
      'a contract account cannot be the source of a transaction: it leaves by request_withdraw and withdraw';
    throw new GatewayError('exit_refused', detail);
  }
  const { stellar } = deps.config();
  const wish = readWish(await body(), account, stellar.vault);
  const answer = await deps.exitDesk.request(account, wish);
  if (!answer.ok) throw refusal(answer, wish.amount);
  return {
    ...exitView(answer.exit),
    account,
    vault: stellar.vault,
    network_passphrase: stellar.passphrase,
    envelope: answer.signed.envelopeXdr,
    send_before: new Date(answer.signed.maxTimeS * 1000).toISOString(),
    how: 'Check the envelope, sign it with the key of the account, and send it to the network before it is too late.',
  };
}

export async function ownExits(
  deps: OwnExitsDeps,
  rawHeaders: readonly string[],
  query: URLSearchParams,
): Promise<Page<ExitView> & { available: string }> {
  const reader = await requireReader(deps, rawHeaders);
  const { before, limit } = pageOf(query);
  const account = deps.ledger.account(reader.account);
  if (!account) return { items: [], next: null, available: '0' };
  const rows = deps.exits.list({
    accountId: account.id,
    ...(before === undefined ? {} : { before }),
    limit: limit + 1,
  });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(exitView),
    next: rows.length > limit && last ? String(last.id) : null,
    available: formatUsdc(deps.ledger.exitable(account)),
  };
}

/** Strict: a misspelt `to` must not send the money to the account itself. */
function readWish(body: Record<string, unknown>, account: string, vault: string): { to: string; amount: Units } {
  const unknown = Object.keys(body).find((name) => name !== 'amount' && name !== 'to');
  if (unknown !== undefined) throw bad(`there is no field "${unknown}"; known are amount and to`);
  const { amount: text, to = account } = body;
  const amount = typeof text === 'string' ? parseUsdc(text) : undefined;
  if (amount === undefined || amount <= zero || amount > storedUnitsMax) {
    throw bad('amount must be a positive amount of USDC as text, such as "2.5"');
  }
  const kind = typeof to === 'string' ? addressKind(to) : undefined;
  if (typeof to !== 'string' || (kind !== 'account' && kind !== 'contract')) {
    throw bad('to must be a G… or C… address; without it the account itself receives the amount');
  }
  if (to === vault) throw bad('to is the vault itself: money cannot leave to where it is');
  return { to, amount };
}

function bad(detail: string): GatewayError {
  return new GatewayError('bad_parameter', detail);
}

function refusal(answer: Extract<ExitAnswer, { ok: false }>, wanted: Units): GatewayError {
  switch (answer.reason) {
    case 'pending':
      return new GatewayError('exit_pending', pendingText(answer.open));
    case 'too_large':
      return new GatewayError('exit_too_large', tooLargeText(wanted, answer.available, answer.slot));
    case 'refused':
      return new GatewayError('exit_refused', answer.detail);
    case 'stopped':
      return new GatewayError(answer.code, answer.detail);
    case 'chain_unavailable':
      return new GatewayError('chain_unavailable');
    case 'overloaded':
      return new GatewayError('overloaded', 'too many exits are being prepared at once');
    case 'not_written':
      return new GatewayError('journal_unavailable', 'the exit could not be put on disk, so it was not signed');
  }
}

function pendingText({ amount, to, expiresLedger }: ExitRow): string {
  return (
    `an exit of ${formatUsdc(amount)} USDC to ${to} is signed; it ends when it lands, or soon after ledger ${expiresLedger}. ` +
    'Ask for the same again to get its envelope.'
  );
}

function tooLargeText(wanted: Units, available: Units, slot: AccountSlot | undefined): string {
  const kept = slot
    ? [
        ['charged and not settled', slot.unsettled],
        ['owed from before', slot.receivable],
        ['held by calls in flight', slot.held],
        ['under a withdrawal request, which `cancel_withdraw` gives back', slot.requested],
      ].flatMap(([what, amount]) => (amount ? [`${formatUsdc(amount as Units)} is ${what}`] : []))
    : [];
  const reasons = kept.length > 0 ? `: ${kept.join(', ')}` : '';
  return `${formatUsdc(wanted)} USDC cannot leave now, at most ${formatUsdc(available)} can${reasons}`;
}
