import { describe, expect, it } from 'vitest';
import { units } from '../../src/money.ts';
import type { NewToken } from '../../src/store/tokens.ts';
import { openTestStore, writeCharge } from './rig.ts';

function token(jti: string, accountId: number, rest: Partial<NewToken> = {}): NewToken {
  return { jti, accountId, scope: 'weather', issuedAtMs: 1, expiresAtMs: 1_000, source: 'operator', ...rest };
}

describe('tokens', () => {
  it('are revoked once', () => {
    const { store } = openTestStore();
    store.tokens.add(token('a', store.accounts.ensure('GA'), { label: 'ci' }));
    expect(store.tokens.revoke('a', 5)).toBe(true);
    expect(store.tokens.revoke('a', 6)).toBe(false);
    expect(store.tokens.revoke('b', 6)).toBe(false);
    expect(store.tokens.get('a')).toMatchObject({ address: 'GA', label: 'ci', revokedAtMs: 5, cap: undefined });
  });

  it('that a start must know are the unexpired ones with a cap or a revocation', () => {
    const { store } = openTestStore();
    const accountId = store.accounts.ensure('GA');
    store.tokens.add(token('plain', accountId));
    store.tokens.add(token('capped', accountId, { cap: units(50) }));
    store.tokens.add(token('expired', accountId, { cap: units(50), expiresAtMs: 10 }));
    store.tokens.add(token('revoked', accountId));
    store.tokens.revoke('revoked', 5);
    writeCharge(store, { account: 'GA', price: 20, tokenJti: 'capped' });
    writeCharge(store, { account: 'GA', price: 9, tokenJti: 'plain' });
    expect(store.tokens.revokedOrCapped(10).map(({ jti, spent }) => [jti, spent])).toEqual([
      ['capped', 20n],
      ['revoked', 0n],
    ]);
  });

  it('are listed newest first, of all accounts or of one', () => {
    const { store } = openTestStore();
    const [a, b] = [store.accounts.ensure('GA'), store.accounts.ensure('GB')];
    for (const [jti, accountId] of [
      ['1', a],
      ['2', b],
      ['3', a],
    ] as const)
      store.tokens.add(token(jti, accountId));
    expect(store.tokens.list({ limit: 2 }).map((row) => row.jti)).toEqual(['3', '2']);
    expect(store.tokens.list({ limit: 2, before: 2 }).map((row) => row.jti)).toEqual(['1']);
    expect(store.tokens.list({ accountId: a, limit: 9 }).map((row) => row.jti)).toEqual(['3', '1']);
  });

  it('have one row per id', () => {
    const { store } = openTestStore();
    const accountId = store.accounts.ensure('GA');
    store.tokens.add(token('a', accountId));
    expect(() => store.tokens.add(token('a', accountId))).toThrow(/UNIQUE/);
  });
});

describe('login challenges', () => {
  it('count once, and are forgotten only when they have expired', () => {
    const { store, clock } = openTestStore();
    const expiresAtMs = clock.nowMs() + 1_000;
    expect(store.challenges.useOnce('h', expiresAtMs)).toBe(true);
    expect(store.challenges.useOnce('h', expiresAtMs)).toBe(false);
    clock.advance(999);
    expect(store.challenges.useOnce('h', expiresAtMs)).toBe(false);
    clock.advance(1);
    store.challenges.useOnce('other', expiresAtMs + 5_000);
    expect(store.db.prepare('SELECT COUNT(*) FROM login_challenges').pluck().get()).toBe(1);
  });
});

describe('the audit trail', () => {
  it('keeps who did what, newest first', () => {
    const { store, clock } = openTestStore();
    store.audit.add({ actor: 'admin', action: 'token.revoke', subject: 'a', detail: '' });
    clock.advance(5);
    store.audit.add({ actor: 'cli', action: 'settle', subject: '', detail: 'now' });
    expect(store.audit.list({ limit: 5 })).toMatchObject([{ actor: 'cli', detail: 'now' }, { actor: 'admin' }]);
    expect(() => store.db.exec("UPDATE audit SET actor = 'x'")).toThrow(/append only/);
  });
});

describe('payouts', () => {
  it('are recorded when sent and end once', () => {
    const { store } = openTestStore();
    const id = store.payouts.add({ payee: 'GP', lane: 0, amount: units(7), txHash: 'h', atMs: 1 });
    store.payouts.finish(id, 'paid');
    store.payouts.finish(id, 'failed');
    expect(store.payouts.list({ payee: 'GP', limit: 5 })).toMatchObject([
      { id, amount: 7n, txHash: 'h', state: 'paid' },
    ]);
  });
});
