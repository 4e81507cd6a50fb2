import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, skipBrowser } from '../support/browser.ts';
import { type Sandbox, startSandbox } from '../support/callora-process.ts';

let sandbox: Sandbox;
let browser: Browser;

describe.skipIf(skipBrowser)('the dashboard in a browser', () => {
  beforeAll(async () => {
    [sandbox, browser] = await Promise.all([startSandbox(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await sandbox?.stop();
  });

  it('opens at the address of the admin listener', async () => {
    const page = await browser.newPage();
    await page.goto(sandbox.info.admin);
    expect(page.url()).toBe(`${sandbox.info.admin}/dashboard/`);
    await page.getByText('Ready.').waitFor();
  });
});
