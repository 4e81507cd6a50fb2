import { expect, it } from 'vitest';
import type { Core } from '../../src/app/core.ts';
import { resolveCap, resolveToken } from '../../src/app/resolve.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import { type Units, units } from '../../src/money.ts';
import { openTestStore, writeCharge } from '../store/rig.ts';

/** A token that is good and that these books have not issued: it came after the copy from which they were restored. */
const token = {
  jti: 'issued-after-the-copy',
  account: 'GA',
  scopes: new Set(['weather', 'maps']),
  expiresAtMs: 1_900_000_000_000,
  capUnits: units(100n),
};

function process(store: ReturnType<typeof openTestStore>['store'], clock: ReturnType<typeof openTestStore>['clock']) {
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
  const facts = { defaultLimit: units(1_000n) };
  return { store, clock, ledger, facts } as unknown as Pick<Core, 'store' | 'ledger' | 'facts' | 'clock'>;
}

it('a token that the books do not know keeps its cap over restarts', () => {
  const { store, clock } = openTestStore();
  expect(resolveCap(process(store, clock), token)).toMatchObject({ cap: 100n, spent: 0n });
  writeCharge(store, { account: 'GA', price: 60, tokenJti: token.jti });
  expect(resolveCap(process(store, clock), token)?.spent).toBe(60n as Units);
});

it('a token that the books do not know is written down when it first pays, so that it can be listed and revoked', () => {
  const { store, clock } = openTestStore();
  const id = resolveToken(process(store, clock), { ...token, capUnits: undefined });
  expect(resolveToken(process(store, clock), token)).toBe(id);
  expect(store.tokens.get(token.jti)).toMatchObject({ address: 'GA', scope: 'weather maps', cap: undefined });
  expect(store.tokens.revoke(token.jti, clock.nowMs())).toBe(true);
});
