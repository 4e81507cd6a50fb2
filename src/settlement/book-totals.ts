import { add, type Units, units } from '../money.ts';
import type { AccountRow } from '../store/account-row.ts';
import type { Earned } from './identities.ts';
import { sumOf } from './payouts.ts';

/** One sum over all of the books, in units of 1e-7 USDC. */
export type BookTotal = { name: string; amount: Units };

/**
 * Where every unit is that ever came in or was charged. By the rows of one moment:
 * deposits = balances + settlements + withdrawals, and
 * charges − refunds + settled elsewhere = settlements + unsettled + receivable + held for payees + written off.
 * By the vault, of the payees in these books: earnings = fees + paid to payees + owed to payees. What nobody owns is in none
 * of it: `unattributed` lies in the deposit account; in the vault,
 * held = owed + unattributed in the vault + unexplained in the vault.
 */
export function bookTotals(
  rows: readonly AccountRow[],
  earned: readonly Earned[],
  ownerless: { inDepositAccount: Units; inVault: Units },
  { tokens, liabilities }: { tokens: Units; liabilities: Units },
): BookTotal[] {
  const of = (field: keyof Amounts) => sumOf(rows.map((row) => row[field]));
  const at = (field: 'gross' | 'feePaid' | 'netPaid') => sumOf(earned.map((line) => line[field]));
  const deposits = of('deposited');
  const withdrawals = of('withdrawn');
  const settlements = of('settled');
  const [earnings, fees, paid] = [at('gross'), at('feePaid'), at('netPaid')];
  return [
    { name: 'deposits', amount: deposits },
    { name: 'withdrawals', amount: withdrawals },
    { name: 'balances', amount: units(deposits - withdrawals - settlements) },
    { name: 'charges', amount: of('charged') },
    { name: 'refunds', amount: of('refunded') },
    { name: 'settlements', amount: settlements },
    { name: 'settled elsewhere', amount: of('settledElsewhere') },
    { name: 'unsettled', amount: of('unsettled') },
    { name: 'receivable', amount: of('receivable') },
    { name: 'held for payees', amount: of('heldForPayee') },
    { name: 'written off', amount: of('writtenOff') },
    { name: 'earnings', amount: earnings },
    { name: 'fees', amount: fees },
    { name: 'paid to payees', amount: paid },
    { name: 'owed to payees', amount: units(earnings - add(fees, paid)) },
    { name: 'unattributed', amount: ownerless.inDepositAccount },
    { name: 'held by the vault', amount: tokens },
    { name: 'owed by the vault', amount: liabilities },
    { name: 'unattributed in the vault', amount: ownerless.inVault },
    { name: 'unexplained in the vault', amount: units(tokens - liabilities - ownerless.inVault) },
  ];
}

type Amounts = Pick<
  AccountRow,
  | 'deposited'
  | 'withdrawn'
  | 'settled'
  | 'charged'
  | 'refunded'
  | 'settledElsewhere'
  | 'unsettled'
  | 'receivable'
  | 'heldForPayee'
  | 'writtenOff'
>;
