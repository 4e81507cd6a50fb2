import { afterEach, describe, expect, it } from 'vitest';
import { parseUsdc, units, zero } from '../../src/money.ts';
import { sealNow } from '../store/rig.ts';
import { alice, bob, createRig, type Rig, sealAll } from './rig.ts';

const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

async function rigged(...args: Parameters<typeof createRig>): Promise<Rig> {
  const rig = await createRig(...args);
  open.push(rig);
  return rig;
}

async function lastAudit(rig: Rig) {
  const [row] = (await rig.books.audit({ limit: 1 })).items;
  return row;
}

describe('accounts', () => {
  it('are shown as the ledger holds them', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    await rig.charge(alice, '0.002');
    expect(await rig.books.account(alice)).toMatchObject({ deposited: '1', charged: '0.002', spendable: '0.998' });
  });

  it('that nobody has met are a named refusal', async () => {
    const rig = await rigged();
    await expect(rig.books.account(bob)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are found by a part of their address, in either case', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    rig.fund(bob, '2');
    const found = await rig.books.accounts({ search: bob.slice(20, 30).toLowerCase() });
    expect(found.items.map((item) => item.address)).toEqual([bob]);
    expect((await rig.books.accounts({ search: 'NOBODY' })).items).toEqual([]);
  });

  it('are listed in pages that join', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    rig.fund(bob, '2');
    const first = await rig.books.accounts({ limit: 1 });
    const second = await rig.books.accounts({ limit: 1, cursor: first.next ?? '' });
    expect([...first.items, ...second.items].map((item) => item.address)).toEqual([alice, bob]);
    expect(second.next).toBeNull();
  });
});

