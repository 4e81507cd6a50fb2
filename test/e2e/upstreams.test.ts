import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiView } from '../../src/admin/api-desk.ts';
import { openPort } from '../../src/cli/open-port.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';
import { makeCertificate } from '../support/certificate.ts';

/** `callora serve` before two https upstreams of one API, with a private CA, client certificates and probes. */

const ca = makeCertificate({ name: 'Test CA', isAuthority: true });
const issuer = { ...ca, name: 'Test CA' };
const shown = makeCertificate({ name: 'gateway', names: ['gateway.example'], issuer });

/** One upstream; `calls` are those that are no probes. */
type Upstream = { port: number; server: Server | undefined; calls: number };

let sandbox: Sandbox;
let config: string;
let url: string;
let admin: string;
let headers: Record<string, string>;
let serving: ChildProcess;
const upstreams: Upstream[] = [];

async function up(upstream: Upstream): Promise<void> {
  const certificate = makeCertificate({ name: 'upstream', issuer });
  const server = createServer({ ...certificate, ca: ca.cert, requestCert: true }, (req, res) => {
    if (req.url !== '/healthz') upstream.calls++;
    if (req.url === '/ill') res.statusCode = 404;
    res.end(String(upstream.port));
  });
  await new Promise<void>((resolve) => server.listen(upstream.port, '127.0.0.1', resolve));
  upstream.server = server;
}

async function down({ server }: Upstream): Promise<void> {
  const closed = new Promise((resolve) => server?.close(resolve));
  server?.closeAllConnections();
  await closed;
}

beforeAll(async () => {
  for (let i = 0; i < 2; i++) {
    const upstream = { port: await openPort('0', '--port'), server: undefined, calls: 0 };
    await up(upstream);
    upstreams.push(upstream);
  }
  sandbox = await startSandbox();
  const { info } = sandbox;
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${port}`;
  admin = `http://127.0.0.1:${adminPort}`;
  config = path.join(info.dataDir, 'second.yaml');
  const file = (name: string, text: string) => writeFileSync(path.join(info.dataDir, name), text, { mode: 0o600 });
  file('ca.pem', ca.cert);
  file('shown.pem', shown.cert);
  file('shown.key', shown.key);
  const urls = upstreams.map(({ port: at }) => `https://localhost:${at}/v1`);
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace(/^apis:.*/ms, '')
    .replace('./callora.db', './second.db');
  writeFileSync(
    config,
    `${yaml}apis:
  - name: pair
    payee: ${info.payee.address}
    mount: /pair
    upstreams: [${urls.join(', ')}]
    tls: { ca_file: ./ca.pem, cert_file: ./shown.pem, key_file: ./shown.key }
    health: { path: /healthz, interval: 200ms, timeout: 1s, healthy: 1, unhealthy: 2 }
    price: "0.001"
`,
  );
  const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
  serving = spawn(process.execPath, [launcher, 'serve', '--first-start', '--config', config]);
  await new Promise<void>((resolve, reject) => {
    serving.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    serving.once('close', (code) => reject(new Error(`serve ended with ${code}`)));
  });
  const issued = await callora(['token', 'issue', '--config', config, '--account', info.consumer.address]);
  headers = { authorization: `Bearer ${issued.stdout.trim()}` };
  // Paid once the second gateway has seen the deposit.
  while ((await call()).status !== 200) await clock.sleep(50);
});

afterAll(async () => {
  serving?.kill('SIGKILL');
  for (const { server } of upstreams) server?.closeAllConnections();
  for (const { server } of upstreams) server?.close();
  await sandbox?.stop();
});

async function call(): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/pair/a`, { headers });
  return { status: answer.status, text: await answer.text() };
}

async function listed(): Promise<ApiView | undefined> {
  const list = await callora(['api', 'list', '--config', config, '--json']);
  return (JSON.parse(list.stdout) as { items: ApiView[] }).items.find(({ name }) => name === 'pair');
}

async function metric(name: string): Promise<number[]> {
  const token = readFileSync(path.join(sandbox.info.dataDir, 'secrets/admin.token'), 'utf8').trim();
  const text = await (await fetch(`${admin}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  return [...text.matchAll(new RegExp(`^${name}{.*} (\\d+)$`, 'gm'))].map(([, value]) => Number(value));
}

async function untilUp(...expected: number[]): Promise<void> {
  while ((await metric('callora_upstream_up')).join() !== expected.join()) await clock.sleep(50);
}

describe('an API of two upstreams', () => {
  it('is served by both, loses nothing when one goes, and says which', async () => {
    await untilUp(1, 1);
    for (const upstream of upstreams) upstream.calls = 0;
    for (let i = 0; i < 10; i++) expect((await call()).status).toBe(200);
    expect(upstreams.map(({ calls }) => calls)).toEqual([5, 5]);
    expect(await listed()).toMatchObject({ upstreams_down: [] });

    const [first, second] = upstreams as [Upstream, Upstream];
    await down(first);
    await untilUp(0, 1);
    for (let i = 0; i < 10; i++) expect(await call()).toEqual({ status: 200, text: String(second.port) });
    const url = `https://localhost:${first.port}`;
    expect(await listed()).toMatchObject({
      upstreams_down: [{ url, reason: expect.stringMatching(/^fails its health probes: ./) }],
    });

    await up(first);
    await untilUp(1, 1);
    const texts = new Set<string>();
    for (let i = 0; i < 4; i++) texts.add((await call()).text);
    expect(texts).toEqual(new Set([String(first.port), String(second.port)]));
  });

  it('refuses calls at no cost while both are down, stays ready, and sells again when one is back', async () => {
    const [first, second] = upstreams as [Upstream, Upstream];
    await Promise.all([down(first), down(second)]);
    await untilUp(0, 0);
    const refused = await fetch(`${url}/pair/a`, { headers });
    expect([refused.status, refused.headers.get('callora-price')]).toEqual([502, '0']);
    expect(refused.headers.get('proxy-status')).toContain('destination_unavailable');
    expect(await refused.json()).toMatchObject({ code: 'upstream_unreachable' });
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
    await up(second);
    await untilUp(0, 1);
    expect(await call()).toEqual({ status: 200, text: String(second.port) });
    await up(first);
  });

  it('is asked by a check over the connection that its calls get', async () => {
    const { stdout } = await callora(['check', '--config', config, '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; detail: string }[] };
    const about = findings.filter((finding) => JSON.stringify(finding).includes('upstream of pair'));
    expect(about.map(({ state }) => state)).toEqual(['ok', 'ok']);
  });

  it('is asked by a check whether it would count as healthy', async () => {
    const ill = path.join(path.dirname(config), 'ill.yaml');
    writeFileSync(ill, readFileSync(config, 'utf8').replace('path: /healthz', 'path: /ill'));
    const { stdout } = await callora(['check', '--config', ill, '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; detail: string }[] };
    const about = findings.filter(({ check }) => check === 'upstream of pair');
    expect(about.map(({ state }) => state)).toEqual(['fail', 'fail']);
    expect(about[0]?.detail).toContain('/ill answers 404, so it would get no calls');
  });
});
