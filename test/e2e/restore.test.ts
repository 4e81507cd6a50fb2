import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoUpstream } from '../../src/cli/demo-upstream.ts';
import { openPort } from '../../src/cli/open-port.ts';
import { depositFirst, prepareChain } from '../../src/cli/sandbox-chain.ts';
import { prepareFiles, sandboxKeys, sandboxYaml } from '../../src/cli/sandbox-files.ts';
import { systemClock } from '../../src/clock.ts';
import { type Devnet, startDevnet } from '../../src/devnet/devnet.ts';
import { silentLog } from '../../src/log.ts';
import { signLifeMaxLedgers } from '../../src/settlement/adoption.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { callora } from '../support/callora-process.ts';

/** A gateway whose database is copied, goes on selling and settling, is lost, and comes back from the copy. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
const clock = systemClock;
const keys = sandboxKeys();
const consumer = publicKeyOf(keys.consumer);

let dir: string;
let config: string;
let copy: string;
let url: string;
let adminUrl: string;
let devnet: Devnet;
let vault: string;
let demo: Awaited<ReturnType<typeof startDemoUpstream>>;
let serving: { child: ChildProcess; ended: Promise<number | null> };

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'callora-restore-'));
  copy = path.join(dir, 'copy.db');
  devnet = await startDevnet({ clock, log: silentLog(), closeMs: 500 });
  const files = await prepareFiles(dir, keys);
  config = files.config;
  vault = (await prepareChain(devnet, keys, clock)).vault;
  demo = await startDemoUpstream({ secret: files.upstreamSecret, clock });
  const [gatewayPort, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${gatewayPort}`;
  adminUrl = `http://127.0.0.1:${adminPort}`;
  const payee = publicKeyOf(keys.payee);
  const { passphrase, rpcUrl, horizonUrl } = devnet;
  const sold = { kind: 'demo' as const, upstream: demo.url };
  const yaml = sandboxYaml({ gatewayPort, adminPort, passphrase, rpcUrl, horizonUrl, vault, payee, sold });
  // The test says when to settle.
  writeFileSync(config, yaml.replace('interval: 5s', 'interval: 30m'));
  serving = await serve('--first-start');
  await depositFirst(devnet, vault, keys.consumer, clock);
});

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  await demo?.close();
  await devnet?.close();
  rmSync(dir, { recursive: true, force: true });
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

async function issueToken(): Promise<string> {
  return (await callora(['token', 'issue', '--config', config, '--account', consumer])).stdout.trim();
}

async function call(token: string): Promise<{ status: number; code: string | undefined }> {
  const answer = await fetch(`${url}/demo/forecast/oslo`, { headers: { authorization: `Bearer ${token}` } });
  const body = (await answer.json()) as { code?: string };
  return { status: answer.status, code: body.code };
}

async function sell(token: string, calls: number): Promise<void> {
  for (let sold = 0; sold < calls; sold++) expect((await call(token)).status).toBe(200);
}

async function untilSold(token: string): Promise<void> {
  while ((await call(token)).status !== 200) await clock.sleep(50);
}

async function readyReasons(): Promise<string[]> {
  const answer = (await (await fetch(`${adminUrl}/readyz`)).json()) as { reasons: string[] };
  return answer.reasons;
}

async function account(): Promise<Record<string, string>> {
  return JSON.parse((await callora(['account', 'show', consumer, '--config', config, '--json'])).stdout);
}

const run = (...args: string[]) => callora([...args, '--config', config]);

describe('a database restored from an older copy', () => {
  let oldToken: string;

  it('was copied beside a running gateway, into a file for its owner alone', async () => {
    oldToken = await issueToken();
    await untilSold(oldToken);
    await sell(oldToken, 2);
    expect((await run('settle', 'now')).code).toBe(0);
    await sell(oldToken, 2);
    const backup = await run('backup', copy, '--json');
    expect(backup).toMatchObject({ code: 0 });
    expect(JSON.parse(backup.stdout)).toMatchObject({ file: copy, sums: { charges: '5', 'charges.price': '100000' } });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    const again = await run('backup', copy);
    expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining('never overwrites') });
  });

  it('is not put in place beside a running gateway', async () => {
    const refused = await run('restore', copy);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('Stop the gateway first') });
  });

  it('sells nothing until what was signed after the copy can no longer land', async () => {
    // Lost: three calls that are settled with the two of the copy, one that is not, and a deposit.
    await sell(oldToken, 3);
    expect((await run('settle', 'now')).code).toBe(0);
    await sell(oldToken, 1);
    await depositFirst(devnet, vault, keys.consumer, clock);
    serving.child.kill('SIGTERM');
    expect(await serving.ended).toBe(0);

    const restored = await run('restore', copy, '--json');
    expect(restored.code).toBe(0);
    expect(existsSync(JSON.parse(restored.stdout).aside)).toBe(true);
    serving = await serve();
    expect(await call(oldToken)).toEqual({ status: 401, code: 'token_revoked' });
    expect(await call(await issueToken())).toEqual({ status: 503, code: 'sales_stopped' });
    expect((await readyReasons()).join()).toContain('restored from a copy');
    while (!/waiting for \d+ s of chain time/.test((await readyReasons()).join())) await clock.sleep(50);
  });

  it('then sells again, and bills nothing twice', async () => {
    const token = await issueToken();
    await devnet.advanceTime(601);
    for (let ledger = 0; ledger < signLifeMaxLedgers; ledger++) await devnet.closeLedger();
    await untilSold(token);
    // 3 + 5 calls of 0.002 were settled, and the one call of now waits.
    expect(await account()).toMatchObject({ deposited: '20', settled: '0.016', unsettled: '0.002', refunded: '0' });
    expect((await run('settle', 'now')).code).toBe(0);
    expect(await account()).toMatchObject({ settled: '0.018', unsettled: '0', spendable: '19.982' });
    const reconciled = await run('reconcile');
    expect(reconciled).toMatchObject({ code: 0, stdout: expect.stringContaining('0 units off') });
    const onChain = await callora(
      [
        'balance',
        '--chain',
        '--json',
        '--account',
        consumer,
        '--rpc',
        devnet.rpcUrl,
        '--network',
        devnet.passphrase,
        '--vault',
        vault,
      ],
      { env: { CALLORA_HOME: dir } },
    );
    expect(JSON.parse(onChain.stdout)).toMatchObject({ settled: '0.018' });
  });

  it('stays so after another start', async () => {
    serving.child.kill('SIGKILL');
    await serving.ended;
    serving = await serve();
    await untilSold(await issueToken());
    expect(await account()).toMatchObject({ settled: '0.018', unsettled: '0.002' });
  });
});

describe('a database whose log was damaged after a kill', () => {
  it('is refused, and brought back to before the damage only when told so', async () => {
    serving.child.kill('SIGTERM');
    await serving.ended;
    serving = await serve();
    const token = await issueToken();
    await untilSold(token);
    await sell(token, 1);
    const log = path.join(dir, 'callora.db-wal');
    const damagedAt = statSync(log).size + 1_000;
    // Behind the damage: the settlement of three calls, and one call more.
    expect((await run('settle', 'now')).code).toBe(0);
    await sell(token, 1);
    serving.child.kill('SIGKILL');
    await serving.ended;
    const bytes = readFileSync(log);
    bytes[damagedAt] = 1 ^ (bytes[damagedAt] ?? 0);
    writeFileSync(log, bytes);

    const refused = await run('serve');
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('restore --before-damage') });
    expect(await run('restore')).toMatchObject({ code: 2, stderr: expect.stringContaining('--before-damage') });
    const restored = await run('restore', '--before-damage', '--json');
    expect(restored.code).toBe(0);
    const { aside, commits_behind_damage: commits } = JSON.parse(restored.stdout);
    expect(commits).toBeGreaterThan(1);
    expect(readFileSync(`${aside}-wal`)).toEqual(bytes);
  });

  it('then waits like an older copy, bills nothing twice, and loses what lay behind the damage alone', async () => {
    serving = await serve();
    const token = await issueToken();
    expect(await call(token)).toEqual({ status: 503, code: 'sales_stopped' });
    expect((await readyReasons()).join()).toContain('restored from a copy');
    while (!/waiting for \d+ s of chain time/.test((await readyReasons()).join())) await clock.sleep(50);
    await devnet.advanceTime(601);
    for (let ledger = 0; ledger < signLifeMaxLedgers; ledger++) await devnet.closeLedger();
    await untilSold(token);
    expect(await account()).toMatchObject({ settled: '0.024', unsettled: '0.002' });
    expect(await run('reconcile')).toMatchObject({ code: 0, stdout: expect.stringContaining('0 units off') });
  });
});
