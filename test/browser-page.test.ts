import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAssets } from '../src/assets.ts';
import { createPage } from '../src/browser-page.ts';
import { readIfThere } from '../src/own-files.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'callora-page-'));
const folder = path.join(dir, 'pages');
const server = http.createServer((req, res) => {
  const name = req.headers['x-page'] === 'unbuilt' ? 'consumer' : 'operator';
  const page = createPage({
    assets: createAssets((key) => readIfThere(path.join(folder, key))),
    name,
    base: '/dashboard',
  });
  if (!page(req, res, (req.url ?? '').split('?')[0] ?? '')) res.writeHead(418).end('not ours');
});

beforeAll(async () => {
  mkdirSync(path.join(folder, 'operator/assets'), { recursive: true });
  mkdirSync(path.join(folder, 'operator/folder.js'));
  writeFileSync(path.join(folder, 'operator/index.html'), '<!doctype html>page');
  writeFileSync(path.join(folder, 'operator/assets/index-abc123.js'), 'void 0');
  writeFileSync(path.join(folder, 'operator/.hidden.js'), 'secret');
  writeFileSync(path.join(folder, 'operator/keys.jwks'), 'secret');
  writeFileSync(path.join(folder, 'outside.js'), 'secret');
  writeFileSync(path.join(dir, 'outside.js'), 'secret');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

type Answer = { status: number; headers: IncomingHttpHeaders; text: string };

function ask(target: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: target, method, headers: { ...headers, connection: 'close' } };
    const req = http.request(options, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
    });
    req.on('error', reject).end();
  });
}

describe('a page', () => {
  it('is served under its path, asked for again at each visit', async () => {
    const answer = await ask('/dashboard/?x=1');
    expect(answer).toMatchObject({ status: 200, text: '<!doctype html>page' });
    expect(answer.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
  });

  it('keeps files with a hash in their name for ever', async () => {
    const answer = await ask('/dashboard/assets/index-abc123.js');
    expect(answer).toMatchObject({ status: 200, text: 'void 0' });
    expect(answer.headers['cache-control']).toContain('immutable');
  });

  it('sends no bytes that the browser has', async () => {
    const { headers } = await ask('/dashboard/');
    const again = await ask('/dashboard/', 'GET', { 'if-none-match': headers.etag ?? '' });
    expect(again).toMatchObject({ status: 304, text: '' });
  });

  it('answers HEAD without a body', async () => {
    const answer = await ask('/dashboard/', 'HEAD');
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers['content-length']).toBe('19');
  });

  it('leads to its folder, so that its relative addresses hold', async () => {
    expect(await ask('/dashboard')).toMatchObject({ status: 308, headers: { location: '/dashboard/' } });
  });

  it.each(['POST', 'PUT', 'DELETE'])('refuses %s', async (method) => {
    const answer = await ask('/dashboard/', method);
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('leaves other paths alone', async () => {
    for (const target of ['/', '/dashboardx', '/api/dashboard/']) expect((await ask(target)).status).toBe(418);
  });

  it('that is not built says how to build it', async () => {
    const answer = await ask('/dashboard/', 'GET', { 'x-page': 'unbuilt' });
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('npm run build:pages');
  });
});

describe('the policy of a page', () => {
  it.each(['/dashboard/', '/dashboard/assets/index-abc123.js', '/dashboard/nothing.js', '/dashboard'])(
    'stands on every answer: %s',
    async (target) => {
      const { headers } = await ask(target);
      const policy = headers['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    },
  );
});

describe('no key leaves the folder of the page', () => {
  it.each([
    '/dashboard/../outside.js',
    '/dashboard/assets/../../outside.js',
    '/dashboard/assets/../../../outside.js',
    '/dashboard/%2e%2e/outside.js',
    '/dashboard/..%2foutside.js',
    '/dashboard/..\\outside.js',
    '/dashboard//etc/hosts.js',
    '/dashboard/./assets/index-abc123.js',
    '/dashboard/.hidden.js',
    '/dashboard/assets/.%00.js',
    '/dashboard/keys.jwks',
    '/dashboard/assets',
    '/dashboard/assets/',
    '/dashboard/folder.js',
    '/dashboard/index.html/x.js',
  ])('%s', async (target) => {
    const answer = await ask(target);
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('secret');
  });
});
