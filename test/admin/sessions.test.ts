import http, { type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type Admin, createAdmin } from '../../src/admin/admin.ts';
import type { Books } from '../../src/admin/books.ts';
import { sessionIdleMs, sessionLifeMs } from '../../src/admin/sessions.ts';
import { type FakeClock, fakeClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { config, healthy } from './rig.ts';

const open: Admin[] = [];
afterEach(async () => {
  for (const admin of open.splice(0)) await admin.close();
});

type Answer = { status: number; headers: IncomingHttpHeaders; body: Record<string, unknown> };
type Ask = (method: string, path: string, headers?: Record<string, string>, body?: unknown) => Promise<Answer>;

function booksOf(actor: string, seen: string[]): Books {
  return new Proxy({} as Books, {
    get: (_, name) => async () => {
      seen.push(`${actor}: ${String(name)}`);
      return {};
    },
  });
}

async function start(clock: FakeClock = fakeClock()) {
  const seen: string[] = [];
  const lines: string[] = [];
  const admin = createAdmin({
    config: () => config,
    listen: { host: '127.0.0.1', port: 0 },
    token: 'admin-token-1',
    books: booksOf('program', seen),
    dashboard: { page: () => false, books: booksOf('dashboard', seen) },
    health: () => healthy,
    metrics: { contentType: 'text/plain', text: async () => 'callora_accounts 1\n' },
    version: '1.2.3',
    clock,
    log: createLog('info', { write: (line) => void lines.push(line) }),
  });
  open.push(admin);
  const { port } = await admin.listen();
  const ask: Ask = (method, path, headers = {}, body) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const json: Record<string, string> = text === undefined ? {} : { 'content-type': 'application/json' };
      const all = { connection: 'close', ...json, ...headers };
      const req = http.request({ host: '127.0.0.1', port, method, path, headers: all }, (res) => {
        let answer = '';
        res.setEncoding('utf8').on('data', (part: string) => {
          answer += part;
        });
        res.on('end', () => {
          const parsed =
            res.headers['content-type']?.includes('json') && answer ? JSON.parse(answer) : { text: answer };
          resolve({ status: res.statusCode ?? 0, headers: res.headers, body: parsed });
        });
      });
      req.on('error', reject).end(text);
    });
  return { ask, seen, clock, lines, port };
}

const right = { token: 'admin-token-1' };

async function login(ask: Ask, headers: Record<string, string> = {}) {
  const { status, body, headers: answered } = await ask('POST', '/session', headers, right);
  expect(status).toBe(200);
  const setCookie = answered['set-cookie']?.[0] ?? '';
  const cookie = setCookie.split(';')[0] ?? '';
  return { setCookie, cookie, csrf: String(body.csrf), headers: { cookie, 'x-callora-csrf': String(body.csrf) } };
}

