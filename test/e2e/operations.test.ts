import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { type Receiver, startReceiver } from '../notify/receiver.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** What an operator sees and does while a gateway serves: a second gateway before the sandbox's vault. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

type Serving = { child: ChildProcess; ended: Promise<number | null>; log(): string };

let sandbox: Sandbox;
let config: string;
let url: string;
let adminUrl: string;
let token: string;
let serving: Serving;
let receiver: Receiver;

const webhookSecret = 'the secret of a receiver';

beforeAll(async () => {
  sandbox = await startSandbox();
  const { info } = sandbox;
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${port}`;
  adminUrl = `http://127.0.0.1:${adminPort}`;
  config = path.join(info.dataDir, 'operated.yaml');
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace('./callora.db', './operated.db')
    .replace('log: { level: warn }', 'log: { level: info }');
  receiver = await startReceiver();
  writeFileSync(path.join(info.dataDir, 'webhook.secret'), webhookSecret);
  const webhook = `name: ops, url: "${receiver.url}", allow_private: true, secret_file: ./webhook.secret`;
  writeFileSync(config, `${yaml}\nwebhooks: [{ ${webhook} }]\n`);
  serving = await serve('--first-start');
  const account = ['--account', info.consumer.address];
  token = (await callora(['token', 'issue', '--config', config, ...account])).stdout.trim();
  await untilSold();
});

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  await sandbox?.stop();
  await receiver?.close();
});

async function serve(...options: string[]): Promise<Serving> {
  const child = spawn(process.execPath, [launcher, 'serve', '--config', config, ...options]);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('operator http')) resolve();
    });
    void ended.then((code) => reject(new Error(`serve ended with ${code}:\n${log}`)));
  });
  return { child, ended, log: () => log };
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
  }
}

/** A gateway that has just started sells nothing before it has compared its books with the vault. */
async function untilSold(): Promise<void> {
  await until(
    async () => (await call('/demo/forecast/oslo')).status,
    (status) => status === 200,
  );
}

function call(target: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}${target}`, { headers: { authorization: `Bearer ${token}`, ...headers } });
}

describe('a paused API', () => {
  it('refuses paid and free calls from the next one on, over a reload and a restart, until it is resumed', async () => {
    const paused = await callora(['api', 'pause', 'demo', '--config', config, '--reason', 'repairs']);
    expect([paused.code, paused.stdout]).toEqual([0, 'API demo is paused.\n']);
    for (const target of ['/demo/forecast/oslo', '/demo/status']) {
      const answer = await call(target);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'api_paused']);
    }
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n`);
    serving.child.kill('SIGHUP');
    expect((await call('/demo/status')).status).toBe(503);

    serving.child.kill('SIGTERM');
    expect(await serving.ended).toBe(0);
    const offline = await callora(['api', 'list', '--config', config, '--json']);
    expect(JSON.parse(offline.stdout).items).toMatchObject([{ name: 'demo', pause_reason: 'repairs' }]);
    serving = await serve();
    expect((await call('/demo/status')).status).toBe(503);

    expect((await callora(['api', 'resume', 'demo', '--config', config])).stdout).toBe('API demo is sold again.\n');
    expect((await call('/demo/status')).status).toBe(200);
    await untilSold();
  });
});

/** The access-log line of the call that carried this request id; it comes a moment after the answer. */
async function lineOf(requestId: string): Promise<Record<string, unknown>> {
  const found = () =>
    serving
      .log()
      .split('\n')
      .find((line) => line.includes(`"request":"${requestId}"`));
  const line = await until(
    async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return found();
    },
    (text) => text !== undefined,
  );
  return JSON.parse(line ?? '');
}

