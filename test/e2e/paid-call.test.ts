import { createHash } from 'node:crypto';
import { contract, Keypair, rpc } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxInfo } from '../../src/cli/sandbox-report.ts';
import { parseUsdc, type Units, units } from '../../src/money.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';
import { recomputeRoot } from '../support/receipt-root.ts';

/** The whole product from outside: the shipped process, its HTTP surface, stock Stellar clients, the command line. */

let sandbox: Sandbox;
let info: SandboxInfo;

beforeAll(async () => {
  sandbox = await startSandbox();
  info = sandbox.info;
});

afterAll(async () => {
  await sandbox?.stop();
});

function call(path: string, init: RequestInit & { token?: string | null } = {}): Promise<Response> {
  const { token = info.token, ...rest } = init;
  const headers = new Headers(rest.headers);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  return fetch(`${info.gateway}${path}`, { ...rest, headers });
}

async function account(address = info.consumer.address): Promise<Record<string, string>> {
  const shown = await callora(['account', 'show', address, '--config', info.config, '--json']);
  expect(shown.stderr).toBe('');
  return JSON.parse(shown.stdout);
}

function amount(text: string | null | undefined): Units {
  const value = parseUsdc(text ?? '');
  if (value === undefined) throw new Error(`${text} is no USDC amount`);
  return value;
}

type VaultClient = contract.Client & {
  deposit(args: { from: string; account: string; amount: bigint }): Promise<contract.AssembledTransaction<null>>;
  earnings(args: { payee: string; lane: number }): Promise<contract.AssembledTransaction<{ gross: bigint }>>;
  last_batch(args: { lane: number }): Promise<contract.AssembledTransaction<{ batch: bigint; root: Uint8Array }>>;
};

async function vaultClient(secret: string): Promise<VaultClient> {
  const keypair = Keypair.fromSecret(secret);
  const client = await contract.Client.from({
    contractId: info.vault,
    rpcUrl: info.rpcUrl,
    networkPassphrase: info.networkPassphrase,
    allowHttp: true,
    publicKey: keypair.publicKey(),
    ...contract.basicNodeSigner(keypair, info.networkPassphrase),
  });
  return client as VaultClient;
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
  }
}

describe('a paid call', () => {
  it('is answered with its price, its id and the balance after it', async () => {
    const answer = await call('/demo/forecast/oslo');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ city: 'oslo' });
    expect(answer.headers.get('callora-price')).toBe('0.002');
    expect(answer.headers.get('callora-call')).toMatch(/^\d+$/);
    const before = amount(answer.headers.get('callora-balance'));
    const next = await call('/demo/forecast/oslo');
    expect(amount(next.headers.get('callora-balance'))).toBe(before - amount('0.002'));
  });

  it('is forwarded with its body, and the client credential stays behind', async () => {
    const answer = await call('/demo/echo?x=1', { method: 'POST', body: 'hello' });
    const seen = (await answer.json()) as { body: string; headers: Record<string, string> };
    expect(seen.body).toBe('hello');
    expect(seen.headers['callora-account']).toBe(info.consumer.address);
    expect(JSON.stringify(seen)).not.toContain(info.token);
  });

  it('without a token is refused with 401 and costs nothing', async () => {
    const before = await account();
    const answer = await call('/demo/forecast/oslo', { token: null });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect((await account()).charged).toBe(before.charged);
  });

  it('to an unknown path is refused with 404', async () => {
    const answer = await call('/nothing/here');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'not_found', status: 404 });
  });

  it('that fails upstream costs nothing', async () => {
    const before = await account();
    expect((await call('/demo/fail')).status).toBe(500);
    expect((await account()).charged).toBe(before.charged);
  });

  it('streams events as they come', async () => {
    const answer = await call('/demo/events');
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toContain('id: 1');
    await reader?.cancel();
  });
});

