import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createSessions } from '../../src/access/session.ts';
import { createTokenDesk } from '../../src/admin/token-desk.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import type { Config } from '../../src/catalog/model.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { createPortal } from '../../src/portal/portal.ts';
import { issuer, tokenSide } from '../access/fixture.ts';
import { openTestStore } from '../store/rig.ts';
import { noReceipts } from './no-receipts.ts';

/** The token endpoints over real keys, sessions, tokens and store; only the network and the upstreams are missing. */

const alice = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN';
const bob = 'GBBD47IF6LWK7P7MDEVSCWR7DPUWV3NY3DTQEVFL4NAT4AQH3ZLLFLA5';

const config = {
  gateway: { publicUrl: issuer },
  tokens: { ttlMs: 86_400_000, ttlMaxMs: 30 * 86_400_000 },
  stellar: { network: 'testnet', passphrase: 'Test', rpcUrl: 'https://rpc.example', vault: 'C' },
  apis: ['weather', 'maps'].map((name) => ({ name, mount: `/${name}`, payee: bob, routes: [] })),
} as unknown as Config;

const open: http.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function rigged() {
  const { keys, clock, revoked, issue, verifier } = await tokenSide();
  const { store } = openTestStore();
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => clock.nowMs() / 1000 });
  const sessions = createSessions({ keys, clock, issuer, tokenBytesMax: 8_192, verificationsMax: 8 });
  const tokenDesk = createTokenDesk({
    sign: issue,
    resolveAccount: (address) =>
      ledger.account(address) ?? ledger.open({ id: store.accounts.ensure(address), address }),
    tokens: store.tokens,
    ledger,
    forget(jti) {
      revoked.add(jti);
      verifier.forget(jti);
    },
    sync: store.sync,
    clock,
  });
  const handler = createPortal({
    config: () => config,
    page: () => false,
    exits: { list: () => [] },
    exitDesk: { request: async () => ({ ok: false, reason: 'chain_unavailable' }) },
    chain: () => ({ asset: undefined, minDeposit: undefined, withdrawDelayS: undefined }),
    jwks: () => ({ keys: [] }),
    version: '1',
    clock,
    log: silentLog(),
    verifier,
    sessions,
    startSession: sessions.issue,
    ledger,
    charges: store.charges,
    usage: store.usage,
    tokens: store.tokens,
    tokenDesk,
    ...noReceipts,
    login: {
      challenge: () => Promise.reject(new Error('no login here')),
      prove: () => Promise.reject(new Error('no login here')),
      answer: () => Promise.reject(new Error('no login here')),
    },
    loginAddress: bob,
  });
  const server = http.createServer((req, res) => void handler(req, res, (req.url ?? '').split('?')[0] ?? ''));
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const session = async (account = alice) => (await sessions.issue(account)).session;
  async function ask(path: string, bearer: string, body?: unknown): Promise<{ status: number; body: Body }> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: text };
    const answer = await fetch(`${base}${path}`, init);
    return { status: answer.status, body: (await answer.json()) as Body };
  }
  const issued = async (body: unknown = {}, account = alice) => {
    const answer = await ask('/_callora/tokens', await session(account), body);
    expect(answer.status).toBe(201);
    return { token: String(answer.body.token), jti: String(answer.body.jti) };
  };
  return { ask, issued, session, clock, store, ledger, verifier, tokenDesk };
}

type Body = Record<string, unknown> & { items?: Record<string, unknown>[]; next?: string | null };

const path = '/_callora/tokens';

describe('a token issued with a session', () => {
  it('is good at the gateway, with the cap, scope and life that were asked for', async () => {
    const { issued, verifier, ledger, clock } = await rigged();
    const { token, jti } = await issued({ label: 'robot', scope: ['weather'], ttl_s: 3_600, cap: '2.5' });
    expect(await verifier.verify(token)).toEqual({
      ok: true,
      token: {
        jti,
        account: alice,
        scopes: new Set(['weather']),
        expiresAtMs: (Math.floor(clock.nowMs() / 1_000) + 3_600) * 1_000,
        capUnits: units(25_000_000n),
      },
    });
    expect(ledger.cap(jti)?.cap).toBe(units(25_000_000n));
  });

  it('is listed without its text, and stays listed when it is revoked', async () => {
    const { ask, issued, session, verifier } = await rigged();
    const { token, jti } = await issued({ label: 'robot', cap: '2.5' });
    const listed = await ask(path, await session());
    expect(listed.body.items).toMatchObject([
      { jti, label: 'robot', scope: '*', source: 'wallet', state: 'live', cap: '2.5', spent: '0', revoked_at: null },
    ]);
    expect(JSON.stringify(listed.body)).not.toContain(token.split('.')[2]);
    const gone = await ask(`${path}/${jti}/revoke`, await session(), {});
    expect(gone).toEqual({ status: 200, body: { jti, outcome: 'revoked' } });
    expect(await verifier.verify(token)).toMatchObject({ ok: false, reason: 'token_revoked' });
    expect((await ask(`${path}/${jti}/revoke`, await session(), {})).body).toMatchObject({ outcome: 'already' });
    expect((await ask(path, await session())).body.items).toMatchObject([{ jti, state: 'revoked' }]);
  });

  it('is listed as expired when its life is over', async () => {
    const { ask, issued, session, clock } = await rigged();
    await issued({ ttl_s: 60 });
    clock.advance(61_000);
    expect((await ask(path, await session())).body.items).toMatchObject([{ state: 'expired' }]);
  });
});

