import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** What an operator sees and does while a gateway serves: a second gateway before the sandbox's vault. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

type Serving = { child: ChildProcess; ended: Promise<number | null>; log(): string };

let sandbox: Sandbox;
let config: string;
let url: string;
let token: string;
let serving: Serving;

beforeAll(async () => {
  sandbox = await startSandbox();
  const { info } = sandbox;
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${port}`;
  config = path.join(info.dataDir, 'operated.yaml');
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace('./callora.db', './operated.db');
  writeFileSync(config, yaml);
  serving = await serve();
  const account = ['--account', info.consumer.address];
  token = (await callora(['token', 'issue', '--config', config, ...account])).stdout.trim();
  await until(
    async () => (await call('/demo/forecast/oslo')).status,
    (status) => status === 200,
  );
});

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  await sandbox?.stop();
});

async function serve(): Promise<Serving> {
  const child = spawn(process.execPath, [launcher, 'serve', '--config', config]);
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
  });
});