describe('the money', () => {
  it('of a deposit by a stock Stellar client raises the balance by exactly that', async () => {
    const before = await account();
    const vault = await vaultClient(info.consumer.secret);
    const deposit = await vault.deposit({
      from: info.consumer.address,
      account: info.consumer.address,
      amount: 123_456_789n,
    });
    await deposit.signAndSend();
    const wanted = amount(before.deposited) + 123_456_789n;
    const after = await until(account, (now) => amount(now.deposited) >= wanted);
    expect(amount(after.deposited)).toBe(wanted);
    expect(amount(after.spendable)).toBe(amount(before.spendable) + 123_456_789n);
  });

  it('of 1,000 concurrent calls reaches the payee on chain to the unit, and the books agree', async () => {
    const vault = await vaultClient(info.consumer.secret);
    const gross = async () => units((await vault.earnings({ payee: info.payee.address, lane: 0 })).result.gross);
    await callora(['settle', 'now', '--config', info.config]);
    const before = await gross();

    const answers = await Promise.all(Array.from({ length: 1_000 }, () => call('/demo/forecast/oslo')));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1_000);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));

    const settled = await callora(['settle', 'now', '--config', info.config]);
    expect(settled.code).toBe(0);
    expect(await gross()).toBe(before + 1_000n * amount('0.002'));

    const reconciled = await callora(['reconcile', '--config', info.config]);
    expect(reconciled.stdout).toContain('0 units off');
    expect(reconciled.code).toBe(0);
  });

  it('is anchored: the root of the exported rows is the one in the vault', async () => {
    const vault = await vaultClient(info.consumer.secret);
    const last = (await vault.last_batch({ lane: 0 })).result;
    const shown = await callora(['settle', 'show', '0', String(last.batch), '--config', info.config, '--json']);
    expect(shown.code).toBe(0);
    const root = recomputeRoot(JSON.parse(shown.stdout));
    expect(root).toBe(Buffer.from(last.root).toString('hex'));
    expect(root).not.toBe(createHash('sha256').digest('hex'));
  });

  it('used up is answered with a 402 that says how to pay', async () => {
    const other = Keypair.random().publicKey();
    const vault = await vaultClient(info.consumer.secret);
    const gift = await vault.deposit({ from: info.consumer.address, account: other, amount: 50_000n });
    await gift.signAndSend();
    await until(
      () => callora(['account', 'show', other, '--config', info.config, '--json']),
      (shown) => shown.code === 0 && JSON.parse(shown.stdout).deposited === '0.005',
    );
    const token = (await callora(['token', 'issue', '--config', info.config, '--account', other])).stdout.trim();

    const answers = await Promise.all(Array.from({ length: 5 }, () => call('/demo/forecast/oslo', { token })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 402, 402, 402]);
    const refused = answers.find((answer) => answer.status === 402);
    expect(refused?.headers.get('cache-control')).toContain('no-store');
    const body = (await refused?.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ code: 'balance_too_low', price: '0.002', available: '0.001', shortfall: '0.001' });
    expect(body.pay).toContainEqual(expect.objectContaining({ kind: 'vault', vault: info.vault, account: other }));
    expect(body.pay).toContainEqual(expect.objectContaining({ kind: 'cli' }));
  });
});

describe('the command line beside a running gateway', () => {
  it('shows an account as decimal strings', async () => {
    const shown = await account();
    const figures = [
      'deposited',
      'charged',
      'refunded',
      'settled',
      'unsettled',
      'receivable',
      'withdrawn',
      'requested',
      'held',
      'spendable',
    ];
    for (const figure of figures) expect(shown[figure]).toMatch(/^\d+(\.\d{1,7})?$/);
  });

  it('issues a token and prints nothing else, and a revoked token is refused on the next call', async () => {
    const issued = await callora(['token', 'issue', '--config', info.config, '--account', info.consumer.address]);
    expect(issued.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const token = issued.stdout.trim();
    expect((await call('/demo/status', { token })).status).toBe(200);
    const jti = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti;
    expect((await callora(['token', 'revoke', jti, '--config', info.config])).code).toBe(0);
    const refused = await call('/demo/forecast/oslo', { token });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'token_revoked' });
  });
});

describe('the operator’s listener', () => {
  it('counts calls, charges, commits and settlements, for the admin token only', async () => {
    const metrics = `${info.admin}/metrics`;
    expect((await fetch(metrics)).status).toBe(401);
    const text = await (await fetch(metrics, { headers: { authorization: `Bearer ${info.adminToken}` } })).text();
    const value = (name: string) =>
      Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
    expect(value('callora_ledger_commit_seconds_count')).toBeGreaterThan(0);
    expect(value('callora_settlement_duration_seconds_count')).toBeGreaterThan(0);
    expect(value('callora_settlement_failures_total')).toBe(0);
    expect(value('callora_charged_usdc_total')).toBeGreaterThan(0);
    expect(text).not.toContain(info.consumer.address);
  });

  it('says that it is ready', async () => {
    const ready = await fetch(`${info.admin}/readyz`);
    expect(await ready.text()).toContain('true');
    expect(ready.status).toBe(200);
  });
});

describe('the sandbox', () => {
  it('speaks to a stock RPC client', async () => {
    const server = new rpc.Server(info.rpcUrl, { allowHttp: true });
    expect((await server.getNetwork()).passphrase).toBe(info.networkPassphrase);
    expect((await server.getHealth()).status).toBe('healthy');
  });

  it('ends with 0 on SIGTERM', async () => {
    expect(await sandbox.stop()).toBe(0);
  });
});