describe('the list of tokens', () => {
  it('comes in pages that join, newest first', async () => {
    const { ask, issued, session } = await rigged();
    const jtis: string[] = [];
    for (let each = 0; each < 3; each++) jtis.unshift((await issued()).jti);
    const first = await ask(`${path}?limit=2`, await session());
    const second = await ask(`${path}?limit=2&cursor=${first.body.next}`, await session());
    expect([...(first.body.items ?? []), ...(second.body.items ?? [])].map((item) => item.jti)).toEqual(jtis);
    expect(second.body.next).toBeNull();
  });

  it('shows another account nothing of it', async () => {
    const { ask, issued, session } = await rigged();
    await issued();
    await issued({}, bob);
    expect((await ask(path, await session(bob))).body.items).toHaveLength(1);
  });

  it('is shown to a token for every API, and to a limited one only as far as itself', async () => {
    const { ask, issued } = await rigged();
    const wide = await issued();
    const narrow = await issued({ scope: ['maps'] });
    expect((await ask(path, wide.token)).body.items).toHaveLength(2);
    expect((await ask(path, narrow.token)).body).toMatchObject({ items: [{ jti: narrow.jti }], next: null });
  });
});

describe('issuing and revoking are refused', () => {
  it('to an access token of any scope, and to nothing', async () => {
    const { ask, issued } = await rigged();
    const { token, jti } = await issued();
    for (const bearer of [token, 'a.b.c', '']) {
      expect(await ask(path, bearer, {})).toMatchObject({ status: 401, body: { code: 'session_required' } });
      const revoked = await ask(`${path}/${jti}/revoke`, bearer, {});
      expect(revoked).toMatchObject({ status: 401, body: { code: 'session_required' } });
    }
  });

  it('to a session that has ended', async () => {
    const { ask, session, clock, store } = await rigged();
    const old = await session();
    clock.advance(600_000);
    expect(await ask(path, old, {})).toMatchObject({ status: 401, body: { detail: 'this session has ended' } });
    expect(store.tokens.list({ limit: 9 })).toEqual([]);
  });

  it('to the session of another account, as if the token were not there', async () => {
    const { ask, issued, session, verifier } = await rigged();
    const { token, jti } = await issued();
    await issued({}, bob);
    const foreign = await ask(`${path}/${jti}/revoke`, await session(bob), {});
    const unknown = await ask(`${path}/abcdefghijklmnopqrstuv/revoke`, await session(bob), {});
    expect(foreign).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(unknown.status).toBe(404);
    expect(Object.keys(foreign.body)).toEqual(Object.keys(unknown.body));
    expect(await verifier.verify(token)).toMatchObject({ ok: true });
  });

  it.each([
    ['a misspelt cap', { capp: '1' }, 'capp'],
    ['an account', { account: bob }, 'account'],
    ['a source', { source: 'operator' }, 'source'],
    ['a cap of nothing', { cap: '0' }, 'cap'],
    ['a cap below nothing', { cap: '-1' }, 'cap'],
    ['a cap with an exponent', { cap: '1e5' }, 'cap'],
    ['a cap that is a number', { cap: 1 }, 'cap'],
    ['a cap that is null', { cap: null }, 'cap'],
    ['a cap finer than the money', { cap: '0.00000001' }, 'cap'],
    ['a cap that the books cannot hold', { cap: '999999999999' }, 'cap'],
    ['the scope of an unknown API', { scope: ['wheather'] }, 'wheather'],
    ['an empty scope', { scope: [] }, 'scope'],
    ['a scope that is a text', { scope: '*' }, 'scope'],
    ['a scope with a star', { scope: ['*'] }, 'scope'],
    ['no life', { ttl_s: 0 }, 'ttl_s'],
    ['a life beyond the longest', { ttl_s: 30 * 86_400 + 1 }, 'tokens.ttl_max'],
    ['a life that is a text', { ttl_s: '60' }, 'ttl_s'],
    ['a label of two lines', { label: 'a\nb' }, 'label'],
    ['a long label', { label: 'x'.repeat(65) }, 'label'],
  ])('for %s, in words that name it', async (_what, body, word) => {
    const { ask, session, store } = await rigged();
    const answer = await ask(path, await session(), body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_parameter' } });
    expect(answer.body.detail).toContain(word);
    expect(store.tokens.list({ limit: 9 })).toEqual([]);
  });

  it('for a body that is too large or no object, and for a revocation with fields', async () => {
    const { ask, issued, session } = await rigged();
    const { jti } = await issued();
    expect(await ask(path, await session(), `{"label":"${'x'.repeat(9_000)}"}`)).toMatchObject({ status: 413 });
    expect(await ask(path, await session(), '[]')).toMatchObject({ status: 400, body: { code: 'bad_request' } });
    const fields = await ask(`${path}/${jti}/revoke`, await session(), { jti });
    expect(fields).toMatchObject({ status: 400, body: { code: 'bad_parameter' } });
  });

  it('when the account has as many live tokens as it may, also to two requests at once', async () => {
    const { ask, session, store, tokenDesk, clock } = await rigged();
    const request = { account: alice, scope: '*' as const, ttlMs: 60_000, source: 'wallet' as const };
    for (let each = 0; each < 199; each++) await tokenDesk.issue(request);
    const last = { ...request, liveMax: 200 };
    const both = await Promise.allSettled([tokenDesk.issue(last), tokenDesk.issue(last)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await ask(path, await session(), {})).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(store.tokens.countLive(store.accounts.ensure(alice), clock.nowMs())).toBe(200);
    clock.advance(61_000);
    expect(await ask(path, await session(), {})).toMatchObject({ status: 201 });
  });

  it('to an account that asks too often, and to no other', async () => {
    const { ask, session } = await rigged();
    const own = await session();
    const statuses: number[] = [];
    for (let each = 0; each < 21; each++) statuses.push((await ask(path, own, {})).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect((await ask(path, await session(bob), {})).status).toBe(201);
  });
});
