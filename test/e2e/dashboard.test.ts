import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair, Memo } from '@stellar/stellar-sdk';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, skipBrowser } from '../support/browser.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';
import { faintTexts, namelessControls } from '../support/page-checks.ts';
import { payFromWallet } from '../support/wallet-payment.ts';

/** The operator's page in a real browser, against the shipped process with real calls and real settlements behind it. */

let sandbox: Sandbox;
let browser: Browser;
const open: BrowserContext[] = [];
/** Console errors, failed scripts and requests to other hosts, of every page of the test. */
let faults: string[] = [];

const sections = [
  'Overview',
  'Usage',
  'Settlement',
  'Accounts',
  'Tokens',
  'Payees',
  'APIs',
  'Deposits',
  'Exits',
  'Webhooks',
  'Audit',
  'System',
] as const;

type Look = { width: number; height: number; colours?: 'light' | 'dark' };
const desktop: Look = { width: 1400, height: 900 };

async function newPage({ width, height, colours = 'light' }: Look = desktop): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: colours });
  open.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => message.type() === 'error' && faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(sandbox.info.admin) && !request.url().startsWith('data:')) faults.push(request.url());
  });
  return page;
}

async function loggedIn(look?: Look): Promise<Page> {
  const page = await newPage(look);
  await page.goto(sandbox.info.admin);
  await page.getByLabel('Admin token').fill(sandbox.info.adminToken);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Promises' }).waitFor();
  return page;
}

function paidCall(route = '/demo/forecast/oslo'): Promise<Response> {
  return fetch(`${sandbox.info.gateway}${route}`, { headers: { authorization: `Bearer ${sandbox.info.token}` } });
}

async function section(page: Page, name: (typeof sections)[number]): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
}

async function lastAudit(): Promise<Record<string, string>> {
  const { info } = sandbox;
  const answer = await fetch(`${info.admin}/api/audit?limit=1`, {
    headers: { authorization: `Bearer ${info.adminToken}` },
  });
  const { items } = (await answer.json()) as { items: Record<string, string>[] };
  return items[0] ?? {};
}