describe('tokens', () => {
  it('are in the books before their text is handed out, with cap, scope and label', async () => {
    const rig = await rigged();
    const issued = await rig.books.issueToken({
      account: alice,
      scope: ['weather'],
      ttl_s: 60,
      cap: '2.5',
      label: 'robot',
    });
    expect(issued.token).toBe('head.body.1');
    const [row] = (await rig.books.tokens({})).items;
    expect(row).toMatchObject({
      jti: issued.jti,
      account: alice,
      scope: 'weather',
      cap: '2.5',
      spent: '0',
      label: 'robot',
    });
    expect(rig.ledger.cap(issued.jti)?.cap).toBe(parseUsdc('2.5'));
    expect(await lastAudit(rig)).toMatchObject({ action: 'token issue', subject: alice, actor: 'test' });
  });

  it('are found by a part of label, id or address, in pages that join, and not by wildcards', async () => {
    const rig = await rigged();
    for (const label of ['Robot one', 'robot two', '100% human']) await rig.books.issueToken({ account: alice, label });
    await rig.books.issueToken({ account: bob });
    const labels = async (search: string) => (await rig.books.tokens({ search })).items.map((item) => item.label);
    expect(await labels('ROBOT')).toEqual(['robot two', 'Robot one']);
    expect(await labels('%')).toEqual(['100% human']);
    expect(await labels('jti-2')).toEqual(['robot two']);
    expect(await labels(bob.slice(3, 12))).toEqual(['']);
    expect(await labels('nobody')).toEqual([]);
    const first = await rig.books.tokens({ search: 'robot', limit: 1 });
    const second = await rig.books.tokens({ search: 'robot', limit: 1, cursor: first.next ?? '' });
    expect([...first.items, ...second.items].map((item) => item.label)).toEqual(['robot two', 'Robot one']);
    await expect(rig.books.tokens({ search: 'x', account: alice })).rejects.toMatchObject({ code: 'bad_parameter' });
  });

  it('without an account go to the only one there is, and to nobody when there are more', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    expect((await rig.books.issueToken({})).account).toBe(alice);
    rig.fund(bob, '1');
    await expect(rig.books.issueToken({})).rejects.toMatchObject({ code: 'bad_parameter' });
  });

  it.each([
    [{ account: 'GBAD' }, 'account'],
    [{ account: alice, cap: '0' }, 'cap'],
    [{ account: alice, cap: '1e3' }, 'cap'],
    [{ account: alice, ttl_s: 0 }, 'ttl_s'],
    [{ account: alice, ttl_s: 31 * 86_400 }, 'ttl_s'],
    [{ account: alice, scope: ['wheather'] }, 'wheather'],
    [{ account: alice, scope: [] }, 'scope'],
  ])('are refused for %o, and the refusal is in the audit', async (request, word) => {
    const rig = await rigged();
    await expect(rig.books.issueToken(request)).rejects.toMatchObject({ code: 'bad_parameter' });
    expect((await lastAudit(rig))?.detail).toMatch(new RegExp(`^refused: .*${word}`));
    expect((await rig.books.tokens({})).items).toEqual([]);
  });

  it('once revoked bind the running gateway, and stay revoked', async () => {
    const rig = await rigged();
    const { jti } = await rig.books.issueToken({ account: alice });
    expect(await rig.books.revokeToken(jti)).toEqual({ jti, outcome: 'revoked' });
    expect(rig.revoked).toEqual([jti]);
    expect(await rig.books.revokeToken(jti)).toEqual({ jti, outcome: 'already' });
    expect((await rig.books.tokens({ account: alice })).items[0]?.revoked_at).not.toBeNull();
    await expect(rig.books.revokeToken('unknown')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a refund', () => {
  it('of an unsealed call gives account and token cap their money back, once', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    const { jti } = await rig.books.issueToken({ account: alice, cap: '1' });
    const call = await rig.charge(alice, '0.25', { token: jti });
    expect(await rig.books.refund(call)).toEqual({ call, account: alice, amount: '0.25' });
    expect(await rig.books.account(alice)).toMatchObject({ charged: '0.25', refunded: '0.25', spendable: '1' });
    expect(rig.ledger.cap(jti)?.spent).toBe(zero);
    await expect(rig.books.refund(call)).rejects.toMatchObject({ code: 'conflict' });
    expect(await rig.books.account(alice)).toMatchObject({ refunded: '0.25' });
  });

  it('of a sealed call is refused with the way to make it good', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    const call = await rig.charge(alice, '0.25');
    sealNow(rig.store, sealAll);
    await expect(rig.books.refund(call)).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining(`callora deposit 0.25 --to ${alice}`),
    });
    expect(await rig.books.account(alice)).toMatchObject({ refunded: '0' });
  });

  it('of a running call is refused', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    const call = await rig.charge(alice, '0.25', { finish: false });
    await expect(rig.books.refund(call)).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each(['1', 'x', '-1', '99999999999999999999'])('of no call (%s) changes nothing', async (call) => {
    const rig = await rigged();
    await expect(rig.books.refund(call)).rejects.toMatchObject({
      code: expect.stringMatching(/not_found|bad_parameter/),
    });
  });

  it('is open to a call that broke off with the process before, which is listed as doubtful', async () => {
    const before = await createRig();
    before.fund(alice, '1');
    const call = await before.charge(alice, '0.25', { finish: false });
    const dir = await before.close({ keep: true });
    const rig = await rigged({}, dir);
    const doubtful = await rig.books.usage({ doubtful: true });
    expect(doubtful.items).toMatchObject([{ call, account: alice, price: '0.25', outcome: null }]);
    expect(await rig.books.refund(call)).toMatchObject({ amount: '0.25' });
  });
});

describe('usage', () => {
  it('is listed for one account, newest first, in pages that join', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    rig.fund(bob, '1');
    const calls: string[] = [];
    for (let at = 0; at < 5; at++) calls.push(await rig.charge(alice, '0.01'));
    await rig.charge(bob, '0.01');
    const seen: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await rig.books.usage({ account: alice, limit: 2, cursor });
      seen.push(...page.items.map((item) => item.call));
      cursor = page.next ?? undefined;
    }
    expect(seen).toEqual(calls.reverse());
  });

  it('of everyone is not on offer', async () => {
    const rig = await rigged();
    await expect(rig.books.usage({})).rejects.toMatchObject({ code: 'bad_parameter' });
  });
});

