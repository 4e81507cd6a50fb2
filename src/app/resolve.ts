import type { Verified } from '../access/verify.ts';
import type { AccountSlot, CapSlot } from '../billing/ledger.ts';
import { zero } from '../money.ts';
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

/** Row of a token. One that is good and not in these books was issued after the copy from which they were restored. */
export function resolveToken({ store, ledger, facts, clock }: TokenParts, token: Verified): number {
  const known = store.tokens.idOf(token.jti);
  if (known !== undefined) return known;
  const { jti, account, scopes, expiresAtMs, capUnits: cap } = token;
  const accountId = resolveAccount({ store, ledger, facts }, account).id;
  const scope = scopes === '*' ? '*' : [...scopes].join(' ');
  const label = 'issued before a restore';
  store.tokens.add({ jti, accountId, scope, issuedAtMs: clock.nowMs(), expiresAtMs, cap, source: 'operator', label });
  return resolveToken({ store, ledger, facts, clock }, token);
}

type TokenParts = Pick<Core, 'store' | 'ledger' | 'facts' | 'clock'>;

/** The spend of a token with a cap; its row is what the spend is counted by after the next start. */
export function resolveCap(core: TokenParts, token: Verified): CapSlot | undefined {
  const { jti, capUnits: cap } = token;
  if (cap === undefined) return undefined;
  const known = core.ledger.cap(jti);
  if (known) return known;
  resolveToken(core, token);
  return core.ledger.openCap({ jti, cap, spent: core.store.tokens.get(jti)?.spent ?? zero });
}