describe.skipIf(skipBrowser)('the dashboard in a browser', () => {
  beforeAll(async () => {
    [sandbox, browser] = await Promise.all([startSandbox(), launchBrowser()]);
    for (let calls = 0; calls < 5; calls++) expect((await paidCall()).status).toBe(200);
    await fetch(`${sandbox.info.gateway}/demo/forecast/oslo`);
    const settled = await callora(['settle', 'now', '--config', sandbox.info.config, '--json']);
    expect(JSON.parse(settled.stdout)).toMatchObject({ complete: true });
  });

  afterEach(async () => {
    for (const context of open.splice(0)) await context.close();
    const seen = faults;
    faults = [];
    expect(seen).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
  });

  it('lets in with the admin token only, and keeps the session over a reload until logout', async () => {
    const page = await newPage();
    await page.goto(sandbox.info.admin);
    expect(page.url()).toBe(`${sandbox.info.admin}/dashboard/`);
    await page.getByLabel('Admin token').fill('guess');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').getByText('not the content of the file').waitFor();
    // The refusal is what this test asks for.
    expect(faults.splice(0)).toEqual([expect.stringContaining('401')]);

    await page.getByLabel('Admin token').fill(sandbox.info.adminToken);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Promises' }).waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: 'callora_admin', httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate('document.cookie')).toBe('');

    await page.reload();
    await page.getByRole('heading', { name: 'Promises' }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Admin token').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate('localStorage.getItem("callora-csrf")')).toBeNull();
  });

  it('shows the login again when the session is over', async () => {
    const page = await loggedIn();
    await page.context().clearCookies();
    await page.getByText('The session is over').waitFor();
    expect(new Set(faults.splice(0).map((fault) => fault.includes('401')))).toEqual(new Set([true]));
  });

  it('shows every page with what is in the books', async () => {
    const { info } = sandbox;
    const page = await loggedIn();
    await paidCall();
    await page.getByText('Paid calls are served.').waitFor();
    await page.getByText('token_missing', { exact: true }).waitFor();
    const shown: [(typeof sections)[number], string | RegExp][] = [
      ['Usage', 'GET /demo/forecast/:city'],
      ['Settlement', 'confirmed'],
      ['Accounts', info.consumer.address.slice(0, 6)],
      ['Tokens', 'all APIs'],
      ['Payees', info.payee.address.slice(0, 6)],
      ['APIs', 'GET /demo/forecast/:city'],
      ['Deposits', 'every deposit found its account'],
      ['Exits', 'Nobody has left'],
      ['Webhooks', 'Nothing was told yet'],
      ['Audit', 'settle now'],
      ['System', 'solvency'],
    ];
    for (const [name, text] of shown) {
      await section(page, name);
      await page.getByRole('main').getByText(text).first().waitFor();
    }
    await section(page, 'Settlement');
    await page.getByRole('table', { name: 'Batches' }).getByRole('link', { name: '1', exact: true }).click();
    await page.getByRole('heading', { name: 'Batch 1' }).waitFor();
    await page.getByRole('cell', { name: '0.01' }).first().waitFor();
    await page.getByRole('table', { name: 'Lines' }).getByRole('link').last().click();
    await page.getByRole('table', { name: 'Calls by route' }).getByText('GET /demo/forecast/:city').waitFor();
    await page.getByLabel('From').fill('2020-01-01');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('span at most 366 days').waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining('400')]);
    await page.getByRole('button', { name: 'The last 30 days' }).click();
    await page.getByRole('table', { name: 'Calls by route' }).waitFor();
  });

  it('finds an account by a part of its address', async () => {
    const page = await loggedIn();
    await section(page, 'Accounts');
    const { address } = sandbox.info.consumer;
    await page.getByLabel('Search accounts by address').fill('NOBODY');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('No address holds “NOBODY”').waitFor();
    await page.getByLabel('Search accounts by address').fill(address.slice(10, 20).toLowerCase());
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('link', { name: address.slice(0, 6) }).click();
    await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
    await page.getByText(address).waitFor();
  });

  it('pauses an API and sells it again, with the reason in the audit', async () => {
    const page = await loggedIn();
    await section(page, 'APIs');
    await page.getByRole('button', { name: 'Pause demo' }).click();
    await page.getByLabel('Reason').fill('repairs');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByText('is refused from now on').waitFor();
    expect((await paidCall()).status).toBe(503);
    expect(await lastAudit()).toMatchObject({ actor: 'dashboard', action: 'api pause', detail: 'repairs' });
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByText('repairs').waitFor();
    await page.getByRole('button', { name: 'Resume demo' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('dialog').getByText('served again').waitFor();
    expect((await paidCall()).status).toBe(200);
    expect(await lastAudit()).toMatchObject({ actor: 'dashboard', action: 'api resume', subject: 'demo' });
  });

  it('settles now, then pays the payee what the vault owes', async () => {
    const page = await loggedIn();
    await paidCall();
    await section(page, 'Settlement');
    await page.getByRole('button', { name: 'Settle now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Settle now' }).click();
    await page.getByText('All is settled.').waitFor({ timeout: 40_000 });
    expect(await lastAudit()).toMatchObject({ actor: 'dashboard', action: 'settle now' });
    await page.getByRole('button', { name: 'Close' }).click();

    await page.getByRole('button', { name: 'Compare with the chain' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Compare' }).click();
    await page.getByText('agree to the unit').waitFor({ timeout: 40_000 });
    await page.getByRole('button', { name: 'Close' }).click();

    await section(page, 'Payees');
    await page.getByRole('button', { name: 'Pay everyone now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pay everyone now' }).click();
    await page.getByRole('dialog').getByText('USDC, paid').first().waitFor({ timeout: 40_000 });
    expect(await lastAudit()).toMatchObject({ actor: 'dashboard', action: 'payout claim', subject: 'all payees' });
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('table', { name: 'Payouts' }).getByText('paid').first().waitFor();
  });

  it('waits for a gateway that is slower than the page asks', async () => {
    const page = await loggedIn();
    await page.route('**/api/live', async (route) => {
      const live = (await (await route.fetch()).json()) as Record<string, unknown>;
      // Longer than the page waits between two questions. A question that was dropped takes no answer any more.
      const answer = () => route.fulfill({ json: { ...live, version: 'late' } }).catch(() => undefined);
      setTimeout(() => void answer(), 2_500);
    });
    await page.getByText('late', { exact: true }).waitFor();
    expect(await page.getByText('Not up to date').count()).toBe(0);
  });

  it('gives a payment without an owner to an account', async () => {
    const { info } = sandbox;
    const from = Keypair.fromSecret(info.consumer.secret);
    const terms = await fetch(`${info.gateway}/_callora/deposit`, {
      headers: { authorization: `Bearer ${info.token}` },
    });
    const { classic } = (await terms.json()) as { classic: { address: string } };
    const operation = await payFromWallet(info, { from, to: classic.address, amount: '2.5', memo: Memo.none() });
    const page = await loggedIn();
    await section(page, 'Deposits');
    const assign = page.getByRole('button', { name: `Assign payment ${operation}` });
    await expect
      .poll(
        async () => {
          await page.reload();
          await page.getByRole('table', { name: 'Payments to the deposit account' }).waitFor();
          return assign.count();
        },
        { timeout: 30_000 },
      )
      .toBe(1);
    await assign.click();
    await page.getByLabel('Address of the account').fill('GBAD');
    await page.getByRole('dialog').getByRole('button', { name: 'Assign' }).click();
    await page.getByText('account must be the G… or C… address').waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining('400')]);
    await page.getByLabel('Address of the account').fill(info.consumer.address);
    await page.getByRole('dialog').getByRole('button', { name: 'Assign again' }).click();
    await page.getByText('goes into the vault').waitFor();
    expect(await lastAudit()).toMatchObject({ actor: 'dashboard', action: 'deposit assign', subject: operation });
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('every deposit found its account').waitFor();
  });

  it('says which webhooks there are when asked to test another', async () => {
    const page = await loggedIn();
    await section(page, 'Webhooks');
    await page.getByRole('button', { name: 'Send a test' }).click();
    await page.getByLabel('Name of the endpoint').fill('pager');
    await page.getByRole('dialog').getByRole('button', { name: 'Send a test' }).click();
    await page.getByText('the config file has no webhook "pager"; it has none').waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining('404')]);
  });

  it('keeps showing what it knows when the gateway does not answer, and says so', async () => {
    const page = await loggedIn();
    await page.route('**/api/live', (route) => route.abort());
    await page.getByText('Not up to date: the gateway does not answer').waitFor();
    await page.getByRole('heading', { name: 'Promises' }).waitFor();
    await page.unroute('**/api/live');
    await page.getByText('Not up to date').waitFor({ state: 'detached' });
    expect(faults.splice(0).length).toBeGreaterThan(0);
  });

  it('revokes a token, which is refused from the next call on', async () => {
    const { info } = sandbox;
    const issued = await callora(['token', 'issue', '--label', 'to be revoked', '--config', info.config]);
    const token = issued.stdout.trim();
    expect(token).not.toBe('');
    const page = await loggedIn();
    await section(page, 'Tokens');
    await page.getByLabel('Search tokens').fill('BE REV');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('button', { name: 'Revoke token to be revoked' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('Refused from the next call on.').waitFor();
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${info.gateway}/demo/forecast/oslo`, { headers })).status).toBe(401);
    expect(await lastAudit()).toMatchObject({ actor: 'dashboard', action: 'token revoke' });
  });

  it('is used by keyboard alone: to a section, into a dialog, out with Escape, and back where one was', async () => {
    const page = await loggedIn();
    const focused = () =>
      page.evaluate('document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? ""');
    async function tabTo(name: string): Promise<void> {
      for (let step = 0; step < 40; step++) {
        await page.keyboard.press('Tab');
        if ((await focused()) === name) return;
      }
      throw new Error(`Tab never reaches ${name}`);
    }
    await page.evaluate('document.activeElement?.blur()');
    await page.goto(`${sandbox.info.admin}/dashboard/`);
    await page.getByRole('heading', { name: 'Promises' }).waitFor();
    await tabTo('APIs');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'APIs' }).waitFor();
    await page.getByRole('button', { name: 'Pause demo' }).waitFor();
    await tabTo('Pause demo');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Pause demo');
    expect((await paidCall()).status).toBe(200);
    await page.goto(`${sandbox.info.admin}/dashboard/#/settlement`);
    await page.getByRole('button', { name: 'Compare with the chain' }).focus();
    await page.keyboard.press('Enter');
    await tabTo('Compare with the chain');
    await page.keyboard.press('Enter');
    await page.getByText('agree to the unit').waitFor({ timeout: 40_000 });
    expect(await focused()).toBe('Close');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('keeps the chosen colours over a reload', async () => {
    const page = await loggedIn();
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await background();
    await page.getByRole('button', { name: /Colours: system/ }).click();
    await page.getByRole('button', { name: /Colours: light/ }).click();
    await page.getByRole('button', { name: /Colours: dark/ }).waitFor();
    const dark = await background();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('heading', { name: 'Promises' }).waitFor();
    expect(await background()).toBe(dark);
  });

  it.each<Look>([
    { width: 1400, height: 900, colours: 'light' },
    { width: 1400, height: 900, colours: 'dark' },
    { width: 390, height: 844, colours: 'light' },
    { width: 390, height: 844, colours: 'dark' },
  ])('fits $width pixels in $colours, readable and with a name on every control', async (look) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'callora-dashboard-'));
    const page = await loggedIn(look);
    for (const name of sections) {
      await section(page, name);
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      expect([name, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, look.width]);
      expect([name, await namelessControls(page)]).toEqual([name, []]);
      expect([name, await faintTexts(page)]).toEqual([name, []]);
      const file = path.join(folder, `${name.toLowerCase()}-${look.width}-${look.colours}.png`);
      await page.screenshot({ path: file, fullPage: true });
      expect(statSync(file).size).toBeGreaterThan(5_000);
    }
  });

  it('runs no code that is not its own, and says so to the browser', async () => {
    const page = await loggedIn();
    await page.evaluate(
      'document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = true" }))',
    );
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(faults.splice(0).join()).toContain('Content Security Policy');
  });
});
