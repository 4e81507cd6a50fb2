import type { AccountSlot, CapSlot } from '../billing/ledger.ts';
import { type Units, zero } from '../money.ts';
import type { Core } from './core.ts';

/** The account's slot in memory; an address seen for the first time gets its row and its slot in the same step. */
export function resolveAccount(
  { store, ledger, facts }: Pick<Core, 'store' | 'ledger' | 'facts'>,
  address: string,
): AccountSlot {
  const known = ledger.account(address);
  if (known) return known;
  return ledger.open({ id: store.accounts.ensure(address), address, limit: facts.defaultLimit });
}

/** The spend of a token with a cap. */
export function resolveCap({ store, ledger }: Pick<Core, 'store' | 'ledger'>, jti: string, cap: Units): CapSlot {
  return ledger.cap(jti) ?? ledger.openCap({ jti, cap, spent: store.tokens.get(jti)?.spent ?? zero });
}
