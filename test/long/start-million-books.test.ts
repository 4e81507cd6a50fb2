import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { callStatus, type GatewayRun, issueToken, startGateway } from '../crash/gateway.ts';
import { openShop, type Shop } from '../crash/shop.ts';
import { callora } from '../support/callora-process.ts';
import { figure } from '../support/figure.ts';

/** The shipped program, killed with a million calls in its books: from its start to `/readyz` with 200. */

let shop: Shop;
let gateway: GatewayRun;
let token: string;
let emptyMs: number;

beforeAll(async () => {
  shop = await openShop();
  gateway = await startGateway(shop);
  emptyMs = gateway.readyMs;
  token = await issueToken(shop);
  await untilSold();
  await gateway.end('SIGTERM');
});

afterAll(async () => {
  await gateway?.end('SIGKILL');
  await shop?.close();
});

async function untilSold(): Promise<void> {
  while ((await callStatus(shop, token)) !== 200) await systemClock.sleep(20);
}

it('a program killed with a million calls in its log is ready again, sells, and agrees with its vault', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'million-books-child.ts'), shop.databaseFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const logBytes = fs.statSync(`${shop.databaseFile}-wal`).size;

  gateway = await startGateway(shop);
  const { readyMs: withLogMs } = gateway;
  await untilSold();
  await gateway.end('SIGKILL');
  gateway = await startGateway(shop);
  figure(
    `a million calls: ready ${Math.round(withLogMs)} ms after a start with a log of ${Math.round(logBytes / 1e6)} MB, ${Math.round(gateway.readyMs)} ms after the next kill; with none ${Math.round(emptyMs)} ms`,
  );
  await untilSold();
  expect(await callora(['reconcile', '--config', shop.config])).toMatchObject({ code: 0, stderr: '' });
});