describe('settlement', () => {
  it('now reports the batches it made, and what it still waits for', async () => {
    const rig: Rig = await rigged({
      settler: {
        async settleNow() {
          sealNow(rig.store, sealAll);
          return { done: false, confirmed: [], waitingFor: 'the network' };
        },
        status: () => ({ lanes: [], foreign: false, synced: true }),
      },
    });
    rig.fund(alice, '1');
    await rig.charge(alice, '0.25');
    expect(await rig.books.settleNow()).toMatchObject({
      complete: false,
      waiting_for: 'the network',
      batches: [{ lane: 0, batch: 1, total: '0.25', state: 'sealed' }],
      unsettled: '0.25',
    });
    expect(await lastAudit(rig)).toMatchObject({ action: 'settle now' });
  });

  it('now reports a batch that was on its way before', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    await rig.charge(alice, '0.25');
    sealNow(rig.store, sealAll);
    expect(await rig.books.settleNow()).toMatchObject({ complete: true, batches: [{ batch: 1 }] });
  });

  it('shows a batch to the second, as ledgers close: never as confirmed before it was sealed', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    await rig.charge(alice, '0.25');
    sealNow(rig.store, { ...sealAll, nowMs: 1_800_000_000_999 });
    const root = (await rig.books.batch(0, 1)).root;
    const batch = { lane: 0, batch: 1, root, taken: [2_500_000n], ledger: 20, txHash: 'bb', period: 0 };
    rig.store.batches.confirm({ ...batch, closedAtMs: 1_800_000_000_000 });
    expect(await rig.books.batch(0, 1)).toMatchObject({
      sealed_at: '2027-01-15T08:00:00.000Z',
      confirmed_at: '2027-01-15T08:00:00.000Z',
    });
  });

  it('shows a batch with every field of its leaves', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    const call = await rig.charge(alice, '0.25');
    const sealed = sealNow(rig.store, sealAll);
    const shown = await rig.books.batch(0, 1);
    expect(shown.root).toBe(sealed?.root);
    expect(shown.lines).toEqual([{ position: 0, payee: bob, account: alice, amount: '0.25', taken: null }]);
    expect(shown.rows).toEqual([
      {
        kind: 'call',
        call,
        time: '2027-01-15T08:00:00.000Z',
        time_ms: 1_800_000_000_000,
        account: alice,
        payee: bob,
        api: 'weather',
        method: 'GET',
        route: '/weather/:city',
        status: 200,
        price: '0.25',
        refund: '0',
      },
    ]);
    await expect(rig.books.batch(0, 2)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('status sums what waits', async () => {
    const rig = await rigged();
    rig.fund(alice, '1');
    await rig.charge(alice, '0.25');
    expect(await rig.books.settlement()).toMatchObject({
      unsealed: { calls: 1, amount: '0.25' },
      unsettled: '0.25',
      open: [],
      last: null,
      oldest_unsettled_at: '2027-01-15T08:00:00.000Z',
    });
  });
});

describe('the lanes of settlement', () => {
  it('are shown while they are not at rest, with why one is halted', async () => {
    const objection = { reason: 'txInsufficientFee', atMs: 1_800_000_000_000, tries: 3 };
    const lanes = [
      { lane: 0, batch: undefined, state: 'idle' as const, waitingFor: undefined },
      { lane: 1, batch: 7, state: 'halted' as const, waitingFor: '3 envelopes failed', objection },
    ];
    const settler = {
      settleNow: async () => ({ done: true, confirmed: [], waitingFor: undefined }),
      status: () => ({ lanes, foreign: false, synced: true }),
    };
    const rig = await rigged({ settler });
    expect(await rig.books.settlement()).toMatchObject({
      lanes: [
        {
          ...{ lane: 1, batch: 7, state: 'halted', waiting_for: '3 envelopes failed' },
          last_objection: { reason: 'txInsufficientFee', at: '2027-01-15T08:00:00.000Z', tries: 3 },
        },
      ],
    });
  });
});

describe('reconciliation', () => {
  it('adds differences up as absolute amounts, so that two errors do not cancel out', async () => {
    const check = (off: bigint) => ({
      name: 'chain balance',
      subject: alice,
      books: units(5n),
      chain: units(5n - off),
      off: units(off),
    });
    const rig = await rigged({ reconcile: async () => ({ checks: [check(3n), check(-3n), check(0n)], totals: [] }) });
    const report = await rig.books.reconcile();
    expect(report).toMatchObject({ ok: false, units_off: '6' });
    expect(report.checks.map((row) => row.ok)).toEqual([false, false, true]);
  });

  it('that takes too long says so, and what to do', async () => {
    const rig = await rigged({
      reconcile: (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    });
    const report = rig.books.reconcile();
    rig.clock.advance(280_000);
    await expect(report).rejects.toMatchObject({
      code: 'chain_unavailable',
      detail: expect.stringContaining('stellar.rpc_url'),
    });
  });
});

describe('lists', () => {
  it.each([{ limit: 0 }, { limit: 501 }, { limit: 1.5 }, { cursor: 'x' }])('refuse %o', async (page) => {
    const rig = await rigged();
    await expect(rig.books.accounts(page)).rejects.toMatchObject({ code: 'bad_parameter' });
  });
});