describe('a session', () => {
  it('writes no files: a copy of the database wants the token itself', async () => {
    const { ask, seen } = await start();
    const { headers } = await login(ask);
    const file = { file: '/backups/a.db' };
    expect((await ask('POST', '/api/backup', headers, file)).status).toBe(401);
    expect(seen).toEqual([]);
    const bearer = { authorization: 'Bearer admin-token-1' };
    expect((await ask('POST', '/api/backup', bearer, file)).status).toBe(200);
    expect(seen).toEqual(['program: backup']);
  });

  it('opens with the admin token, and acts under the name of the dashboard', async () => {
    const { ask, seen } = await start();
    const session = await login(ask);
    expect((await ask('GET', '/api/health', session.headers)).status).toBe(200);
    expect((await ask('POST', '/api/settlement/now', session.headers)).status).toBe(200);
    expect((await ask('GET', '/api/health', { authorization: 'Bearer admin-token-1' })).status).toBe(200);
    expect(seen).toEqual(['dashboard: health', 'dashboard: settleNow', 'program: health']);
  });

  it('hides its id from scripts and from other sites', async () => {
    const { ask } = await start();
    const { setCookie, csrf } = await login(ask);
    expect(setCookie).toMatch(/^callora_admin=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(setCookie).not.toContain(csrf);
  });

  it('keeps its cookie to TLS when the browser came over TLS', async () => {
    const { ask } = await start();
    const proxied = { host: 'localhost', origin: 'https://localhost' };
    expect((await login(ask, proxied)).setCookie).toContain('; Secure');
  });

  it('ends at logout, for its cookie and its header', async () => {
    const { ask } = await start();
    const { headers } = await login(ask);
    const answer = await ask('DELETE', '/session', headers);
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']?.[0]).toContain('callora_admin=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0');
    expect((await ask('GET', '/api/health', headers)).status).toBe(401);
  });

  it('ends after a time without requests, and with requests at the end of its life', async () => {
    const { ask, clock } = await start();
    const idle = await login(ask);
    clock.advance(sessionIdleMs - 1);
    expect((await ask('GET', '/api/health', idle.headers)).status).toBe(200);
    clock.advance(sessionIdleMs);
    expect((await ask('GET', '/api/health', idle.headers)).status).toBe(401);

    const busy = await login(ask);
    for (let passedMs = 0; passedMs < sessionLifeMs; passedMs += sessionIdleMs / 2) {
      expect((await ask('GET', '/api/health', busy.headers)).status).toBe(200);
      clock.advance(sessionIdleMs / 2);
    }
    expect((await ask('GET', '/api/health', busy.headers)).status).toBe(401);
  });

  it('does not outlive the admin token: it is unknown to a process that started with another', async () => {
    const { ask } = await start();
    const { headers } = await login(ask);
    const other = await start();
    expect((await other.ask('GET', '/api/health', headers)).status).toBe(401);
  });

  it('gives way when there are more than anybody has', async () => {
    const { ask } = await start();
    const first = await login(ask);
    for (let more = 0; more < 64; more++) await login(ask);
    expect((await ask('GET', '/api/health', first.headers)).status).toBe(401);
  });
});

describe('nothing is reached', () => {
  type Held = Awaited<ReturnType<typeof login>>;
  it.each<[string, (mine: Held, other: Held) => Record<string, string>]>([
    ['without cookie and header', () => ({})],
    ['with the cookie alone', ({ cookie }) => ({ cookie })],
    ['with the header alone', ({ csrf }) => ({ 'x-callora-csrf': csrf })],
    ['with a wrong header', ({ cookie }) => ({ cookie, 'x-callora-csrf': 'x'.repeat(43) })],
    ['with an empty header', ({ cookie }) => ({ cookie, 'x-callora-csrf': '' })],
    ['with the header of another session', ({ cookie }, other) => ({ cookie, 'x-callora-csrf': other.csrf })],
    ['with an invented cookie', ({ csrf }) => ({ cookie: `callora_admin=${'a'.repeat(43)}`, 'x-callora-csrf': csrf })],
    [
      'with the secrets swapped',
      ({ cookie, csrf }) => ({
        cookie: `callora_admin=${csrf}`,
        'x-callora-csrf': cookie.split('=')[1] ?? '',
      }),
    ],
    [
      'with a second cookie planted beside it',
      ({ cookie, csrf }, other) => ({
        cookie: `${other.cookie}; ${cookie}`,
        'x-callora-csrf': csrf,
      }),
    ],
    [
      'with a second cookie planted behind it',
      ({ cookie, csrf }, other) => ({
        cookie: `${cookie}; ${other.cookie}`,
        'x-callora-csrf': csrf,
      }),
    ],
    ['with a wrong bearer token over a session', ({ headers }) => ({ ...headers, authorization: 'Bearer wrong' })],
    ['with the proof as a bearer token', ({ csrf }) => ({ authorization: `Bearer ${csrf}` })],
  ])('%s', async (_, forge) => {
    const { ask, seen } = await start();
    const headers = forge(await login(ask), await login(ask));
    for (const [method, path] of [
      ['GET', '/api/accounts'],
      ['HEAD', '/api/accounts'],
      ['POST', '/api/settlement/now'],
      ['GET', '/metrics'],
      ['DELETE', '/session'],
    ] as const) {
      expect([path, (await ask(method, path, headers)).status]).toEqual([path, 401]);
    }
    expect(seen).toEqual([]);
  });

  it.each([
    ['a page of another origin', { origin: 'https://evil.example' }],
    ['a page on another port of this host', { host: '127.0.0.1:8403', origin: 'http://127.0.0.1:9000' }],
    ['a page without an origin of its own', { origin: 'null' }],
    ['another name for this listener', { host: 'evil.example:8403' }],
  ])('by %s, not even with both secrets', async (_, from) => {
    const { ask, seen } = await start();
    const { headers } = await login(ask);
    expect((await ask('POST', '/api/settlement/now', { ...headers, ...from })).status).toBe(400);
    expect((await ask('POST', '/session', from, right)).status).toBe(400);
    expect(seen).toEqual([]);
  });
});

describe('a login', () => {
  it('does not take over a session id that the browser held before', async () => {
    const { ask } = await start();
    const planted = `callora_admin=${'a'.repeat(43)}`;
    const session = await login(ask, { cookie: planted });
    expect(session.cookie).not.toBe(planted);
    expect((await ask('GET', '/api/health', { ...session.headers, cookie: planted })).status).toBe(401);
  });

  it('ends the session it follows', async () => {
    const { ask } = await start();
    const first = await login(ask);
    await login(ask, { cookie: first.cookie });
    expect((await ask('GET', '/api/health', first.headers)).status).toBe(401);
  });

  it.each<[unknown, number]>([
    [{ token: 'wrong' }, 401],
    [{ token: '' }, 401],
    [{ token: ['admin-token-1'] }, 401],
    [{}, 401],
    [[], 400],
    ['admin-token-1', 400],
  ])('with %j is refused', async (body, status) => {
    const { ask } = await start();
    const answer = await ask('POST', '/session', {}, body);
    expect(answer.status).toBe(status);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('is in the log with its address, and without the token or the secrets', async () => {
    const { ask, lines } = await start();
    await ask('POST', '/session', {}, { token: 'guess-1' });
    const { cookie, csrf } = await login(ask);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', address: '127.0.0.1', msg: expect.stringContaining('wrong admin token') },
      { level: 'info', address: '127.0.0.1', msg: expect.stringContaining('logged in') },
    ]);
    for (const secret of ['guess-1', 'admin-token-1', csrf, cookie.split('=')[1] ?? 'none']) {
      expect(lines.join('')).not.toContain(secret);
    }
  });

  it('cannot be a form that another site sends', async () => {
    const { ask } = await start();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('POST', '/session', form, right)).status).toBe(400);
  });

  it.each(['GET', 'HEAD', 'PUT'])('is not %s', async (method) => {
    const { ask } = await start();
    expect((await ask(method, '/session')).status).toBe(405);
  });

  it('waits after ten wrong tokens, right or wrong, and then not any more', async () => {
    const { ask, clock } = await start();
    for (let guess = 0; guess < 10; guess++) {
      expect((await ask('POST', '/session', {}, { token: `guess ${guess}` })).status).toBe(401);
    }
    const refused = await ask('POST', '/session', {}, right);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' }, headers: { 'retry-after': '60' } });
    expect((await ask('GET', '/api/health', { authorization: 'Bearer admin-token-1' })).status).toBe(200);
    clock.advance(60_000);
    expect((await ask('POST', '/session', {}, right)).status).toBe(200);
  });

  it('is counted while others are on their way: a hundred wrong tokens at once are ten guesses', async () => {
    const { port, ask } = await start();
    const guess = '{"token":"wrong"}';
    const head = `POST /session HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${guess.length}\r\n\r\n`;
    const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.write(head, resolve))));
    // Answered behind all the heads.
    await ask('GET', '/healthz');
    const answers = await Promise.all(sockets.map((socket) => textOf(socket.end(guess))));
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 401'))).toHaveLength(10);
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 429'))).toHaveLength(90);
  });
});
