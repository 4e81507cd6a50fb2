import { type Units, units, zero } from '../money.ts';
import { forgottenByRestore } from '../store/restored.ts';
import type { Store } from '../store/store.ts';
import type { Check, Earned } from './identities.ts';

export type BaselineMeta = Pick<Store['meta'], 'get' | 'set'>;

/** Amounts as decimal text; `gross` by payee and lane. */
type Baseline = { liabilities?: string; gross: Record<string, string> };

const key = forgottenByRestore.baseline;

/**
 * Books that began after their vault, or were restored, know only a part of what it counts. By how much the vault is ahead
 * is kept when it is first compared, and from then on a payee’s earnings may be ahead by exactly that, and the liabilities
 * by no more: accounts and payees that come to be known later only take from it.
 */
export function againstBaseline(
  meta: BaselineMeta,
  gross: readonly Check[],
  earned: readonly Earned[],
  liabilities: Check,
): Check[] {
  const kept: Baseline = JSON.parse(meta.get(key) || '{"gross":{}}');
  const next: Baseline = { gross: { ...kept.gross } };
  const checks = gross.map((check, index) => {
    const { payee, lane } = earned[index] ?? { payee: '', lane: 0 };
    const of = `${payee} ${lane}`;
    const ahead = kept.gross[of] ?? String(least(check.off));
    next.gross[of] = ahead;
    return explained(check, units(BigInt(ahead)), units(BigInt(ahead)));
  });
  const most = kept.liabilities ?? String(least(liabilities.off));
  const liabilitiesNow = explained(liabilities, zero, units(BigInt(most)));
  next.liabilities = liabilitiesNow.off === 0n ? String(least(liabilities.off)) : most;
  const text = JSON.stringify(next);
  if (text !== meta.get(key)) meta.set(key, text);
  return [...checks, liabilitiesNow];
}

/** What books hold beyond the vault is never explained by what they do not know. */
function least(off: Units): Units {
  return off < 0n ? zero : off;
}

function explained(check: Check, from: Units, to: Units): Check {
  const { off } = check;
  const name = check.name.replace(' = ', ' ≥ ');
  if (off >= from && off <= to) {
    return off === 0n ? check : { ...check, name, off: zero, detail: 'ahead by what these books do not hold' };
  }
  return { ...check, off: units(off < from ? off - from : off - to), detail: `was ahead by ${to} units before` };
}
