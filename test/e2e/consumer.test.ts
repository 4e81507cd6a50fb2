import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Account, Asset, Operation, TransactionBuilder } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callora, type Result, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** A consumer with a key file and nothing else, against the shipped processes. */

let sandbox: Sandbox;
let dir: string;
let key: string;

beforeAll(async () => {
  sandbox = await startSandbox();
  dir = mkdtempSync(path.join(tmpdir(), 'callora-consumer-'));
  key = path.join(dir, 'key.seed');
  writeFileSync(key, `${sandbox.info.consumer.secret}\n`, { mode: 0o600 });
});

afterAll(async () => {
  await sandbox?.stop();
  rmSync(dir, { recursive: true, force: true });
});

function consumer(...args: string[]): Promise<Result> {
  return callora(args, { env: { CALLORA_HOME: path.join(dir, 'home') } });
}

async function figures(...args: string[]): Promise<Record<string, string>> {
  const ran = await consumer(...args, '--json');
  expect(ran).toMatchObject({ code: 0 });
  return JSON.parse(ran.stdout);
}

describe('a consumer', () => {
  it('logs in with a key file and gets a token that works, and nothing else on stdout', async () => {
    const ran = await consumer('login', '--gateway', sandbox.info.gateway, '--key', key);
    expect(ran.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(ran.stderr).toContain(`vault ${sandbox.info.vault}`);
    const headers = { authorization: `Bearer ${ran.stdout.trim()}` };
    expect((await fetch(`${sandbox.info.gateway}/demo/forecast/oslo`, { headers })).status).toBe(200);
  });

  it('signs the login that the page shows, and nothing else', async () => {
    const { gateway, consumer: owner, networkPassphrase } = sandbox.info;
    const challenge = await (await fetch(`${gateway}/_callora/login?account=${owner.address}`)).json();
    const { transaction } = challenge as { transaction: string };
    const signed = await consumer('sign-login', transaction, '--gateway', gateway, '--key', key);
    expect(signed.code).toBe(0);
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ transaction: signed.stdout.trim() });
    expect((await fetch(`${gateway}/_callora/session`, { method: 'POST', headers, body })).status).toBe(200);
    const payment = new TransactionBuilder(new Account(owner.address, '41'), { fee: '100', networkPassphrase })
      .addOperation(Operation.payment({ destination: owner.address, asset: Asset.native(), amount: '1' }))
      .setTimeout(60)
      .build()
      .toXDR();
    const refused = await consumer('sign-login', payment, '--gateway', gateway, '--key', key);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toContain('Nothing was signed or sent.');
  });

  it('deposits, and the gateway counts it', async () => {
    const before = await figures('balance');
    const paid = await figures('deposit', '2.5');
    expect(paid).toMatchObject({ account: sandbox.info.consumer.address, amount: '2.5' });
    for (;;) {
      const { deposited } = await figures('balance');
      if (Number(deposited) === Number(before.deposited) + 2.5) break;
    }
  });

  it('sees on chain what the gateway cannot change', async () => {
    const { gateway, rpcUrl, networkPassphrase, vault, consumer: owner, config } = sandbox.info;
    // A settlement between the two looks would be a difference of its own.
    expect((await callora(['settle', 'now', '--config', config])).code).toBe(0);
    const pinned = await figures('balance', '--chain', '--gateway', gateway);
    const bare = ['--rpc', rpcUrl, '--network', networkPassphrase, '--vault', vault];
    expect(await figures('balance', '--account', owner.address, ...bare)).toEqual(pinned);
    expect(pinned).toMatchObject({ address: owner.address, vault, limit: 'none' });
  });

  it('sets a limit, gives notice of a withdrawal and takes the notice back', async () => {
    expect(await figures('limit', '5')).toMatchObject({ pending_limit: '5' });
    expect(await figures('limit', 'none')).toMatchObject({ limit: 'none', pending_limit: null });
    expect(await figures('limit')).toMatchObject({ limit: 'none', left_this_period: 'no limit' });
    const asked = await figures('withdraw', 'request', '1');
    expect(asked.requested).toBe('1');
    expect(Date.parse(asked.can_be_taken_from ?? '')).toBeGreaterThan(0);
    const early = await consumer('withdraw', 'take');
    expect(early.code).toBe(6);
    expect(await figures('withdraw', 'cancel')).toMatchObject({ requested: '0', can_be_taken_from: null });
  });

  it('is not led to another vault by a gateway that changed its mind', async () => {
    const home = path.join(dir, 'home');
    const [name = ''] = readdirSync(home);
    const file = path.join(home, name);
    const kept = readFileSync(file, 'utf8');
    const other = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';
    writeFileSync(file, kept.replaceAll(sandbox.info.vault, other));
    const ran = await consumer('login', '--gateway', sandbox.info.gateway, '--key', key);
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toContain('was pinned at first use');
    writeFileSync(file, kept);
  });

  it('hears in words what is wrong with a deposit', async () => {
    const tooMuch = await consumer('deposit', '99999999');
    expect(tooMuch).toMatchObject({ code: 5, stdout: '' });
    expect(tooMuch.stderr).toMatch(/holds [\d.]+ USDC, less than 99999999/);
    expect((await consumer('deposit', '0.0000001')).stderr).toMatch(/takes deposits from/);
  });
});
