import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair, Transaction } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { prepareFiles, sandboxKeys, sandboxYaml } from '../../src/cli/sandbox-files.ts';
import { walletSession } from '../../src/cli/wallet-token.ts';
import { parseUsdc, subtract, type Units, zero } from '../../src/money.ts';
import { readHolding } from '../../src/stellar/account-transactions.ts';
import { landed } from '../../src/stellar/deploy.ts';
import { buildExit, readExit } from '../../src/stellar/exit-envelope.ts';
import { accountOf, addressOf, type Chain, deployedChain, deposit, secretOf, usdc } from '../stellar/devnet-rig.ts';
import { callora, type Result } from '../support/callora-process.ts';

/** Leaving, against a gateway that is a process of its own and dies, on a network whose ledgers the test closes. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
const alice = addressOf('alice');
const bob = addressOf('bob');

let chain: Chain;
let dir: string;
let key: string;
let url: string;
let configFile: string;
let upstream: http.Server;
/** Calls to /slow wait here for the test's word. */
const waiting: (() => void)[] = [];
let serving: { child: ChildProcess; ended: Promise<number | null> };

beforeAll(async () => {
  chain = await deployedChain();
  dir = mkdtempSync(path.join(tmpdir(), 'callora-exits-'));
  upstream = http.createServer((req, res) => {
    if (req.url?.endsWith('/slow')) waiting.push(() => res.end('late'));
    else res.end('ok');
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  key = path.join(dir, 'alice.seed');
  writeFileSync(key, `${secretOf('alice')}\n`, { mode: 0o600 });
  const [gatewayPort, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  const files = await prepareFiles(dir, { ...sandboxKeys(), operator: secretOf('operator') });
  configFile = files.config;
  url = `http://127.0.0.1:${gatewayPort}`;
  const yaml = sandboxYaml({
    gatewayPort,
    adminPort,
    passphrase: chain.devnet.passphrase,
    rpcUrl: chain.devnet.rpcUrl,
    horizonUrl: chain.devnet.horizonUrl,
    vault: chain.vaultAddress,
    payee: addressOf('payee'),
    sold: {
      kind: 'visitor',
      upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      priceUnits: usdc(1),
    },
  });
  writeFileSync(configFile, yaml);
  await deposit(chain, 'alice', usdc(20));
  await serve('--first-start');
}, 120_000);

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  for (const answer of waiting) answer();
  upstream?.close();
  await chain?.devnet.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Starts the gateway, and stays until it sells: its books are compared with the vault then. */
async function serve(...options: string[]): Promise<void> {
  const child = spawn(process.execPath, [launcher, 'serve', '--config', configFile, ...options]);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    void ended.then((code) => reject(new Error(`serve ended with ${code}`)));
  });
  serving = { child, ended };
  await until(
    () => callora(['settle', 'now', '--config', configFile]),
    ({ code }) => code === 0,
  );
}

function consumer(...args: string[]): Promise<Result> {
  return callora(args, { env: { CALLORA_HOME: path.join(dir, 'home') } });
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const session = () => walletSession({ gateway: url, secret: secretOf('alice'), passphrase: chain.devnet.passphrase });

async function ask(bearer: string, pathname: string, body?: unknown) {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(url + pathname, init);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function figures(bearer: string): Promise<Record<string, Units>> {
  const { body } = await ask(bearer, '/_callora/account');
  return Object.fromEntries(
    Object.entries(body).flatMap(([name, text]) => {
      const amount = typeof text === 'string' ? parseUsdc(text) : undefined;
      return amount === undefined ? [] : [[name, amount]];
    }),
  );
}

async function holding(address: string): Promise<Units> {
  const held = await readHolding(chain.rpc, chain.token, address);
  return held.ok ? held.balance : zero;
}

async function lastExit(bearer: string): Promise<Record<string, unknown>> {
  const { body } = await ask(bearer, '/_callora/exits?limit=1');
  return (body.items as Record<string, unknown>[])[0] ?? {};
}

const offByUnits = async () => (await callora(['reconcile', '--config', configFile])).stdout;

describe('leaving with the gateway', () => {
  it('takes one command and arrives to the unit', async () => {
    const before = await holding(bob);
    const args = ['withdraw', '1.2345678', '--to', bob, '--gateway', url, '--key', key, '--json'];
    const ran = await consumer(...args, '--rpc', chain.devnet.rpcUrl);
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ account: alice, to: bob, amount: '1.2345678' });
    expect(subtract(await holding(bob), before)).toBe(12_345_678n);
    const bearer = await session();
    await until(
      () => lastExit(bearer),
      ({ state }) => state === 'landed',
    );
    expect(await figures(bearer)).toMatchObject({ withdrawn: 12_345_678n, exits: 0n, spendable: 187_654_322n });
    expect(await offByUnits()).toContain(' 0 units off');
  });

  it('leaves what is charged or in flight, and takes all the rest', async () => {
    const bearer = await session();
    const token = (await callora(['token', 'issue', '--config', configFile, '--account', alice])).stdout.trim();
    const call = (at: string) => fetch(`${url}/mine${at}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await call('/quick')).status).toBe(200);
    const slow = call('/slow');
    await until(
      async () => waiting.length,
      (count) => count === 1,
    );

    const refused = await ask(bearer, '/_callora/exits', { amount: '18.7654322' });
    expect(refused).toMatchObject({ status: 409, body: { code: 'exit_too_large' } });
    expect(refused.body.detail).toContain('at most 16.7654322 can');
    const over = await ask(bearer, '/_callora/exits', { amount: '16.7654323' });
    expect(over).toMatchObject({ status: 409, body: { code: 'exit_too_large' } });
    const exit = await ask(bearer, '/_callora/exits', { amount: '16.7654322' });
    expect(exit).toMatchObject({ status: 200, body: { state: 'open', account: alice, to: alice } });
    expect((await call('/quick')).status).toBe(402);

    waiting.shift()?.();
    expect((await slow).status).toBe(200);
    expect(await figures(bearer)).toMatchObject({ spendable: 0n, can_leave: 0n, exits: 167_654_322n });
  });

  it('has one exit out at a time, and the same one however often it is asked for', async () => {
    const bearer = await session();
    const [first, second] = await Promise.all(
      [1, 2].map(() => ask(bearer, '/_callora/exits', { amount: '16.7654322' })),
    );
    expect(first).toMatchObject({ status: 200 });
    expect(second?.body.envelope).toBe(first?.body.envelope);
    const other = await ask(bearer, '/_callora/exits', { amount: '1' });
    expect(other).toMatchObject({ status: 409, body: { code: 'exit_pending' } });
    expect(String(other.body.detail)).toContain(`ledger ${first?.body.expires_ledger}`);
  });

  it('keeps its hold when it is killed after the signature has left, and signs nothing else', async () => {
    const before = await ask(await session(), '/_callora/exits', { amount: '16.7654322' });
    serving.child.kill('SIGKILL');
    await serving.ended;
    await serve();
    const bearer = await session();
    expect(await figures(bearer)).toMatchObject({ exits: 167_654_322n, spendable: 0n, can_leave: 0n });
    expect(await ask(bearer, '/_callora/exits', { amount: '0.5' })).toMatchObject({ status: 409 });
    const again = await ask(bearer, '/_callora/exits', { amount: '16.7654322' });
    expect(again.body.envelope).toBe(before.body.envelope);
    const listed = await callora(['account', 'exits', '--open', '--config', configFile, '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      items: [{ account: alice, amount: '16.7654322', state: 'open' }],
    });
  });

  it('frees the hold when the signature has ended, and the signature is worth nothing then', async () => {
    const bearer = await session();
    const { body } = await ask(bearer, '/_callora/exits', { amount: '16.7654322' });
    while (chain.devnet.latestLedger().sequence < Number(body.expires_ledger)) await chain.devnet.closeLedger();
    await until(
      () => lastExit(bearer),
      ({ state }) => state === 'expired',
    );
    expect(await figures(bearer)).toMatchObject({ exits: 0n, can_leave: 167_654_322n });
    const before = await holding(alice);
    const late = new Transaction(String(body.envelope), chain.devnet.passphrase);
    late.sign(Keypair.fromSecret(secretOf('alice')));
    await chain.rpc.send(late.toXdr());
    await chain.devnet.closeLedger();
    expect(await holding(alice)).toBe(before);
    expect(await offByUnits()).toContain(' 0 units off');
  });

  it('counts an exit that was sent in an envelope of the owner’s own making', async () => {
    const bearer = await session();
    const { body } = await ask(bearer, '/_callora/exits', { amount: '2' });
    // Any other transaction uses up the sequence number of the gateway's envelope.
    landed('limit', await accountOf(chain, 'alice').setLimit(usdc(500)));
    const { passphrase } = chain.devnet;
    const terms = { vault: chain.vaultAddress, account: alice, to: alice, amount: usdc(2) };
    const given = readExit(String(body.envelope), terms, passphrase);
    if (!given.ok) throw new Error(given.fault);
    const own = { ...given.exit, sequence: given.exit.sequence + 1n };
    const transaction = new Transaction(buildExit(terms, own, passphrase), passphrase);
    transaction.sign(Keypair.fromSecret(secretOf('alice')));
    const before = await holding(alice);
    expect(await chain.rpc.send(transaction.toXdr())).toMatchObject({ status: 'PENDING' });
    const ended = await until(
      () => lastExit(bearer),
      ({ state }) => state !== 'open',
    );
    expect(ended).toMatchObject({ state: 'landed', tx_hash: Buffer.from(transaction.hash()).toString('hex') });
    expect(subtract(await holding(alice), before)).toBe(usdc(2));
    expect(await offByUnits()).toContain(' 0 units off');
  });

  it('and calls of the same moment never take one unit twice', async () => {
    const bearer = await session();
    const token = (await callora(['token', 'issue', '--config', configFile, '--account', alice])).stdout.trim();
    const { can_leave: all = zero } = await figures(bearer);
    const headers = { authorization: `Bearer ${token}` };
    const calls = Array.from({ length: 20 }, () => fetch(`${url}/mine/quick`, { headers }));
    const exits = [13, 13, 6, 13].map((amount) => ask(bearer, '/_callora/exits', { amount: String(amount) }));
    const served = (await Promise.all(calls)).filter(({ status }) => status === 200).length;
    const granted = (await Promise.all(exits)).filter(({ status }) => status === 200);
    const amounts = new Set(granted.map(({ body }) => body.amount));
    expect(amounts.size).toBeLessThanOrEqual(1);
    const left = BigInt([...amounts].map(Number).reduce((sum, amount) => sum + amount, 0));
    expect(usdc(1) * BigInt(served) + usdc(1) * left).toBeLessThanOrEqual(all);

    const [first] = granted;
    if (first) {
      const exit = new Transaction(String(first.body.envelope), chain.devnet.passphrase);
      exit.sign(Keypair.fromSecret(secretOf('alice')));
      expect(await chain.rpc.send(exit.toXdr())).toMatchObject({ status: 'PENDING' });
      expect(
        await until(
          () => lastExit(bearer),
          ({ state }) => state !== 'open',
        ),
      ).toMatchObject({ state: 'landed' });
    }
    expect((await callora(['settle', 'now', '--config', configFile])).code).toBe(0);
    expect(await figures(bearer)).toMatchObject({ receivable: 0n, unsettled: 0n, held: 0n, exits: 0n });
    expect(await offByUnits()).toContain(' 0 units off');
  });

  it('is refused in words to an account that cannot pay the fee, and holds nothing for it', async () => {
    const ghost = Keypair.random();
    landed('deposit', await accountOf(chain, 'alice').deposit(ghost.publicKey(), usdc(1)));
    const file = path.join(dir, 'ghost.seed');
    writeFileSync(file, `${ghost.secret()}\n`, { mode: 0o600 });
    const ran = await until(
      () => consumer('withdraw', '1', '--gateway', url, '--key', file),
      ({ stderr }) => !stderr.includes('exit_too_large'),
    );
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toContain('send it XLM');
    expect(ran.stderr).toContain('callora withdraw 1 --alone');
    const listed = await callora(['account', 'exits', '--open', '--config', configFile, '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject({ items: [] });
  });

  it('takes no access token for it', async () => {
    const token = (await callora(['token', 'issue', '--config', configFile, '--account', alice])).stdout.trim();
    expect(await ask(token, '/_callora/exits', { amount: '1' })).toMatchObject({
      status: 401,
      body: { code: 'session_required' },
    });
    expect(await ask(token, '/_callora/exits')).toMatchObject({ status: 200 });
  });
});

describe('leaving without a gateway', () => {
  const bare = () => [
    ...['--rpc', chain.devnet.rpcUrl, '--network', chain.devnet.passphrase, '--vault', chain.vaultAddress],
    ...['--key', key],
  ];

  it('is what a gateway that is gone leads to', async () => {
    serving.child.kill('SIGTERM');
    await serving.ended;
    const ran = await consumer('withdraw', '3', '--gateway', url, '--key', key);
    expect(ran).toMatchObject({ code: 4, stdout: '' });
    expect(ran.stderr).toContain('callora withdraw 3 --alone');
  });

  it('takes one command twice: notice, and after the delay the money', async () => {
    await deposit(chain, 'alice', usdc(5));
    const before = await holding(bob);
    const asked = await consumer('withdraw', '3', '--alone', '--json', ...bare());
    expect(JSON.parse(asked.stdout)).toMatchObject({ account: alice, requested: '3' });
    const early = await consumer('withdraw', '3', '--alone', '--json', ...bare());
    expect(JSON.parse(early.stdout)).not.toHaveProperty('tx_hash');
    expect(early.stderr).toContain('the delay is not over');
    const status = await consumer('withdraw', 'status', '--json', ...bare());
    expect(JSON.parse(status.stdout)).toEqual(JSON.parse(early.stdout));

    await chain.devnet.advanceTime(86_400);
    const taken = await consumer('withdraw', '3', '--alone', '--to', bob, '--json', ...bare());
    expect(JSON.parse(taken.stdout)).toMatchObject({ requested: '0', can_be_taken_from: null });
    expect(subtract(await holding(bob), before)).toBe(usdc(3));
  });

  it('leaves the books of the gateway right, once they look again', async () => {
    expect(await offByUnits()).toContain(' 0 units off');
  });
});
