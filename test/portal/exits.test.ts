import { describe, expect, it } from 'vitest';
import { createSessions } from '../../src/access/session.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import type { Config } from '../../src/catalog/model.ts';
import { GatewayError } from '../../src/errors.ts';
import { createRateLimiter } from '../../src/limits/rate.ts';
import { type Units, units } from '../../src/money.ts';
import { type OwnExitsDeps, ownExits, requestExit } from '../../src/portal/exits.ts';
import type { ExitAnswer } from '../../src/settlement/exits.ts';
import { account, contract, issuer, tokenSide } from '../access/fixture.ts';
import { openTestStore } from '../store/rig.ts';

const bob = 'GBBD47IF6LWK7P7MDEVSCWR7DPUWV3NY3DTQEVFL4NAT4AQH3ZLLFLA5';
const vault = 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75';

async function rigged(overrides: Partial<OwnExitsDeps> = {}) {
  const { keys, clock, verifier, issue } = await tokenSide();
  const { store } = openTestStore();
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => 0 });
  const sessions = createSessions({ keys, clock, issuer, tokenBytesMax: 8_192, verificationsMax: 8 });
  const slot = ledger.open({ id: store.accounts.ensure(account), address: account, deposited: units(10n ** 9n) });
  const asked: { account: string; to: string; amount: Units }[] = [];
  const deps = {
    config: () => ({ gateway: { publicUrl: issuer }, stellar: { passphrase: 'Test', vault } }) as unknown as Config,
    verifier,
    sessions,
    ledger,
    exits: store.exits,
    exitDesk: {
      async request(who: string, wish: { to: string; amount: Units }): Promise<ExitAnswer> {
        asked.push({ account: who, ...wish });
        const life = { envelopeXdr: 'AA', madeLedger: 100, expiresLedger: 190, createdAtMs: clock.nowMs() };
        return {
          ok: true,
          exit: store.exits.open({ accountId: slot.id, ...wish, ...life }),
          signed: { envelopeXdr: 'BB', maxTimeS: 1_800_000_450 },
        };
      },
    },
    clock,
    limiter: createRateLimiter({ clock, bucketsMax: 10 }),
    ...overrides,
  };
  const bearer = (text: string) => ['authorization', `Bearer ${text}`];
  const session = async (of = account) => bearer((await sessions.issue(of)).session);
  const token = async () => bearer((await issue({ scope: '*' })).token);
  const ask = async (body: Record<string, unknown>, headers?: string[]) =>
    requestExit(deps, headers ?? (await session()), async () => body);
  const refusalOf = async (body: Record<string, unknown>, headers?: string[]) => {
    const error = await ask(body, headers).catch((reason: unknown) => reason);
    return error instanceof GatewayError ? { code: error.code, detail: error.detail } : error;
  };
  return { deps, store, ledger, slot, asked, session, token, ask, refusalOf };
}

