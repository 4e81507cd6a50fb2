import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/catalog/load.ts';
import { unifiedDiff } from '../../src/cli/unified-diff.ts';
import { createCliRig, temporaryDir } from './rig.ts';

const document = JSON.stringify({
  openapi: '3.1.0',
  servers: [{ url: 'https://pets.example/v1' }],
  paths: {
    '/pets/{id}': { get: { summary: 'One pet' } },
    '/pets': { post: { summary: 'A new pet' } },
    '/export/{name}.csv': { get: {} },
  },
});

async function setUp() {
  const dir = temporaryDir();
  const { callora } = createCliRig();
  expect(await callora('init', '--dir', dir)).toMatchObject({ code: 0 });
  const config = path.join(dir, 'config.yaml');
  const openapi = path.join(dir, 'openapi.json');
  writeFileSync(openapi, document);
  const run = (...args: string[]) => callora('import', 'openapi', ...args, '--config', config);
  return { dir, config, openapi, run, text: () => readFileSync(config, 'utf8') };
}

describe('import openapi', () => {
  it('shows a diff and writes nothing until it is told to', async () => {
    const { openapi, run, text } = await setUp();
    const before = text();
    const shown = await run(openapi, '--mount', '/pets', '--price', '0.001');
    expect(shown.code).toBe(0);
    expect(shown.out).toContain('+  - name: pets\n');
    expect(shown.out).toContain('+    upstream: https://pets.example/v1\n');
    expect(shown.out).toContain('+      - { match: "GET /pets/:id", price: "0.001", description: "One pet" }');
    expect(shown.note).toMatch(/GET \/export\/{name}.csv +has a parameter that is a part of a segment/);
    expect(shown.note).toContain('2 new, 0 there already at their price; nothing written yet');
    expect(text()).toBe(before);
  });

  it('writes what it has shown, once: then there is nothing to change', async () => {
    const { config, openapi, run, text } = await setUp();
    const before = text();
    expect((await run(openapi, '--mount', '/pets', '--price', '0.001', '--write')).note).toContain('written');
    expect(text().startsWith(before)).toBe(true);
    const loaded = loadConfig({ file: config, env: {} });
    expect(loaded.ok && loaded.config.apis.map((api) => [api.name, api.mount, api.routes.length])).toEqual([
      ['example', '/example', 1],
      ['pets', '/pets', 2],
    ]);
    const again = await run(openapi, '--mount', '/pets', '--price', '0.5', '--write');
    expect(again.out).toBe('Nothing to change.\n');
    expect(again.note).toContain('0 new, 2 there already at their price');
  });

  it('keeps the mode of the file, and a link stays a link', async () => {
    const { dir, config, openapi } = await setUp();
    const link = path.join(dir, 'link.yaml');
    symlinkSync(config, link);
    const mode = statSync(config).mode;
    const { callora } = createCliRig();
    const ran = await callora('import', 'openapi', openapi, '--mount', '/pets', '--price', '1', '--write', '-c', link);
    expect(ran.code).toBe(0);
    expect(statSync(config).mode).toBe(mode);
    expect(readFileSync(config, 'utf8')).toContain('GET /pets/:id');
    expect(readFileSync(link, 'utf8')).toContain('GET /pets/:id');
  });

  it('writes nothing that would not load', async () => {
    const { openapi, run, text } = await setUp();
    const before = text();
    const ran = await run(openapi, '--mount', '/pets', '--write');
    expect(ran.code).toBe(3);
    expect(ran.note).toContain('price is missing, and the API has no price');
    expect(text()).toBe(before);
  });

  it('prints all it found as JSON', async () => {
    const { openapi, run } = await setUp();
    const ran = await run(openapi, '--mount', '/example', '--json');
    expect(JSON.parse(ran.out)).toMatchObject({
      written: false,
      added: ['POST /pets', 'GET /pets/:id'],
      kept: [],
      gone: [],
      unusable: [{ operation: 'GET /export/{name}.csv' }],
    });
  });

  it('fetches a URL, and no more of it than is read', async () => {
    const { run } = await setUp();
    const server = http.createServer((req, res) => {
      if (req.url === '/openapi.json') res.end(document);
      else if (req.url === '/large') res.end('x'.repeat(5 * 1024 * 1024));
      else res.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await run(`${url}/openapi.json`, '--mount', '/p', '--price', '1')).toMatchObject({ code: 0 });
    expect((await run(`${url}/large`, '--mount', '/p', '--price', '1')).note).toContain('is larger than 4 MiB');
    expect((await run(`${url}/none`, '--mount', '/p', '--price', '1')).note).toContain('answered 404');
  });

  it.each([
    [['--mount', 'pets', '--price', '1'], 'does not start with a slash'],
    [['--mount', '/_callora/x', '--price', '1'], 'is under /_callora'],
    [['--mount', '/pets', '--price', '1e3'], 'is not an amount of USDC'],
    [['--mount', '/pets', '--price', '1', '--payee', 'me'], 'is no address'],
    [['--mount', '/pets', '--price', '1', '--upstream', 'pets'], 'is no URL'],
    [['--mount', '/pets', '--price', '1', '--name', 'Pets'], 'lower-case letters'],
    [['--mount', '/pets', '--price', '1', '--name', 'example'], 'at another mount'],
    [['--mount', '/example', '--price', '1', '--name', 'x'], 'are for a new API'],
  ])('refuses %j and says why', async (args, reason) => {
    const { openapi, run } = await setUp();
    const ran = await run(openapi, ...args);
    expect(ran.code).toBe(2);
    expect(ran.note).toContain(reason);
  });

  it('refuses other schemes and missing files', async () => {
    const { run } = await setUp();
    expect((await run('ftp://x/openapi.json', '--mount', '/p')).note).toContain('Only files and http(s) URLs');
    expect((await run('./none.json', '--mount', '/p')).code).toBe(2);
  });
});

/** What `patch` makes of a file and a diff of one hunk. */
function patched(before: string, diff: string): string {
  const [, , head = '', ...hunk] = diff.split('\n');
  const [, from = '0', count = '0'] = /^@@ -([0-9]+),([0-9]+)/.exec(head) ?? [];
  const lines = before.split('\n').slice(0, -1);
  const start = Number(from) - (Number(count) > 0 ? 1 : 0);
  const taken = hunk.filter((line) => line[0] !== '+').map((line) => line.slice(1));
  expect(lines.slice(start, start + Number(count))).toEqual(taken);
  const given = hunk.filter((line) => line[0] !== '-').map((line) => line.slice(1));
  return [...lines.slice(0, start), ...given, ...lines.slice(start + Number(count))]
    .map((line) => `${line}\n`)
    .join('');
}

describe('the diff', () => {
  it('leads from one text to the other, whatever they are', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '', '+', '-x'), { maxLength: 12 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = unifiedDiff('f', before, after);
        expect(diff === '' ? before : patched(before, diff)).toBe(after);
      }),
    );
  });

  it('is one that patch reads', () => {
    expect(unifiedDiff('f', '1\n2\n3\n4\n5\n6\n', '1\n2\n3\n4\nx\n5\n6\n')).toBe(
      '--- f\n+++ f\n@@ -2,5 +2,6 @@\n 2\n 3\n 4\n+x\n 5\n 6',
    );
    expect(unifiedDiff('f', '', 'a\n')).toBe('--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a');
    expect(unifiedDiff('f', 'a', 'a\nb\n')).toContain('-\\ No newline at end of file\n+b');
    expect(unifiedDiff('f', 'a\n', 'a\n')).toBe('');
  });
});