describe('the access log of a running gateway', () => {
  it('has the facts of a paid call and of a refused one', async () => {
    const answer = await call('/demo/forecast/oslo?units=metric', { 'x-request-id': 'paid-1' });
    await answer.arrayBuffer();
    expect(await lineOf('paid-1')).toMatchObject({
      level: 'info',
      call: answer.headers.get('callora-call'),
      account: sandbox.info.consumer.address,
      api: 'demo',
      route: '/demo/forecast/:city',
      method: 'GET',
      status: 200,
      outcome: 'completed',
      price: '0.002',
      address: '127.0.0.1',
    });
    await call('/demo/forecast/oslo', { 'x-request-id': 'refused-1', authorization: 'Bearer nonsense' });
    expect(await lineOf('refused-1')).toMatchObject({
      status: 401,
      outcome: 'token_invalid',
      price: '0',
      account: null,
    });
  });

  it('and every other line hold no secret, wherever a client has put it', async () => {
    const seed = sandbox.info.consumer.secret;
    const opaque = 'opaque-0123456789abcdef';
    const secrets = [token, seed, opaque];
    for (const secret of secrets) {
      const headers = {
        cookie: `s=${secret}`,
        'x-api-key': secret,
        referer: `${url}/?k=${secret}`,
        'user-agent': secret,
      };
      await call(`/demo/forecast/${secret}?token=${secret}`, headers);
      await call(`/nothing/${secret}?seed=${secret}`, { authorization: `Basic ${secret}` });
      await call(`/_callora/${secret}`, { authorization: secret });
      const own = ['login', 'session', 'tokens', 'exits', 'account', `receipts/${secret}`, `errors/${secret}`];
      const targets = own.map((name) => `/_callora/${name}?account=${secret}&call=${secret}`);
      for (const target of [...targets, '/demo/echo', '/demo/forecast/x']) {
        const body = `{"transaction": "${secret}"`;
        await fetch(`${url}${target}`, { method: 'POST', body, headers: { authorization: `Bearer ${secret}` } });
      }
      await fetch(`${adminUrl}/api/accounts/${secret}`, { headers: { authorization: `Bearer ${secret}` } });
      await fetch(`${adminUrl}/api/tokens?cursor=${secret}`, {
        method: 'POST',
        body: `{"${secret}`,
        headers: { authorization: `Bearer ${sandbox.info.adminToken}` },
      });
      await sendRaw(`GET /${secret} HTTP/1.1\r\n${secret}\r\n\r\n`);
      await sendRaw(`${secret} / HTTP/1.1\r\nhost: a\r\n\r\n`);
    }
    // The one text of a client that is logged: what looks like a secret is not.
    await call('/demo/status', { 'x-request-id': seed });
    await call('/demo/status', { 'x-request-id': 'after-the-flood' });
    await lineOf('after-the-flood');
    for (const secret of [...secrets, sandbox.info.adminToken, token.split('.')[2] ?? token]) {
      expect(serving.log()).not.toContain(secret);
    }
    expect(serving.log()).toContain('"request":"[redacted]"');
  });

  it('is written to its last line when the gateway is told to stop', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, at) => call('/demo/status', { 'x-request-id': `last-${at}` })));
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toBe(0);
    const log = serving.log();
    for (let at = 0; at < 50; at++) expect(log).toContain(`"request":"last-${at}"`);
    serving = await serve();
  });
});

