import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Account, contract, Horizon, Keypair, Memo, MuxedAccount, StellarToml } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClassicDepositView } from '../../src/admin/deposit-desk.ts';
import { openPort } from '../../src/cli/open-port.ts';
import { formatUsdc, parseUsdc, type Units, units, zero } from '../../src/money.ts';
import type { ClassicView } from '../../src/portal/classic-deposit.ts';
import { launchBrowser, skipBrowser } from '../support/browser.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';
import { payFromWallet } from '../support/wallet-payment.ts';

/**
 * Paying from a wallet: a stock Stellar SDK pays the deposit account of a serving gateway, over the sandbox's Horizon. The
 * gateway has a deposit account of its own, made with the shipped commands.
 */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
const deposit = Keypair.random();

let sandbox: Sandbox;
let config: string;
let url: string;
let token: string;
let serving: { child: ChildProcess; ended: Promise<number | null> };
let payer: Keypair;
let horizon: Horizon.Server;

beforeAll(async () => {
  sandbox = await startSandbox();
  const { info } = sandbox;
  payer = Keypair.fromSecret(info.consumer.secret);
  horizon = new Horizon.Server(info.horizonUrl, { allowHttp: true });
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${port}`;
  config = path.join(info.dataDir, 'second.yaml');
  writeFileSync(path.join(info.dataDir, 'secrets/second-deposit.seed'), deposit.secret(), { mode: 0o600 });
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace('./callora.db', './second.db')
    .replace('./secrets/deposit.seed', './secrets/second-deposit.seed');
  writeFileSync(config, yaml);
});

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  await sandbox?.stop();
});

async function serve(...options: string[]): Promise<void> {
  const child = spawn(process.execPath, [launcher, 'serve', '--config', config, ...options]);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    void ended.then((code) => reject(new Error(`serve ended with ${code}`)));
  });
  serving = { child, ended };
}

async function stop(signal: NodeJS.Signals): Promise<void> {
  serving.child.kill(signal);
  await serving.ended;
}

function pay(amount: string, memo: Memo): Promise<string> {
  return payFromWallet(sandbox.info, { from: payer, to: deposit.publicKey(), amount, memo });
}

/** Asks again when it is told to wait, for as long as it is told. */
async function issueToken(): Promise<string> {
  return (await callora(['token', 'issue', '--config', config, '--account', payer.publicKey()])).stdout.trim();
}

async function get<Answer>(where: string): Promise<Answer> {
  const answer = await fetch(`${url}${where}`, { headers: { authorization: `Bearer ${token}` } });
  if (answer.status === 429) {
    await setTimeout(Number(answer.headers.get('retry-after')) * 1_000);
    return get(where);
  }
  if (!answer.ok) throw new Error(`${where} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

async function deposited(): Promise<Units> {
  return parseUsdc((await get<{ deposited: string }>('/_callora/account')).deposited) ?? zero;
}

/** The request, when it goes to anyone but the gateway. */
function foreign(request: string): string[] {
  return request.startsWith('data:') || new URL(request).origin === url ? [] : [request];
}

async function list(...filter: string[]): Promise<ClassicDepositView[]> {
  const shown = await callora(['deposits', 'list', ...filter, '--config', config, '--json']);
  expect(shown.stderr).toBe('');
  return JSON.parse(shown.stdout).items;
}

async function until<T>(read: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
  }
}

const untilDeposited = (amount: Units) => until(deposited, (now) => now >= amount);
const plus = (amount: Units, text: string) => units(amount + (parseUsdc(text) ?? zero));
const keyMemo = () => Memo.hash(Buffer.from(payer.rawPublicKey()).toString('hex'));

describe('the deposit account', () => {
  it('is found wanting by check until it exists and has its trustline', async () => {
    const check = async () => (await callora(['check', '--config', config])).stdout;
    expect(await check()).toMatch(/FAIL +deposit account +G\w+ does not exist/);
    await fetch(`${sandbox.info.friendbotUrl}?addr=${deposit.publicKey()}`);
    expect(await check()).toMatch(/FAIL +deposit account +G\w+ has no trustline for USDC/);
    const trusted = await callora(['deposits', 'trust', '--config', config]);
    expect(trusted.code).toBe(0);
    expect(await check()).toMatch(/ok +deposit account/);
  });
});

describe('a payment by a stock wallet', () => {
  let classic: ClassicView;

  it('finds everything it needs at the portal', async () => {
    await serve('--first-start');
    token = await issueToken();
    ({ classic } = await get<{ classic: ClassicView }>('/_callora/deposit?amount=1.5'));
    const link = new URLSearchParams(classic.sep7.split('?')[1]);
    expect(link.get('destination')).toBe(deposit.publicKey());
    expect(link.get('asset_issuer')).toBe(sandbox.info.usdc.issuer);
    expect(link.get('memo')).toBe(classic.memo);
    expect(classic.qr).toContain('<svg');
  });

  it('with the number of the account as MEMO_ID is credited exactly', async () => {
    const before = await deposited();
    await pay('1.5', Memo.id(classic.memo));
    expect(await untilDeposited(plus(before, '1.5'))).toBe(plus(before, '1.5'));
    const shown = await until(
      () => get<{ classic: ClassicView }>('/_callora/deposit'),
      ({ classic: { payments } }) => payments[0]?.state === 'forwarded',
    );
    expect(shown.classic.payments).toMatchObject([
      { amount: '1.5', forward_tx_hash: expect.stringMatching(/^\w{64}$/) },
    ]);
  });

  it('with the key of the account as MEMO_HASH is credited exactly', async () => {
    const before = await deposited();
    await pay('0.7654321', keyMemo());
    expect(await untilDeposited(plus(before, '0.7654321'))).toBe(plus(before, '0.7654321'));
  });

  it('by the asset’s contract to a muxed address with the number is credited exactly', async () => {
    const before = await deposited();
    const { info } = sandbox;
    const client = await contract.Client.from({
      contractId: info.usdc.contract,
      rpcUrl: info.rpcUrl,
      networkPassphrase: info.networkPassphrase,
      allowHttp: true,
      publicKey: payer.publicKey(),
      ...contract.basicNodeSigner(payer, info.networkPassphrase),
    });
    const { transfer } = client as unknown as {
      transfer(args: object): Promise<{ signAndSend(): Promise<unknown> }>;
    };
    const to = new MuxedAccount(new Account(deposit.publicKey(), '0'), classic.memo).accountId();
    await (await transfer({ from: payer.publicKey(), to, amount: 12_345_678n })).signAndSend();
    expect(await untilDeposited(plus(before, '1.2345678'))).toBe(plus(before, '1.2345678'));
  });

  it('without a memo waits, is assigned once by command, and is then credited like any other', async () => {
    const before = await deposited();
    const operation = await pay('2', Memo.none());
    const [found] = await until(
      () => list('--state', 'unattributed'),
      (rows) => rows.length > 0,
    );
    expect(found).toMatchObject({ operation, amount: '2', note: 'no memo', account: null });
    const all = await callora(['deposits', 'list', '--unattributed', '--config', config]);
    expect(all.stdout).toContain(operation);
    const metrics = await fetch(`${adminUrl()}/metrics`, {
      headers: { authorization: `Bearer ${sandbox.info.adminToken}` },
    });
    expect(await metrics.text()).toContain('callora_unattributed_usdc 2\n');
    expect(await deposited()).toBe(before);

    const assign = () => callora(['deposits', 'assign', operation, payer.publicKey(), '--config', config]);
    expect((await assign()).code).toBe(0);
    expect(await untilDeposited(plus(before, '2'))).toBe(plus(before, '2'));
    const again = await assign();
    expect(again.code).toBe(5);
    expect(again.stderr).toMatch(/the payment is (due|sent|forwarded)/);
    const audit = await fetch(`${adminUrl()}/api/audit`, {
      headers: { authorization: `Bearer ${sandbox.info.adminToken}` },
    });
    const rows = ((await audit.json()) as { items: { action: string; subject: string; detail: string }[] }).items;
    expect(rows.filter((row) => row.action === 'deposit assign' && row.subject === operation)).toMatchObject([
      { detail: expect.stringContaining('refused') },
      { detail: `to ${payer.publicKey()}` },
    ]);
  });

  it('below the bound is not moved', async () => {
    const before = await deposited();
    const operation = await pay('0.0999999', Memo.id(classic.memo));
    await until(
      () => list('--state', 'below_min'),
      (rows) => rows.some((row) => row.operation === operation),
    );
    expect((await callora(['deposits', 'assign', operation, payer.publicKey(), '--config', config])).code).toBe(5);
    expect(await deposited()).toBe(before);
    const books = await callora(['reconcile', '--config', config, '--json']);
    expect(JSON.parse(books.stdout).checks).toContainEqual(
      expect.objectContaining({ name: 'deposit account covers its payments', ok: true, books: '0.0999999' }),
    );
    const close = ['deposits', 'close', operation, '--note', 'kept', '--config', config, '--json'];
    expect(JSON.parse((await callora(close)).stdout)).toMatchObject({ state: 'closed', note: 'kept' });
  });

  it('is offered by a refusal for lack of balance', async () => {
    const poor = Keypair.random().publicKey();
    const issued = await callora(['token', 'issue', '--config', config, '--account', poor]);
    const refused = await fetch(`${url}/demo/forecast/oslo`, {
      headers: { authorization: `Bearer ${issued.stdout.trim()}` },
    });
    expect(refused.status).toBe(402);
    const { pay: ways } = (await refused.json()) as { pay: { kind: string; memo?: string }[] };
    const way = ways.find(({ kind }) => kind === 'classic');
    expect(way).toMatchObject({ address: deposit.publicKey(), memo_type: 'id', memo: expect.stringMatching(/^\d+$/) });
    // The number of a mere refusal counts, although its account never asked for one.
    const operation = await pay('0.5', Memo.id(way?.memo ?? ''));
    const rows = await until(
      () => list('--state', 'forwarded'),
      (found) => found.some((row) => row.operation === operation),
    );
    expect(rows.find((row) => row.operation === operation)).toMatchObject({ account: poor });
  });
});

describe.skipIf(skipBrowser)('the page for people', () => {
  it('shows memo, code and link, and how far the last payments have come', async () => {
    const browser = await launchBrowser();
    try {
      const page = await (await browser.newContext({ viewport: { width: 390, height: 1400 } })).newPage();
      const faults: string[] = [];
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.on('request', (request) => faults.push(...foreign(request.url())));
      await page.goto(`${url}/_callora/app/`);
      await page.getByRole('textbox', { name: 'Access token' }).fill(token);
      await page.keyboard.press('Enter');
      await page.getByRole('link', { name: 'Deposit' }).click();
      const { classic } = await get<{ classic: ClassicView }>('/_callora/deposit');
      await page.getByText('in the vault').first().waitFor();
      expect(await page.getByLabel('Memo', { exact: true }).inputValue()).toBe(classic.memo);
      expect(await page.getByLabel('Deposit address', { exact: true }).inputValue()).toBe(deposit.publicKey());
      const code = page.getByAltText('QR code of the payment, for a wallet to read');
      expect(await code.evaluate((image) => Number(Reflect.get(image, 'naturalWidth')))).toBeGreaterThan(0);
      expect(await page.getByRole('link', { name: 'Open in a wallet' }).getAttribute('href')).toBe(classic.sep7);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe('a gateway that dies', () => {
  it('at any moment of forwarding forwards each payment once', async () => {
    const amounts = ['0.1111111', '0.2222222'];
    let wanted = await deposited();
    for (const amount of amounts) {
      await pay(amount, keyMemo());
      wanted = plus(wanted, amount);
      await stop('SIGKILL');
      await serve();
      // Dies again while it is at it: as soon as the payment shows in any state.
      const known = await list();
      if (known.some((row) => row.amount === amount)) await stop('SIGKILL').then(() => serve());
      expect(await untilDeposited(wanted)).toBe(wanted);
    }
    const rows = await until(
      () => list(),
      (found) => found.filter((row) => amounts.includes(row.amount)).every((row) => row.state === 'forwarded'),
    );
    expect(rows.filter((row) => amounts.includes(row.amount))).toHaveLength(amounts.length);
  }, 180_000);

  it('and loses its database finds in the vault what it has forwarded, and forwards nothing twice', async () => {
    const before = await deposited();
    const held = await balanceOf(deposit.publicKey());
    await stop('SIGTERM');
    for (const suffix of ['', '-wal', '-shm', '.lock', '.pid']) {
      rmSync(path.join(sandbox.info.dataDir, `second.db${suffix}`), { force: true });
    }
    await serve();
    // Whether it was revoked, nobody knows any more.
    await expect(deposited()).rejects.toThrow('token_revoked');
    token = await issueToken();
    await until(
      () => list(),
      (rows) => rows.length >= 7 && rows.every((row) => row.state === 'forwarded' || row.state === 'below_min'),
    );
    const after = await pay('0.25', keyMemo());
    expect(await untilDeposited(plus(before, '0.25'))).toBe(plus(before, '0.25'));
    expect((await list()).find((row) => row.operation === after)).toMatchObject({ amount: '0.25' });
    expect(await balanceOf(deposit.publicKey())).toBe(held);
  }, 120_000);
});

describe('stellar.toml', () => {
  it('is read by the stock resolver, and names the account and the asset', async () => {
    const toml = await StellarToml.Resolver.resolve(new URL(url).host, { allowHttp: true });
    expect(toml).toMatchObject({
      NETWORK_PASSPHRASE: sandbox.info.networkPassphrase,
      WEB_AUTH_ENDPOINT: `${url}/_callora/login`,
      ACCOUNTS: [deposit.publicKey()],
      CURRENCIES: [{ code: 'USDC', issuer: sandbox.info.usdc.issuer }],
    });
    expect(Keypair.fromPublicKey(toml.SIGNING_KEY ?? '').publicKey()).toBe(toml.SIGNING_KEY);
    const answer = await fetch(`${url}/.well-known/stellar.toml`);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });
});

function adminUrl(): string {
  const listen = /^admin: \{ listen: ([^,]+),/m.exec(readFileSync(config, 'utf8'));
  return `http://${listen?.[1]}`;
}

async function balanceOf(address: string): Promise<string> {
  const { balances } = await horizon.loadAccount(address);
  const line = balances.find((balance) => 'asset_code' in balance && balance.asset_code === 'USDC');
  return formatUsdc(parseUsdc(line?.balance ?? '0') ?? zero);
}
