import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** A real Chromium for tests of the pages. A user without one gets the other tests; a CI run without one fails. */

const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((file) => existsSync(file));

const chromiumPath = process.env.CALLORA_CHROMIUM || installed;

const hint = 'no Chromium found: apt-get install chromium, or set CALLORA_CHROMIUM to its path';

/** For `describe.skipIf`. */
export const skipBrowser: boolean = !chromiumPath && !process.env.CI;
if (skipBrowser) console.warn(`SKIPPED browser tests: ${hint}`);

/** Reaches this machine only: a page that asks for any other host fails its test. */
export async function launchBrowser(): Promise<Browser> {
  if (!chromiumPath) throw new Error(hint);
  // The pages as the sources have them now, also when a test is run alone.
  execFileSync(process.execPath, [path.resolve(import.meta.dirname, '../../scripts/build-pages.mjs')]);
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
    ],
  });
}