describe('the metrics of a running gateway', () => {
  it('are those of docs/monitoring.md, each fed by what happens', async () => {
    const scrape = async () => {
      const headers = { authorization: `Bearer ${sandbox.info.adminToken}` };
      return await (await fetch(`${adminUrl}/metrics`, { headers })).text();
    };
    await untilSold();
    await (await call('/demo/fail')).arrayBuffer();
    await call('/demo/forecast/oslo', { authorization: 'Bearer nonsense' });
    await callora(['settle', 'now', '--config', config]);
    const text = await until(scrape, (page) => page.includes('\ncallora_vault_solvent '));
    const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/monitoring.md'), 'utf8');
    const documented = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    const exported = [...text.matchAll(/^# TYPE (\w+) /gm)].map((match) => match[1] ?? '');
    expect(exported.filter((name) => !/^(process|nodejs)_/.test(name)).sort()).toEqual([...documented].sort());

    const value = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.slice(series.length),
      );
    expect(value('callora_vault_solvent')).toBe(1);
    expect(value('callora_vault_balance_usdc')).toBeGreaterThanOrEqual(value('callora_vault_liabilities_usdc'));
    expect(value('callora_sales_stopped{reason="sales_stopped"}')).toBe(0);
    expect(value('callora_invariant_violations_total{identity="memory equals database"}')).toBe(0);
    expect(value('callora_deposit_watcher_lag_ledgers')).toBeLessThan(100);
    expect(value('callora_journal_writing')).toBe(1);
    expect(value('callora_disk_free_bytes')).toBeGreaterThan(0);
    expect(value('callora_settlement_duration_seconds_count')).toBeGreaterThan(0);
    expect(value('callora_overhead_seconds_count')).toBeGreaterThan(0);
    expect(text).toMatch(/^callora_requests_total\{.*outcome="token_invalid"\} [1-9]/m);
    expect(text).toMatch(
      /^http_server_request_duration_seconds_count\{.*http_route="\/demo\/forecast\/:city",http_response_status_code="200"/m,
    );
    expect(text).not.toContain(sandbox.info.consumer.address);
  });
});

describe('a webhook', () => {
  const ofKind = (kind: string) => receiver.got.filter(({ headers }) => headers['callora-event'] === kind);

  it('is sent once, signed, when a batch is settled, and not again by the next process', async () => {
    await callora(['settle', 'now', '--config', config]);
    const before = ofKind('settlement.confirmed').length;
    await (await call('/demo/forecast/oslo')).arrayBuffer();
    expect((await callora(['settle', 'now', '--config', config])).code).toBe(0);
    await untilGot(() => ofKind('settlement.confirmed').length > before);
    const sent = ofKind('settlement.confirmed').at(-1);
    const { isFromCallora } = await import('../../docs/webhooks-verify.mjs' as string);
    expect(isFromCallora({ ...sent, secrets: [webhookSecret] })).toBe(true);
    expect(isFromCallora({ ...sent, secrets: ['another secret here'] })).toBe(false);
    const { data } = JSON.parse(sent?.body ?? '');
    expect(data).toMatchObject({ lane: 0, calls: 1, total: '0.002', tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });

    serving.child.kill('SIGTERM');
    await serving.ended;
    serving = await serve();
    const listed = await callora(['webhooks', 'test', 'ops', '--config', config, '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject({ delivered: true, status: 200 });
    const told = ofKind('settlement.confirmed').map(({ body }) => JSON.parse(body).data.batch);
    expect(told).toEqual([...new Set(told)]);
  });

  it('is in the list, and is sent again on demand with the same id', async () => {
    const listed = await callora(['webhooks', 'list', '--config', config, '--json']);
    const last = JSON.parse(listed.stdout).items.find((row: { kind: string }) => row.kind === 'settlement.confirmed');
    expect(last).toMatchObject({ endpoint: 'ops', state: 'delivered', last_status: 200 });
    const copies = () => receiver.got.filter(({ headers }) => headers['callora-delivery'] === last.delivery).length;
    expect(copies()).toBe(1);
    const replayed = await callora(['webhooks', 'replay', last.event, '--config', config]);
    expect(replayed.stdout).toBe(`${last.event}: 1 delivery queued.\n`);
    await untilGot(() => copies() === 2);
    const audit = await fetch(`${adminUrl}/api/audit`, {
      headers: { authorization: `Bearer ${sandbox.info.adminToken}` },
    });
    expect(await audit.text()).toContain('webhook replay');
  });
});

async function untilGot(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

function sendRaw(bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    socket
      .on('data', () => undefined)
      .on('close', () => resolve())
      .on('error', () => resolve());
  });
}
