import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { WalletLogin } from '../../src/access/wallet-login.ts';
import { createLedger } from '../../src/billing/ledger.ts';
import type { Config } from '../../src/catalog/model.ts';
import { fakeClock } from '../../src/clock.ts';
import { GatewayError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { units } from '../../src/money.ts';
import { createPortal, type PortalDeps } from '../../src/portal/portal.ts';
import type { UsageRow } from '../../src/store/charges.ts';
import { noReceipts } from './no-receipts.ts';

const alice = 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN';
const bob = 'GBBD47IF6LWK7P7MDEVSCWR7DPUWV3NY3DTQEVFL4NAT4AQH3ZLLFLA5';
const vault = 'CCW67TSZV3SSS2HXMBQ5JFGCKJNXKZM7UQUWUZPUTHXSTZLEO7SJMI75';

const config = {
  gateway: { publicUrl: 'https://api.example.com' },
  tokens: { ttlMs: 86_400_000, ttlMaxMs: 30 * 86_400_000 },
  stellar: { network: 'testnet', passphrase: 'Test "net"', rpcUrl: 'https://rpc.example/key-1234', vault },
  apis: [
    {
      name: 'weather',
      payee: bob,
      mount: '/weather',
      headers: [['x-api-key', 'upstream-secret']],
      upstream: { origins: ['http://10.0.0.7:9000'], basePath: '' },
      routes: [
        {
          method: 'GET',
          template: '/weather/forecast/:city',
          priceUnits: units(20_000n),
          auth: 'token',
          description: 'by city',
        },
      ],
    },
  ],
} as unknown as Config;

function wallet(answer?: WalletLogin['answer']): WalletLogin {
  const challenge = { transaction: 'AAAA', network_passphrase: config.stellar.passphrase, more: 'x' };
  const token = { token: 'a.b.c', expiresAtMs: 0, account: alice };
  const given = answer ?? (async () => token);
  return { challenge: async () => challenge, prove: async (body) => (await given(body)).account, answer: given };
}

const open: http.Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function portal(overrides: Partial<PortalDeps> = {}, addressOf?: () => string) {
  const clock = fakeClock();
  const ledger = createLedger({ limitPeriodS: 86_400, chainTimeS: () => clock.nowMs() / 1000 });
  const handler = createPortal({
    config: () => config,
    chain: () => ({ asset: 'CASSET', minDeposit: units(10_000n), withdrawDelayS: 172_800 }),
    jwks: () => ({ keys: [{ kid: 'one' }] }),
    version: '1.2.3',
    clock,
    log: silentLog(),
    verifier: {
      cached: () => undefined,
      verify: async (text) =>
        text === 'alice'
          ? {
              ok: true,
              token: {
                jti: 'j1',
                account: alice,
                scopes: '*',
                expiresAtMs: 1_800_000_000_000,
                capUnits: units(50_000_000n),
              },
            }
          : { ok: false, reason: 'token_revoked' },
    },
    sessions: { verify: async () => ({ ok: false, reason: 'not_a_session' }) },
    startSession: async (account) => ({ session: `session of ${account}`, expiresAtMs: clock.nowMs() + 600_000 }),
    ledger,
    page: () => false,
    exits: { list: () => [] },
    exitDesk: { request: async () => ({ ok: false, reason: 'chain_unavailable' }) },
    charges: { byAccount: () => [] },
    usage: { sums: () => [] },
    tokens: { get: () => undefined, list: () => [] },
    tokenDesk: {
      issue: async () => ({ token: 'a.b.c', jti: 'j2', expiresAtMs: 0 }),
      revoke: async () => 'revoked',
    },
    ...noReceipts,
    login: wallet(),
    loginAddress: bob,
    ...overrides,
  });
  // As the gateway's listener does it.
  const server = http.createServer({ optimizeEmptyRequests: true }, (req, res) => {
    if (addressOf) Object.defineProperty(req.socket, 'remoteAddress', { configurable: true, get: addressOf });
    if (!handler(req, res, (req.url ?? '').split('?')[0] ?? '')) res.writeHead(418).end();
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  /** A POST that declares no body, not even an empty one: `curl -X POST` sends it so. */
  const bare = (path: string) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    return textOf(socket);
  };
  return { clock, ledger, bare, call: (path: string, init?: RequestInit) => fetch(base + path, init) };
}

const asAlice = { headers: { authorization: 'Bearer alice' } };

describe('the portal', () => {
  it('answers only in its own namespaces', async () => {
    const { call } = await portal();
    expect((await call('/weather/forecast/oslo')).status).toBe(418);
    expect((await call('/_callorax')).status).toBe(418);
    expect((await call('/_callora')).status).toBe(200);
  });

  it('introduces the gateway, its network and its vault', async () => {
    const { call } = await portal();
    const answer = await call('/_callora/');
    expect(await answer.json()).toMatchObject({ name: 'callora', version: '1.2.3', network: 'testnet', vault });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('leads a browser to the page, and leaves programs the JSON', async () => {
    const { call } = await portal();
    const html = { headers: { accept: 'text/html,application/xhtml+xml' }, redirect: 'manual' as const };
    for (const path of ['/_callora', '/_callora/']) {
      const led = await call(path, html);
      expect([led.status, led.headers.get('location'), led.headers.get('vary')]).toEqual([
        303,
        '/_callora/app/',
        'accept',
      ]);
      expect((await call(path)).headers.get('vary')).toBe('accept');
    }
  });

  it('serves the page without opening it to other origins', async () => {
    const { call } = await portal({
      page(_req, res, path) {
        if (path !== '/_callora/app/') return false;
        res.end('the page');
        return true;
      },
    });
    const answer = await call('/_callora/app/');
    expect(await answer.text()).toBe('the page');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('lists prices as decimals and says nothing of upstreams', async () => {
    const { call } = await portal();
    const text = await (await call('/_callora/catalog')).text();
    expect(JSON.parse(text).apis[0].routes).toEqual([
      { method: 'GET', path: '/weather/forecast/:city', price: '0.002', auth: 'token', description: 'by city' },
    ]);
    expect(text).not.toMatch(/upstream-secret|10\.0\.0\.7/);
  });

  it.each(['catalog', 'openapi.json', 'llms.txt'])('shows in %s what a reload has changed', async (document) => {
    let now = config;
    const { call } = await portal({ config: () => now });
    const read = async () => (await call(`/_callora/${document}`)).text();
    const before = await read();
    expect(await read()).toBe(before);
    now = { ...config, apis: [] };
    const after = await read();
    expect(before).toContain('forecast');
    expect(after).not.toContain('forecast');
  });

  it('tells how to deposit without the RPC address of the operator', async () => {
    const { call } = await portal();
    const text = await (await call('/_callora/deposit')).text();
    expect(JSON.parse(text)).toMatchObject({ vault, asset: 'CASSET', min: '0.001', rpc_url: expect.any(String) });
    expect(text).not.toContain('key-1234');
  });

  it('explains every code of a problem, as JSON and as a page', async () => {
    const { call } = await portal();
    expect(await (await call('/_callora/errors/balance_too_low')).json()).toMatchObject({ status: 402 });
    const page = await call('/_callora/errors/balance_too_low', { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await call('/_callora/errors/toString')).status).toBe(404);
  });

  it('answers HEAD like GET without a body, OPTIONS with the methods, and others with 405', async () => {
    const { call } = await portal();
    const head = await call('/_callora/catalog', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    const options = await call('/_callora/login', { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, OPTIONS');
    const wrong = await call('/_callora/account', { method: 'DELETE' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('answers a POST without a body at once', async () => {
    const { bare } = await portal();
    expect(await bare('/_callora/session')).toContain('HTTP/1.1 200');
  });

  it('publishes the keys, the token issuer and a stellar.toml that names the login key', async () => {
    const { call } = await portal();
    expect(await (await call('/.well-known/jwks.json')).json()).toEqual({ keys: [{ kid: 'one' }] });
    expect(await (await call('/.well-known/oauth-protected-resource')).json()).toMatchObject({
      resource: 'https://api.example.com',
      bearer_methods_supported: ['header'],
    });
    expect(await (await call('/.well-known/oauth-authorization-server')).json()).toMatchObject({
      issuer: 'https://api.example.com',
    });
    const toml = await (await call('/.well-known/stellar.toml')).text();
    expect(toml).toContain(`SIGNING_KEY="${bob}"\n`);
    expect(toml).toContain('NETWORK_PASSPHRASE="Test \\"net\\""\n');
    expect(toml).toContain('WEB_AUTH_ENDPOINT="https://api.example.com/_callora/login"\n');
  });

  it('hides the reason of a fault of its own', async () => {
    const { call } = await portal({
      jwks: () => {
        throw new Error('secret detail');
      },
    });
    const answer = await call('/.well-known/jwks.json');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret detail');
  });
});

describe('the own account', () => {
  it('is shown to the holder of a token, in decimals, with the spend of the token', async () => {
    const { call, ledger } = await portal();
    const slot = ledger.open({ id: 1, address: alice, deposited: units(10n ** 8n), limit: units(10n ** 12n) });
    const cap = ledger.openCap({ jti: 'j1', cap: units(50_000_000n), spent: units(0n) });
    const hold = ledger.hold(slot, cap, units(20_000n));
    if (hold.ok) ledger.capture(hold.hold);
    const shown = await (await call('/_callora/account', asAlice)).json();
    expect(shown).toMatchObject({ address: alice, deposited: '10', charged: '0.002', spendable: '9.998' });
    expect(shown).toMatchObject({ token: { id: 'j1', cap: '5', spent: '0.002' } });
  });

  it('of an address never seen is all zeros', async () => {
    const { call } = await portal();
    const shown = await (await call('/_callora/account', asAlice)).json();
    expect(shown).toMatchObject({ address: alice, deposited: '0', spendable: '0' });
  });

  it('is refused without a token in the words of RFC 6750 and 9728', async () => {
    const { call } = await portal();
    const missing = await call('/_callora/account');
    expect(missing.status).toBe(401);
    const challenge = missing.headers.get('www-authenticate');
    expect(challenge).toContain('resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"');
    expect(challenge).not.toContain('error=');
    const revoked = await call('/_callora/account', { headers: { authorization: 'Bearer other' } });
    expect(await revoked.json()).toMatchObject({ code: 'token_revoked' });
    expect(revoked.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe('the own usage', () => {
  const rows: UsageRow[] = [9, 8, 7, 6, 5].map((id) => ({
    id,
    atMs: 1_800_000_000_000,
    accountId: 1,
    account: alice,
    tokenJti: undefined,
    api: 'weather',
    payee: bob,
    template: '/weather/forecast/:city',
    method: 'GET',
    status: 200,
    price: units(20_000n),
    refund: units(0n),
    refundReason: undefined,
    outcome: 'completed',
    bytesIn: 0,
    bytesOut: 10,
    durationMs: 3,
    batch: undefined,
  }));
  const charges: PortalDeps['charges'] = {
    byAccount: (accountId, { before = Number.MAX_SAFE_INTEGER, limit }) =>
      rows.filter((row) => row.accountId === accountId && row.id < before).slice(0, limit),
  };

  it('comes in pages that join without a gap or a repeat', async () => {
    const { call, ledger } = await portal({ charges });
    ledger.open({ id: 1, address: alice });
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const path = `/_callora/usage?limit=2${next && `&cursor=${next}`}`;
      const page = (await (await call(path, asAlice)).json()) as { items: { call: string }[]; next: string | null };
      seen.push(...page.items.map((item) => item.call));
      next = page.next;
    }
    expect(seen).toEqual(['9', '8', '7', '6', '5']);
  });

  const mixed = rows.map((row) => ({ ...row, api: row.id % 2 ? 'weather' : 'maps' }));
  const limited: PortalDeps['verifier'] = {
    cached: () => ({ jti: 'j1', account: alice, scopes: new Set(['maps']), expiresAtMs: 0, capUnits: undefined }),
    verify: async () => ({ ok: false, reason: 'token_invalid' }),
  };

  it('is shown to a limited token for its own APIs only, without a gap or a repeat', async () => {
    const { call, ledger } = await portal({
      verifier: limited,
      charges: { byAccount: (_id, { before = 99, limit }) => mixed.filter((row) => row.id < before).slice(0, limit) },
    });
    ledger.open({ id: 1, address: alice });
    const first = await (await call('/_callora/usage?limit=1', asAlice)).json();
    expect(first).toMatchObject({ items: [{ call: '8', api: 'maps' }], next: '8' });
    const second = await (await call('/_callora/usage?limit=1&cursor=8', asAlice)).json();
    expect(second).toMatchObject({ items: [{ call: '6', api: 'maps' }], next: null });
  });

  it('goes on behind a thousand calls that a limited token does not cover', async () => {
    const [row] = rows;
    if (!row) throw new Error('no row');
    const many = Array.from({ length: 1_001 }, (_, index) => ({
      ...row,
      id: 1_001 - index,
      api: index < 1_000 ? 'weather' : 'maps',
    }));
    const { call, ledger } = await portal({
      verifier: limited,
      charges: {
        byAccount: (_id, { before = 9_999, limit }) => many.filter((each) => each.id < before).slice(0, limit),
      },
    });
    ledger.open({ id: 1, address: alice });
    expect(await (await call('/_callora/usage', asAlice)).json()).toEqual({ items: [], next: '2' });
    expect(await (await call('/_callora/usage?cursor=2', asAlice)).json()).toMatchObject({ items: [{ call: '1' }] });
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=-1', 'cursor=1e3', 'limit='])('refuses %s', async (query) => {
    const { call } = await portal({ charges });
    const answer = await call(`/_callora/usage?${query}`, asAlice);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'bad_parameter' });
  });
});

describe('usage over time', () => {
  const sum = {
    day: 20_000,
    account: undefined,
    route: undefined,
    calls: 2,
    refundedCalls: 1,
    gross: units(30_000n),
    refunded: units(10_000n),
  };

  it('is of the own account, within the scope of the token, and of nobody without one', async () => {
    const asked: object[] = [];
    const usage: PortalDeps['usage'] = {
      sums(query) {
        asked.push(query);
        return [sum];
      },
    };
    const scopes = new Set(['maps']);
    const token = { jti: 'j1', account: alice, scopes, expiresAtMs: 1_800_000_000_000, capUnits: undefined };
    const verifier: PortalDeps['verifier'] = {
      cached: () => token,
      verify: async () => ({ ok: false, reason: 'token_invalid' }),
    };
    const { call, ledger } = await portal({ usage, verifier });
    ledger.open({ id: 7, address: alice });
    const path = '/_callora/usage/summary?from=2026-11-01&to=2026-11-30';
    expect((await call(path)).status).toBe(401);
    const answer = (await (await call(path, asAlice)).json()) as Record<string, unknown>;
    expect(answer).toMatchObject({ from: '2026-11-01', to: '2026-11-30', by: 'day', currency: 'USDC' });
    expect(answer.items).toEqual([
      { day: '2024-10-04', calls: 2, refunded_calls: 1, gross: '0.003', refunded: '0.001', net: '0.002' },
    ]);
    expect(asked).toMatchObject([{ accountId: 7, apis: ['maps'], by: 'day' }]);
  });

  it('of an address without an account is nothing', async () => {
    const asked: { accountId?: number | undefined }[] = [];
    const usage: PortalDeps['usage'] = {
      sums(query) {
        asked.push(query);
        return [];
      },
    };
    const { call } = await portal({ usage });
    const answer = await (await call('/_callora/usage/summary?by=route', asAlice)).json();
    expect(answer).toMatchObject({ items: [], total: { calls: 0, net: '0' } });
    expect(asked.map((query) => query.accountId)).toEqual([-1]);
  });

  it.each(['by=account', 'from=2026-02-30', 'from=2026-01-02&to=2026-01-01'])('refuses %s', async (query) => {
    const { call } = await portal();
    const answer = await call(`/_callora/usage/summary?${query}`, asAlice);
    expect(await answer.json()).toMatchObject({ status: 400, code: 'bad_parameter' });
  });
});

describe('lists and sums of the own calls', () => {
  it('are throttled together per account, since each walks the queue of charges; the balance is not', async () => {
    const { call, clock } = await portal();
    const paths = ['/_callora/usage', '/_callora/usage/summary', '/_callora/tokens'];
    const status = async (path: string) => (await call(path, asAlice)).status;
    const statuses: number[] = [];
    for (let each = 0; each < 41; each++) statuses.push(await status(paths[each % paths.length] ?? ''));
    expect(statuses.filter((code) => code === 429)).toHaveLength(1);
    expect(statuses.at(-1)).toBe(429);
    expect(await status('/_callora/account')).toBe(200);
    clock.advance(500);
    expect(await status('/_callora/usage')).toBe(200);
  });
});

describe('the login', () => {
  it('answers a challenge with the two attributes of SEP-10 and no other', async () => {
    const { call } = await portal();
    const answer = await (await call(`/_callora/login?account=${alice}`)).json();
    expect(Object.keys(answer as object).sort()).toEqual(['network_passphrase', 'transaction']);
  });

  it.each([
    ['application/json', '{"transaction":"AAAA"}'],
    ['application/x-www-form-urlencoded; charset=utf-8', 'transaction=AAAA'],
  ])('takes the signed transaction as %s', async (type, body) => {
    const taken: unknown[] = [];
    const { call } = await portal({
      login: wallet(async (fields) => {
        taken.push(fields);
        return { token: 'a.b.c', expiresAtMs: 0, account: alice };
      }),
    });
    const answer = await call('/_callora/login', { method: 'POST', headers: { 'content-type': type }, body });
    expect(await answer.json()).toEqual({ token: 'a.b.c' });
    expect(taken).toEqual([{ transaction: 'AAAA' }]);
  });

  it('gives a session instead of a token for the same signed transaction', async () => {
    const { call } = await portal();
    const body = new URLSearchParams({ transaction: 'AAAA' });
    const answer = await call('/_callora/session', { method: 'POST', body });
    expect(await answer.json()).toEqual({ session: `session of ${alice}`, expires_in: 600, account: alice });
  });

  it('names a refusal both ways: SEP-10 error and problem code', async () => {
    const { call } = await portal({
      login: wallet(async () => {
        throw new GatewayError('bad_challenge', 'the signature is missing', { internal: 'log text' });
      }),
    });
    const headers = { 'content-type': 'application/json' };
    const answer = await call('/_callora/login', { method: 'POST', headers, body: '{"transaction":"AAAA"}' });
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'bad_challenge', error: 'the signature is missing' });
    expect(text).not.toContain('log text');
  });

  it.each([
    ['text/plain', 'x', 400, 'bad_request'],
    ['application/json', '[1]', 400, 'bad_request'],
    ['application/x-www-form-urlencoded', 'transaction=A&transaction=B', 400, 'bad_request'],
    ['application/json', '{', 400, 'bad_request'],
    ['application/json', `"${'x'.repeat(9_000)}"`, 413, 'body_too_large'],
  ])('refuses a body of %s that is no small record', async (type, body, status, code) => {
    const { call } = await portal();
    const answer = await call('/_callora/login', { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('counts an IPv6 client by its /64: it has as many addresses as it likes', async () => {
    let line = '2001:db8:1:2';
    let host = 0;
    const { call } = await portal({}, () => `${line}::${++host}`);
    const status = async () => (await call(`/_callora/login?account=${alice}`)).status;
    const statuses = await Promise.all(Array.from({ length: 21 }, status));
    expect(statuses.filter((code) => code === 429)).toHaveLength(1);
    line = '2001:db8:1:3';
    expect(await status()).toBe(200);
  });

  it('is throttled per address and opens again with time', async () => {
    const { call, clock } = await portal();
    const status = async () => (await call(`/_callora/login?account=${alice}`)).status;
    const first = await Promise.all(Array.from({ length: 21 }, status));
    expect(first.filter((code) => code === 429)).toHaveLength(1);
    const refused = await call(`/_callora/login?account=${alice}`);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    clock.advance(2_000);
    expect(await status()).toBe(200);
  });
});
