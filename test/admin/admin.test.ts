import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type Admin, createAdmin } from '../../src/admin/admin.ts';
import type { Books } from '../../src/admin/books.ts';
import type { Health } from '../../src/admin/health.ts';
import { fakeClock } from '../../src/clock.ts';
import { GatewayError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { alice, config, healthy } from './rig.ts';

const open: Admin[] = [];
afterEach(async () => {
  for (const admin of open.splice(0)) await admin.close();
});

type Ask = { method?: string; path: string; headers?: Record<string, string>; body?: string };

/** Records what reaches the books, answers with its name. */
function recordingBooks(seen: unknown[]): Books {
  return new Proxy({} as Books, {
    get:
      (_, name) =>
      async (...args: unknown[]) => {
        seen.push([name, ...args]);
        if (name === 'account') throw new GatewayError('not_found', 'no such account');
        if (name === 'health') throw new Error('secret detail');
        return { called: name };
      },
  });
}

async function start(health: () => Health = () => healthy) {
  const seen: unknown[] = [];
  const admin = createAdmin({
    config: () => config,
    listen: { host: '127.0.0.1', port: 0 },
    token: 'admin-token-1',
    books: recordingBooks(seen),
    health,
    metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'callora_accounts 1\n' },
    dashboard: { page: () => false, books: recordingBooks(seen) },
    version: '1.2.3',
    clock: fakeClock(),
    log: silentLog(),
  });
  open.push(admin);
  const { port } = await admin.listen();
  const ask = ({ method = 'GET', path, headers = {}, body }: Ask) =>
    new Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }>((resolve, reject) => {
      const all = { authorization: 'Bearer admin-token-1', connection: 'close', ...headers };
      const req = http.request(
        { host: '127.0.0.1', port, method, path, headers: all, setHost: !('host' in all) },
        (res) => {
          let text = '';
          res.setEncoding('utf8').on('data', (part: string) => {
            text += part;
          });
          res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
        },
      );
      req.on('error', reject);
      req.end(body);
    });
  return { ask, seen, port };
}

describe('the admin token', () => {
  it.each(['', 'Bearer', 'Bearer wrong', 'Basic admin-token-1', 'Bearer admin-token-1 x', 'bearer admin-token-'])(
    'is wanted: %s is refused',
    async (authorization) => {
      const { ask, seen } = await start();
      for (const path of ['/api/accounts', '/metrics', '/nothing']) {
        const answer = await ask({ path, headers: { authorization } });
        expect(answer.status).toBe(401);
        expect(answer.headers['www-authenticate']).toContain('Bearer');
        expect(JSON.parse(answer.text)).toMatchObject({ code: 'admin_token_invalid' });
      }
      expect(seen).toEqual([]);
    },
  );

  it('is not wanted for health', async () => {
    const { ask } = await start();
    for (const path of ['/healthz', '/readyz']) {
      expect((await ask({ path, headers: { authorization: '' } })).status).toBe(200);
    }
  });
});

describe('readiness', () => {
  it('is refused with every reason', async () => {
    const { ask } = await start(() => ({
      ...healthy,
      journal: { ...healthy.journal, ok: false, lastError: 'disk full' },
      lastLedgerClosedAtMs: undefined,
      paused: true,
    }));
    const answer = await ask({ path: '/readyz' });
    expect(answer.status).toBe(503);
    const { ready, reasons } = JSON.parse(answer.text);
    expect(ready).toBe(false);
    expect(reasons.join('\n')).toMatch(/vault: paused.*\njournal: cannot write, disk full\nwatcher: no ledger/);
  });
});

it('a path with a character that no path has is refused by name', async () => {
  const { ask, seen } = await start();
  const headers = { 'content-type': 'application/json' };
  const answer = await ask({ method: 'POST', path: '/api/backup', headers, body: '{"file":"/a\\u0000b"}' });
  expect(JSON.parse(answer.text)).toMatchObject({ status: 400, code: 'bad_parameter' });
  expect(seen).toEqual([]);
});

describe('a request target that is no path', () => {
  it.each(['//', 'http://a:99999/', 'http://['])('(%s) is the fault of who sent it', async (path) => {
    const { ask } = await start();
    const answer = await ask({ path, headers: { authorization: '' } });
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, 'bad_request']);
  });
});

describe('another name for this listener', () => {
  it.each(['evil.example:8403', 'localhost.evil.example', '', 'a b'])('(%s) is refused', async (host) => {
    const { ask, seen } = await start();
    const answer = await ask({ path: '/api/accounts', headers: { host } });
    expect(answer.status).toBe(400);
    expect(seen).toEqual([]);
  });

  it.each(['localhost:8403', '127.0.0.1', '[::1]:8403', 'LOCALHOST'])('(%s) is one of ours', async (host) => {
    const { ask } = await start();
    expect((await ask({ path: '/api/accounts', headers: { host } })).status).toBe(200);
  });

  it('in a page of another origin is refused', async () => {
    const { ask } = await start();
    const headers = { host: 'localhost:8403', origin: 'https://evil.example' };
    expect((await ask({ path: '/api/accounts', headers })).status).toBe(400);
    expect(
      (await ask({ path: '/api/accounts', headers: { ...headers, origin: 'http://localhost:8403' } })).status,
    ).toBe(200);
  });

  it('does not matter to a scraper that holds the token', async () => {
    const { ask } = await start();
    const answer = await ask({ path: '/metrics', headers: { host: 'callora:8403' } });
    expect(answer).toMatchObject({ status: 200, text: 'callora_accounts 1\n' });
  });
});