describe('asking for an exit', () => {
  it('takes a wallet session and answers what to sign, to the account itself when no other is named', async () => {
    const { ask, asked } = await rigged();
    expect(await ask({ amount: '2.5' })).toMatchObject({
      id: '1',
      account,
      to: account,
      amount: '2.5',
      state: 'open',
      vault,
      network_passphrase: 'Test',
      envelope: 'BB',
      send_before: '2027-01-15T08:07:30.000Z',
      expires_ledger: 190,
    });
    expect(asked).toEqual([{ account, to: account, amount: 25_000_000n }]);
  });

  it('is refused to an access token of any scope, before its body is read', async () => {
    const { deps, token, asked } = await rigged();
    const read = () => Promise.reject(new Error('the body was read'));
    await expect(requestExit(deps, await token(), read)).rejects.toMatchObject({ code: 'session_required' });
    await expect(requestExit(deps, [], read)).rejects.toMatchObject({ code: 'session_required' });
    expect(asked).toEqual([]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{}, 'amount'],
    [{ amount: '0' }, 'amount'],
    [{ amount: '-1' }, 'amount'],
    [{ amount: '1e3' }, 'amount'],
    [{ amount: '0.00000001' }, 'amount'],
    [{ amount: ' 1' }, 'amount'],
    [{ amount: '+1' }, 'amount'],
    [{ amount: '0x10' }, 'amount'],
    [{ amount: '1,5' }, 'amount'],
    [{ amount: 'Infinity' }, 'amount'],
    [{ amount: '999999999999' }, 'amount'],
    [{ amount: 1 }, 'amount'],
    [{ amount: null }, 'amount'],
    [{ amount: ['1'] }, 'amount'],
    [{ amount: '1', to: 'bob' }, 'to must be'],
    [{ amount: '1', to: null }, 'to must be'],
    [{ amount: '1', to: bob.toLowerCase() }, 'to must be'],
    [{ amount: '1', to: vault }, 'vault itself'],
    [{ amount: '1', too: bob }, 'no field "too"'],
    [{ amount: '1', envelope: 'AAAA' }, 'no field "envelope"'],
  ])('with %j is refused in words that name the field', async (body, words) => {
    const { refusalOf, asked } = await rigged();
    expect(await refusalOf(body)).toEqual({ code: 'bad_parameter', detail: expect.stringContaining(words) });
    expect(asked).toEqual([]);
  });

  it('for a contract account says how it leaves instead', async () => {
    const { refusalOf, session } = await rigged();
    const refused = await refusalOf({ amount: '1' }, await session(contract));
    expect(refused).toEqual({ code: 'exit_refused', detail: expect.stringContaining('request_withdraw') });
  });

  it('stops while the books are in doubt, with the reason', async () => {
    const stopped: ExitAnswer = { ok: false, reason: 'stopped', code: 'sales_stopped', detail: 'why' };
    const { refusalOf } = await rigged({ exitDesk: { request: async () => stopped } });
    expect(await refusalOf({ amount: '1' })).toEqual({ code: 'sales_stopped', detail: 'why' });
  });

  it('in a loop is throttled', async () => {
    const { ask, refusalOf, slot, store } = await rigged();
    for (let count = 0; count < 20; count++) {
      await ask({ amount: '1' });
      store.exits.expire({ ledger: 190, closedAtMs: 1, ledgerMs: 0 });
    }
    expect(await refusalOf({ amount: '1' })).toMatchObject({ code: 'rate_limited' });
    expect(slot.exits).toBe(0n);
  });

  it.each<[ExitAnswer, string, string]>([
    [{ ok: false, reason: 'chain_unavailable' }, 'chain_unavailable', ''],
    [{ ok: false, reason: 'not_written' }, 'journal_unavailable', 'not signed'],
    [{ ok: false, reason: 'refused', detail: 'no trustline' }, 'exit_refused', 'no trustline'],
  ])('passes a refusal on: %j', async (answer, code, detail) => {
    const { refusalOf } = await rigged({ exitDesk: { request: async () => answer } });
    expect(await refusalOf({ amount: '1' })).toMatchObject({ code });
    expect(JSON.stringify(await refusalOf({ amount: '1' }))).toContain(detail);
  });

  it('says what keeps the money when it is too much, and which exit is out', async () => {
    const { ledger, slot, store, refusalOf, deps } = await rigged();
    ledger.applyChain(slot, { requested: units(30_000_000), limit: units(10n ** 12n) });
    const held = ledger.hold(slot, undefined, units(10_000_000));
    if (held.ok) ledger.capture(held.hold);
    const tooLarge: ExitAnswer = { ok: false, reason: 'too_large', available: ledger.exitable(slot), slot };
    deps.exitDesk.request = async () => tooLarge;
    expect(await refusalOf({ amount: '98' })).toEqual({
      code: 'exit_too_large',
      detail: expect.stringMatching(/at most 96 can: 1 is charged .*, 3 is under a withdrawal request/),
    });
    const wish = { to: bob, amount: units(20_000_000), envelopeXdr: 'AA', madeLedger: 100, expiresLedger: 190 };
    const open = store.exits.open({ accountId: slot.id, ...wish, createdAtMs: 1 });
    deps.exitDesk.request = async () => ({ ok: false, reason: 'pending', open });
    expect(await refusalOf({ amount: '3' })).toEqual({
      code: 'exit_pending',
      detail: expect.stringMatching(/exit of 2 USDC to GBBD.*ledger 190/),
    });
  });
});

describe('the own exits', () => {
  it('are shown to a token and to a session, with what can leave now, and to nobody else', async () => {
    const { ask, deps, token, session, store } = await rigged();
    await ask({ amount: '2', to: bob });
    const other = store.accounts.ensure(bob);
    const life = { envelopeXdr: 'AA', madeLedger: 1, expiresLedger: 91, createdAtMs: 1 };
    store.exits.open({ accountId: other, to: bob, amount: units(1), ...life });
    for (const headers of [await token(), await session()]) {
      const page = await ownExits(deps, headers, new URLSearchParams());
      expect(page).toMatchObject({ items: [{ to: bob, amount: '2', state: 'open' }], next: null, available: '100' });
      expect(JSON.stringify(page)).not.toContain('AA');
    }
    await expect(ownExits(deps, [], new URLSearchParams())).rejects.toMatchObject({ code: 'token_missing' });
  });

  it('come in pages', async () => {
    const { ask, deps, session, store } = await rigged();
    for (let count = 0; count < 3; count++) {
      await ask({ amount: '1' });
      store.exits.expire({ ledger: 190, closedAtMs: 1, ledgerMs: 0 });
    }
    const headers = await session();
    const first = await ownExits(deps, headers, new URLSearchParams({ limit: '2' }));
    expect(first.items.map((item) => item.id)).toEqual(['3', '2']);
    const next = await ownExits(deps, headers, new URLSearchParams({ limit: '2', cursor: first.next ?? '' }));
    expect(next).toMatchObject({ items: [{ id: '1', state: 'expired' }], next: null });
  });
});
