import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { parseUsdc, zero } from '../../src/money.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** Price of a forecast once the first test has raised it: 0.003 USDC. */
const price = 30_000n;

/** `callora serve` as a process: reload, drain, and what a kill leaves in the books. It serves the sandbox's vault. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

let sandbox: Sandbox;
let config: string;
let url: string;
let serving: { child: ChildProcess; ended: Promise<number | null> };

beforeAll(async () => {
  sandbox = await startSandbox();
  const { info } = sandbox;
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${port}`;
  config = path.join(info.dataDir, 'second.yaml');
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace('./callora.db', './second.db');
  writeFileSync(config, yaml);
  serving = await serve('--first-start');
});

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  await sandbox?.stop();
});

async function serve(...options: string[]): Promise<typeof serving> {
  const child = spawn(process.execPath, [launcher, 'serve', '--config', config, ...options]);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    void ended.then((code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { child, ended };
}

async function forecastPrice(): Promise<string | undefined> {
  const answer = await fetch(`${url}/_callora/catalog`);
  const catalog = (await answer.json()) as { apis: { routes: { path: string; price: string }[] }[] };
  return catalog.apis[0]?.routes.find((route) => route.path === '/demo/forecast/:city')?.price;
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
  }
}

describe('a serving gateway', () => {
  it('takes new prices at SIGHUP and keeps the old catalog when the file is broken', async () => {
    const good = readFileSync(config, 'utf8').replace(
      'price: "0.002", description: "The weather',
      'price: "0.003", description: "The weather',
    );
    writeFileSync(config, good);
    serving.child.kill('SIGHUP');
    expect(await until(forecastPrice, (price) => price === '0.003')).toBe('0.003');

    writeFileSync(config, good.replace('apis:', 'apiz:').replace('"0.003"', '"0.009"'));
    serving.child.kill('SIGHUP');
    const refused = await callora(['check', '--offline', '--config', config]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('did you mean apis?');
    expect(await forecastPrice()).toBe('0.003');
    writeFileSync(config, good);
  });

  it('killed under load has charged everything it served, and its books still agree with the vault', async () => {
    const { address } = sandbox.info.consumer;
    const token = (await callora(['token', 'issue', '--config', config, '--account', address])).stdout.trim();
    const headers = { authorization: `Bearer ${token}` };
    const ask = async () => (await fetch(`${url}/demo/forecast/oslo`, { headers })).status;
    await until(ask, (status) => status === 200);
    let served = 1;
    const load = Array.from({ length: 16 }, async () => {
      for (;;) if ((await ask()) === 200 && ++served === 200) serving.child.kill('SIGKILL');
    });
    await Promise.allSettled(load);
    await serving.ended;

    serving = await serve();
    const shown = await callora(['account', 'show', address, '--config', config, '--json']);
    const charged = parseUsdc(JSON.parse(shown.stdout).charged) ?? zero;
    // Sixteen calls at the most were on their way when it died: charged, perhaps, and not yet served.
    expect(charged).toBeGreaterThanOrEqual(BigInt(served) * price);
    expect(charged).toBeLessThanOrEqual(BigInt(served + 16) * price);
    const settled = await callora(['settle', 'now', '--config', config]);
    expect(settled.code).toBe(0);
    const reconciled = await callora(['reconcile', '--config', config]);
    expect(reconciled.stdout).toContain('0 units off');
  });

  it('ends with 0 on SIGTERM, and a health check knows whether it lives', async () => {
    const health = (...args: string[]) => callora(['health', '--config', config, ...args]);
    expect(await health()).toMatchObject({ code: 0, stdout: expect.stringContaining('"ok":true') });
    expect(await health('--ready')).toMatchObject({ code: 0, stdout: expect.stringContaining('"ready":true') });
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toBe(0);
    expect(await health()).toMatchObject({ code: 4, stderr: expect.stringContaining('does not answer') });
  });

  it('is not told a second time that its start is the first on this vault', async () => {
    const again = await callora(['serve', '--first-start', '--config', config]);
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('not the first start');
  });
});