describe('the operator API', () => {
  const json = { 'content-type': 'application/json' };

  it.each<[Ask, unknown[]]>([
    [{ path: '/api/accounts?limit=2&cursor=7' }, ['accounts', { limit: 2, cursor: '7' }]],
    [{ path: `/api/tokens?account=${alice}` }, ['tokens', { account: alice, cursor: undefined, limit: undefined }]],
    [
      {
        method: 'POST',
        path: '/api/tokens',
        headers: json,
        body: `{"account":"${alice}","scope":["weather"],"cap":"1"}`,
      },
      ['issueToken', { account: alice, scope: ['weather'], cap: '1', ttl_s: undefined, label: undefined }],
    ],
    [{ path: '/api/accounts?search=GB' }, ['accounts', { limit: undefined, cursor: undefined, search: 'GB' }]],
    [{ path: '/api/tokens?search=a%25' }, ['tokens', { search: 'a%', cursor: undefined, limit: undefined }]],
    [{ path: '/api/live' }, ['live']],
    [{ path: '/api/payouts?limit=1' }, ['payouts', { limit: 1, cursor: undefined }]],
    [{ method: 'POST', path: '/api/payouts/claim' }, ['claimPayouts', undefined]],
    [
      { method: 'POST', path: '/api/payouts/claim', headers: json, body: `{"payee":"${alice}"}` },
      ['claimPayouts', alice],
    ],
    [{ method: 'POST', path: '/api/tokens/abc/revoke' }, ['revokeToken', 'abc']],
    [{ path: '/api/usage?doubtful=true' }, ['usage', { doubtful: true, cursor: undefined, limit: undefined }]],
    [
      { path: '/api/usage/summary?from=2026-11-01&by=route&api=weather' },
      ['usageSummary', { from: '2026-11-01', by: 'route', api: 'weather' }],
    ],
    [{ method: 'POST', path: '/api/usage/12/refund' }, ['refund', '12']],
    [{ path: '/api/settlement' }, ['settlement']],
    [{ path: '/api/settlement/batches' }, ['batches', { cursor: undefined, limit: undefined }]],
    [{ path: '/api/settlement/batches/0/12' }, ['batch', 0, 12]],
    [{ method: 'POST', path: '/api/settlement/now' }, ['settleNow']],
    [{ method: 'POST', path: '/api/reconcile' }, ['reconcile']],
    [{ path: '/api/unattributed' }, ['unattributed']],
    [{ path: '/api/audit' }, ['audit', { cursor: undefined, limit: undefined }]],
  ])('hands %o to the books', async (request, called) => {
    const { ask, seen } = await start();
    const answer = await ask(request);
    expect(answer.status).toBe(200);
    expect(seen).toEqual([called]);
  });

  it('passes a refusal of the books on, with a type that resolves at the gateway', async () => {
    const { ask } = await start();
    const answer = await ask({ path: `/api/accounts/${alice}` });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(answer.text)).toMatchObject({
      type: 'https://api.example.com/_callora/errors/not_found',
      code: 'not_found',
      detail: 'no such account',
    });
  });

  it('hides the reason of a fault of its own', async () => {
    const { ask } = await start();
    const answer = await ask({ path: '/api/health' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret detail');
  });

  it.each<[Ask, number, string]>([
    [{ path: '/api/nothing' }, 404, 'not_found'],
    [{ path: '/api/accounts/' }, 404, 'not_found'],
    [{ method: 'DELETE', path: '/api/accounts' }, 405, 'method_not_allowed'],
    [{ path: '/api/settlement/now' }, 405, 'method_not_allowed'],
    [{ path: '/api/accounts?limit=x' }, 400, 'bad_parameter'],
    [{ method: 'POST', path: '/api/tokens/%/revoke' }, 400, 'bad_parameter'],
    [{ path: '/api/settlement/batches/0/x' }, 400, 'bad_parameter'],
    [{ method: 'POST', path: '/api/tokens', headers: json, body: '{' }, 400, 'bad_request'],
    [
      { method: 'POST', path: '/api/tokens', headers: { 'content-type': 'text/plain' }, body: '{}' },
      400,
      'bad_request',
    ],
    [{ method: 'POST', path: '/api/tokens', headers: json, body: '{"capp":"1"}' }, 400, 'bad_parameter'],
    [{ method: 'POST', path: '/api/tokens', headers: json, body: '{"cap":1}' }, 400, 'bad_parameter'],
    [{ method: 'POST', path: '/api/payouts/claim', headers: json, body: '{"payeee":"G"}' }, 400, 'bad_parameter'],
    [{ method: 'POST', path: '/api/tokens', headers: json, body: '{"scope":"weather"}' }, 400, 'bad_parameter'],
    [{ method: 'POST', path: '/api/tokens', headers: json, body: ' '.repeat(70_000) }, 413, 'body_too_large'],
  ])('refuses %o with %i %s', async (request, status, code) => {
    const { ask, seen } = await start();
    const answer = await ask(request);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ code });
    expect(seen).toEqual([]);
  });
});
