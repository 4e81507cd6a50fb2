import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair, rpc, TransactionBuilder } from '@stellar/stellar-sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatUsdc, parseUsdc, units } from '../../src/money.ts';
import { launchBrowser, skipBrowser } from '../support/browser.ts';
import { type Sandbox, startSandbox } from '../support/callora-process.ts';
import { namelessControls } from '../support/page-checks.ts';

/** The page for people in a real browser, against a gateway that really charges; the wallet is the stock SDK. */

let sandbox: Sandbox;
let browser: Browser;

type Watched = { page: Page; faults: string[]; close(): Promise<void> };

/** A page of its own, with everything it should not do: errors, refused loads, requests to anyone else. */
async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== sandbox.info.gateway) faults.push(request.url());
  });
  await page.goto(`${sandbox.info.gateway}/_callora/`);
  expect(page.url()).toBe(`${sandbox.info.gateway}/_callora/app/`);
  return { page, faults, close: () => context.close() };
}

function sign(xdr: string, secret = sandbox.info.consumer.secret): string {
  const transaction = TransactionBuilder.fromXDR(xdr, sandbox.info.networkPassphrase);
  transaction.sign(Keypair.fromSecret(secret));
  return transaction.toXDR();
}

async function logIn(page: Page, secret = sandbox.info.consumer.secret): Promise<void> {
  await page.getByLabel('Your Stellar address').fill(Keypair.fromSecret(secret).publicKey());
  await page.getByRole('button', { name: 'Get a login transaction' }).click();
  const challenge = await page.getByLabel('Login transaction', { exact: true }).inputValue();
  await page.getByLabel('Paste it back, signed').fill(sign(challenge, secret));
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('can be spent').waitFor();
}

async function spendable(page: Page): Promise<bigint> {
  const text = await page.locator('.amount strong').textContent();
  const amount = parseUsdc(text ?? '');
  if (amount === undefined) throw new Error(`${text} is no amount`);
  return amount;
}

