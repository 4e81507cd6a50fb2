import { formatUsdc, type Units, units, zero } from '../money.ts';
import type { Coverage } from '../stellar/vault-client.ts';
import type { BareTransfers } from '../store/bare-transfers.ts';
import type { PaidOut } from '../store/payouts.ts';
import type { Store } from '../store/store.ts';
import { type Gap, transferGaps, vaultGap } from '../store/unseen.ts';
import type { Check, Earned } from './identities.ts';

/** Identities that hold over all that the books have seen, and what they have not seen. */

export type UnseenMeta = Pick<Store['meta'], 'get' | 'set'>;

/** What the vault holds beyond what it owes came in without a deposit, and is not swept yet. Both of one ledger. */
export function ownerlessCheck(
  { tokens, liabilities }: Pick<Coverage, 'tokens' | 'liabilities'>,
  bare: Pick<BareTransfers, 'came' | 'swept'>,
): Check {
  return check(
    'USDC beyond liabilities = transfers without a deposit − sweeps',
    'vault',
    units(bare.came - bare.swept),
    units(tokens - liabilities),
  );
}

/** Payments that the vault counts against those it told of. `seen`: before it was asked, and after. */
export function paidChecks(earned: readonly Earned[], seen: { before: PaidOut[]; after: PaidOut[] }): Check[] {
  return earned.flatMap(({ payee, lane, netPaid, feePaid }) => {
    const of = (list: PaidOut[]) => list.find((each) => each.payee === payee && each.lane === lane);
    const [before, after] = [of(seen.before), of(seen.after)];
    const subject = `${payee} in lane ${lane}`;
    return [
      within('paid to the payee = claims seen', subject, before?.net, after?.net, netPaid),
      within('fees collected = collections seen', subject, before?.fee, after?.fee, feePaid),
    ];
  });
}

function within(name: string, subject: string, before = zero, after = zero, chain: Units): Check {
  return chain >= before && chain <= after ? check(name, subject, chain, chain) : check(name, subject, after, chain);
}

/** `isGap`: history was lost while the books were kept, not only before; that is said even where it hides nothing. */
type Unseen = { unseen: readonly string[]; mayLack?: boolean; isGap: boolean };

/**
 * Ledgers that nobody can show any more leave a difference unexplained: it is noted when it is first compared after they
 * were found missing, and is the same from then on. `mayLack`: what they hide can also be missing on chain.
 */
export function explainedByUnseen(
  meta: UnseenMeta,
  compared: Check,
  { unseen, mayLack = false, isGap }: Unseen,
): Check {
  if (unseen.length === 0) return compared;
  const of = unseen.join('; ');
  const kept: Record<string, { of: string; off: string }> = JSON.parse(meta.get(key) ?? '{}');
  const place = `${compared.name} ${compared.subject}`;
  const known = kept[place];
  const first = compared.off < 0n && !mayLack ? zero : compared.off;
  const unexplained = known?.of === of ? units(BigInt(known.off)) : first;
  if (known?.of !== of) meta.set(key, JSON.stringify({ ...kept, [place]: { of, off: String(unexplained) } }));
  const off = units(compared.off - unexplained);
  if (unexplained === 0n && !isGap) return { ...compared, off };
  return { ...compared, off, detail: `${formatUsdc(unexplained)} USDC are unexplained: ${of}` };
}

const key = 'unexplained_by_unseen';

/** What the books could not see of tokens that came without a deposit or were swept; empty when they saw all. */
export function unseenOfTokens(meta: Pick<UnseenMeta, 'get'>): Unseen {
  const gap = vaultGap(meta);
  const gaps = transferGaps(meta);
  const transfers = gaps.map((each) => `${spanText(each)} transfers to the vault could not be seen`);
  const sweeps = gap ? [`${spanText(gap)} sweeps could not be seen`] : [];
  const isGap = gap !== undefined || gaps.some(({ fromLedger }) => fromLedger > 0);
  return { unseen: [...transfers, ...sweeps], mayLack: gap !== undefined, isGap };
}

/** The same of payments to payees. */
export function unseenOfPayments(meta: Pick<UnseenMeta, 'get'>, beganLate: boolean): Unseen {
  const gap = vaultGap(meta);
  return {
    isGap: gap !== undefined,
    unseen: [
      ...(beganLate ? ['these books do not know all of their vault’s time'] : []),
      ...(gap ? [`${spanText(gap)} claims could not be seen`] : []),
    ],
  };
}

function spanText({ fromLedger, toLedger }: Gap): string {
  return fromLedger === 0 ? `before ledger ${toLedger + 1}` : `between ledgers ${fromLedger} and ${toLedger}`;
}

function check(name: string, subject: string, books: Units, chain: Units): Check {
  return { name, subject, books, chain, off: units(chain - books) };
}
