import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReceiptView } from '../../src/portal/receipt-view.ts';
import { launchBrowser, skipBrowser } from '../support/browser.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** Receipts checked by the page itself, in a real browser, against a gateway that really settled. */

let sandbox: Sandbox;
let browser: Browser;
let dir: string;
let call: string;
let receipt: ReceiptView;
let chain: string;

async function ask<T>(address: string): Promise<T> {
  const headers = { authorization: `Bearer ${sandbox.info.token}` };
  return (await (await fetch(sandbox.info.gateway + address, { headers })).json()) as T;
}

async function open(viewport = { width: 1280, height: 900 }): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport });
  const faults: string[] = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== sandbox.info.gateway) faults.push(request.url());
  });
  await page.goto(`${sandbox.info.gateway}/_callora/app/`);
  return { page, faults };
}

async function results(page: Page): Promise<string[]> {
  await page.getByRole('list', { name: 'Checks' }).waitFor();
  return page.getByRole('list', { name: 'Checks' }).locator('.result').allTextContents();
}

describe.skipIf(skipBrowser)('the page’s check of a receipt', () => {
  beforeAll(async () => {
    [sandbox, browser] = await Promise.all([startSandbox(), launchBrowser()]);
    dir = mkdtempSync(path.join(tmpdir(), 'callora-receipts-page-'));
    const headers = { authorization: `Bearer ${sandbox.info.token}` };
    for (let round = 0; round < 3; round++) {
      const answer = await fetch(`${sandbox.info.gateway}/demo/forecast/oslo`, { headers });
      await answer.arrayBuffer();
      call = answer.headers.get('callora-call') ?? '';
    }
    expect((await callora(['settle', 'now', '--config', sandbox.info.config])).code).toBe(0);
    receipt = await ask(`/_callora/receipts/${call}`);
    chain = (await ask<{ lanes: { chain: string }[] }>('/_callora/roots')).lanes[0]?.chain ?? '';
  });

  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('takes a file without any login, and proves it up to the chain value of the vault', async () => {
    const { page, faults } = await open();
    const file = path.join(dir, 'receipt.json');
    writeFileSync(file, JSON.stringify(receipt));
    await page.getByLabel('Or a file').setInputFiles(file);
    await page.getByLabel(/^Chain value of the vault/).fill(chain);
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByRole('status').getByText('Proven: the vault has settled this call').waitFor();
    expect(await results(page)).toEqual(Array.from({ length: 7 }, () => 'ok'));
    expect(faults).toEqual([]);
    await page.close();
  });

  it('shows which layer a changed receipt breaks, and what a wrong chain value means', async () => {
    const { page } = await open();
    const field = page.getByLabel('Receipt', { exact: true });
    await field.fill(JSON.stringify({ ...receipt, leaf: { ...receipt.leaf, price: '0.001' } }));
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByRole('status').getByText('This receipt does not hold.').waitFor();
    expect((await results(page)).slice(0, 3)).toEqual(['ok', 'failed', 'ok']);
    await field.fill(JSON.stringify(receipt));
    expect(await page.getByRole('list', { name: 'Checks' }).count()).toBe(0);
    await page.getByLabel(/^Chain value of the vault/).fill('00'.repeat(32));
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByRole('status').getByText('This receipt does not hold.').waitFor();
    await field.fill('{');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByRole('alert').getByText('this is no JSON').waitFor();
    await page.close();
  });

  it('fetches the receipt of an own call for whoever is logged in, and fits a phone', async () => {
    const { page, faults } = await open({ width: 390, height: 844 });
    await page.getByRole('textbox', { name: 'Access token' }).fill(sandbox.info.token);
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('link', { name: 'Receipts' }).click();
    await page.getByLabel(/^Id of a call/).fill(call);
    await page.getByRole('button', { name: 'Fetch its receipt' }).click();
    await expect.poll(() => page.getByLabel('Receipt', { exact: true }).inputValue()).toContain(receipt.leaf_hash);
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByRole('status').getByText('All holds up to the published roots.').waitFor();
    const shown = await results(page);
    expect(shown).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'not checked', 'ok']);
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
  });
});