describe.skipIf(skipBrowser)('the page for people', () => {
  beforeAll(async () => {
    [sandbox, browser] = await Promise.all([startSandbox(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
  });

  it('logs in with a signed challenge, issues a token that calls and is charged, and revokes it', async () => {
    const { page, faults, close } = await open();
    await logIn(page);
    const before = await spendable(page);

    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByLabel('Label').fill('robot');
    await page.getByLabel('Spend cap, USDC').fill('0.003');
    await page.getByLabel('Only these').check();
    await page.getByLabel('demo').check();
    await page.getByRole('button', { name: 'Issue token' }).click();
    const token = await page.getByLabel('Token', { exact: true }).inputValue();
    const curl = await page.getByLabel('Curl line', { exact: true }).inputValue();
    expect(curl).toContain(`'${sandbox.info.gateway}/demo/forecast/oslo'`);
    expect(curl).toContain(token);

    const call = () =>
      fetch(`${sandbox.info.gateway}/demo/forecast/oslo`, { headers: { authorization: `Bearer ${token}` } });
    expect((await call()).status).toBe(200);
    const capped = await call();
    expect([capped.status, ((await capped.json()) as { code: string }).code]).toEqual([402, 'token_cap_reached']);

    await page.getByRole('button', { name: 'I have it' }).click();
    expect(await page.content()).not.toContain(token);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('table', { name: 'Calls, newest first' }).getByText('/demo/forecast/:city').first().waitFor();
    await page.getByLabel('Last').selectOption('365');
    await page.getByText('By route').click();
    const route = page.getByRole('table', { name: 'Usage by route' }).getByRole('row', { name: /forecast/ });
    await route.getByText('0.002', { exact: true }).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page
        .getByRole('button', { name: /Receipt of call/ })
        .first()
        .click(),
    ]);
    const receipt = JSON.parse(readFileSync(await file.path(), 'utf8')) as { leaf: Record<string, unknown> };
    expect(receipt.leaf).toMatchObject({ account: sandbox.info.consumer.address, api: 'demo', price: '0.002' });
    await page.locator('.amount strong', { hasText: formatUsdc(units(before - 20_000n)) }).waitFor();

    await page.getByRole('link', { name: 'Tokens' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'robot' });
    expect(await row.textContent()).toContain('0.002 of 0.003 USDC');
    await row.getByRole('button', { name: 'Revoke robot', exact: true }).click();
    await row.getByRole('button', { name: 'Revoke robot for good' }).click();
    await row.waitFor({ state: 'detached' });
    const refused = await call();
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([401, 'token_revoked']);
    expect(faults).toEqual([]);
    await close();
  });

  it('with a token only looks: it shows the balance and offers nothing that changes anything', async () => {
    const { page, faults, close } = await open();
    await page.getByRole('textbox', { name: 'Access token' }).fill(sandbox.info.token);
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByText('can be spent').waitFor();
    await page.getByText('looking only').waitFor();
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByText('You are looking with a token.').waitFor();
    await page.getByRole('list', { name: 'Tokens, newest first' }).waitFor();
    expect(await page.getByRole('button', { name: /Issue|Revoke/ }).count()).toBe(0);
    expect(faults).toEqual([]);
    await close();
  });

  it('shows how to pay from a wallet: address, memo, a link and a code with the amount in both', async () => {
    const { page, faults, close } = await open();
    await logIn(page);
    await page.getByRole('link', { name: 'Deposit' }).click();
    const address = await page.getByLabel('Deposit address', { exact: true }).inputValue();
    const memo = await page.getByLabel('Memo', { exact: true }).inputValue();
    await page.getByLabel('Amount, USDC').fill('5.25');
    await page.getByLabel('Amount, USDC').press('Enter');
    await page.locator('a[href*="amount=5.25"]').waitFor();
    const link = await page.getByRole('link', { name: 'Open in a wallet' }).getAttribute('href');
    expect(link).toMatch(/^web\+stellar:pay\?/);
    for (const part of [`destination=${address}`, `memo=${memo}`]) expect(link).toContain(part);
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    expect(await page.evaluate<number>("document.querySelector('.pay img').naturalWidth")).toBeGreaterThan(0);
    expect(faults).toEqual([]);
    await close();
  });

  it('takes money out: the gateway signs, the wallet signs, the network pays', async () => {
    const { page, faults, close } = await open();
    await logIn(page);
    await page.getByRole('link', { name: 'Withdraw' }).click();
    await page.getByText('can leave now').waitFor();
    await page.getByLabel('Amount, USDC').fill('1.5');
    await page.getByRole('button', { name: 'Get the signed exit' }).click();
    const envelope = await page.getByLabel('Exit transaction', { exact: true }).inputValue();
    const server = new rpc.Server(sandbox.info.rpcUrl, { allowHttp: true });
    const transaction = TransactionBuilder.fromXDR(envelope, sandbox.info.networkPassphrase);
    transaction.sign(Keypair.fromSecret(sandbox.info.consumer.secret));
    const sent = await server.sendTransaction(transaction);
    expect((await server.pollTransaction(sent.hash)).status).toBe('SUCCESS');
    await page.getByRole('button', { name: 'Done' }).click();
    const row = page.getByRole('table', { name: 'Exits, newest first' }).getByRole('row').nth(1);
    await row.getByText('landed').waitFor();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('.parts div', { hasText: 'Withdrawn' }).getByText('1.5').waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it('goes by keyboard alone: log in, issue, revoke; the focus is never lost', async () => {
    const { page, faults, close } = await open();
    const press = async (...keys: string[]) => {
      for (const each of keys) await page.keyboard.press(each);
    };
    const focused = () =>
      page.evaluate<string>('document.activeElement.ariaLabel ?? document.activeElement.textContent');
    await page.getByLabel('Your Stellar address').focus();
    await page.keyboard.insertText(sandbox.info.consumer.address);
    await press('Enter');
    const challenge = await page.getByLabel('Login transaction', { exact: true }).inputValue();
    expect(await focused()).toContain('can only log you in here');
    await page.getByLabel('Paste it back, signed').focus();
    await page.keyboard.insertText(sign(challenge));
    await press('Tab', 'Enter');
    await page.getByText('can be spent').waitFor();
    expect(await focused()).toContain('Your account at');
    await press('Tab', 'Tab', 'Enter');
    await page.getByLabel('Label').focus();
    await page.keyboard.insertText('by keyboard');
    await press('Enter');
    await page.getByText('Copy it now.').waitFor();
    expect(await focused()).toContain('Copy it now.');
    await page.getByRole('button', { name: 'Revoke by keyboard', exact: true }).focus();
    await press('Enter');
    expect(await focused()).toBe('Revoke by keyboard for good');
    await press('Enter');
    await page.getByRole('listitem').filter({ hasText: 'by keyboard' }).waitFor({ state: 'detached' });
    expect(await focused()).toBe('Tokens');
    expect(faults).toEqual([]);
    await close();
  });

  it('names everything that can be used', async () => {
    const { page, close } = await open();
    expect(await namelessControls(page)).toEqual([]);
    await logIn(page);
    for (const tab of ['Tokens', 'Deposit', 'Withdraw', 'Prices', 'Overview']) {
      await page.getByRole('link', { name: tab }).click();
      await page.getByRole('main').getByRole('heading').first().waitFor();
      expect(await namelessControls(page), tab).toEqual([]);
    }
    await close();
  });

  it('shows all calls, the older ones on demand', async () => {
    const headers = { authorization: `Bearer ${sandbox.info.token}` };
    for (let each = 0; each < 25; each++) await fetch(`${sandbox.info.gateway}/demo/forecast/oslo`, { headers });
    const { page, faults, close } = await open();
    await logIn(page);
    const rows = page.getByRole('table', { name: 'Calls, newest first' }).getByRole('button', { name: /Receipt of/ });
    await rows.first().waitFor();
    expect(await rows.count()).toBe(10);
    for (
      let before = 10;
      await page.getByRole('button', { name: 'Older calls' }).isVisible();
      before = await rows.count()
    ) {
      await page.getByRole('button', { name: 'Older calls' }).click();
      await rows.nth(before).waitFor();
    }
    const names = await rows.evaluateAll((buttons) => buttons.map((button) => button.ariaLabel ?? ''));
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(25);
    expect(faults).toEqual([]);
    await close();
  });

  it('says that what it shows is old when the gateway does not answer, and goes on when it does', async () => {
    const { page, close } = await open();
    await logIn(page);
    await page.route('**/_callora/account', (route) => route.abort());
    const old = page.getByRole('alert').getByText('Not up to date: the gateway does not answer');
    await old.waitFor();
    await page.getByText('can be spent').waitFor();
    await page.unroute('**/_callora/account');
    await old.waitFor({ state: 'detached' });
    await close();
  });

  it('shows somebody new how to begin', async () => {
    const { page, faults, close } = await open();
    await logIn(page, Keypair.random().secret());
    await page.getByText('Nothing was used in this time.').waitFor();
    await page.getByText('No calls yet.').waitFor();
    await page.getByRole('link', { name: 'pay in to begin' }).click();
    await page.getByLabel('Deposit address', { exact: true }).waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it('hands out command lines that do what they say: log in, pay in, leave alone', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'callora-lines-'));
    const key = path.join(dir, 'key.seed');
    writeFileSync(key, `${sandbox.info.consumer.secret}\n`, { mode: 0o600 });
    const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
    /** As a person pastes it into a shell. */
    const paste = (line: string) =>
      execFileSync('sh', ['-c', line.replace('callora', `'${process.execPath}' '${launcher}'`).replace('FILE', key)], {
        env: { ...process.env, CALLORA_HOME: dir },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const { page, close } = await open();
    await page.getByLabel('Your Stellar address').fill(sandbox.info.consumer.address);
    await page.getByRole('button', { name: 'Get a login transaction' }).click();
    await page.getByText('With the command line').click();
    const signed = paste(await page.getByLabel('Command', { exact: true }).inputValue());
    await page.getByLabel('Paste it back, signed').fill(signed);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'Deposit' }).click();
    expect(paste(await page.getByLabel('Deposit command', { exact: true }).inputValue())).toContain('0.001');
    await page.getByRole('link', { name: 'Withdraw' }).click();
    const alone = await page.getByLabel('Command to leave alone', { exact: true }).inputValue();
    expect(paste(alone.replace('AMOUNT', '0.25'))).toContain('0.25');
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.locator('.parts div', { hasText: 'Asked back' }).getByText('0.25').waitFor();
    rmSync(dir, { recursive: true });
    await close();
  });

  it('says in words what is wrong with an address, a signature, a token, an amount and a cap', async () => {
    const { page, close } = await open();
    await page.getByLabel('Your Stellar address').fill('GNOTHING');
    await page.getByRole('button', { name: 'Get a login transaction' }).click();
    await page.getByRole('alert').getByText('An address begins with G').waitFor();
    await page.getByRole('textbox', { name: 'Access token' }).fill('not.a.token');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('alert').getByText('The access token is not valid').waitFor();
    await page.getByLabel('Your Stellar address').fill(sandbox.info.consumer.address);
    await page.getByRole('button', { name: 'Get a login transaction' }).click();
    const challenge = await page.getByLabel('Login transaction', { exact: true }).inputValue();
    await page.getByLabel('Paste it back, signed').fill(sign(challenge, Keypair.random().secret()));
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('A signature is not by a signer of this account').waitFor();
    await page.getByLabel('Paste it back, signed').fill(sign(challenge));
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'Withdraw' }).click();
    await page.getByLabel('Amount, USDC').fill('99999');
    await page.getByRole('button', { name: 'Get the signed exit' }).click();
    await page.getByRole('alert').getByText('cannot leave now').waitFor();
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByLabel('Spend cap, USDC').fill('1e5');
    await page.getByRole('button', { name: 'Issue token' }).click();
    await page.getByRole('alert').getByText('cap must be a positive amount').waitFor();
    await close();
  });

  it('leaves nothing in the browser, and forgets the session on reload, on leaving the page and on logging out', async () => {
    const { page, faults, close } = await open();
    await logIn(page);
    const kept = () =>
      page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(await kept()).not.toMatch(/eyJ|session/);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Your Stellar address').waitFor();
    await logIn(page);
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
    await page.getByLabel('Your Stellar address').waitFor();
    await logIn(page);
    await page.reload();
    await page.getByLabel('Your Stellar address').waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it('keeps a token that was just issued in sight when the session ends under it', async () => {
    const { page, close } = await open();
    await page.clock.install();
    await logIn(page);
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByRole('button', { name: 'Issue token' }).click();
    await page.getByLabel('Token', { exact: true }).waitFor();
    await page.clock.fastForward(600_000);
    await page.getByText('Logged out: this session has ended').waitFor();
    expect(await page.getByLabel('Token', { exact: true }).inputValue()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    await page.getByRole('button', { name: 'Log in again' }).click();
    await page.getByLabel('Your Stellar address').waitFor();
    await close();
  });

  it.each([
    ['a phone', { width: 390, height: 844 }],
    ['a desktop', { width: 1280, height: 900 }],
  ])('fits %s: nothing is wider than the screen', async (_what, viewport) => {
    const { page, faults, close } = await open({ viewport });
    const fits = () => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth');
    expect(await fits()).toBe(true);
    await logIn(page);
    for (const tab of ['Tokens', 'Deposit', 'Withdraw', 'Prices', 'Overview']) {
      await page.getByRole('link', { name: tab }).click();
      await page.getByRole('main').getByRole('heading').first().waitFor();
      expect(await fits(), tab).toBe(true);
    }
    expect(faults).toEqual([]);
    await close();
  });
});
