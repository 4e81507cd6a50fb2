import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type ClientBook, startClients } from '../crash/clients.ts';
import { compare, firstBuyer, settleAll } from '../crash/compare.ts';
import { callStatus, type GatewayRun, issueToken, startGateway } from '../crash/gateway.ts';
import { ownFailure } from '../crash/service.ts';
import { openShop, type Shop } from '../crash/shop.ts';
import { faultsOfBooks } from '../crash/verdict.ts';
import { buildFaultyMachine, type FaultyMachine } from '../disk/faulty-machine.ts';
import { callora } from '../support/callora-process.ts';
import { figure } from '../support/figure.ts';

/**
 * The shipped program under load on a machine that fails: a full disk, a failing sync, another process with the lock, a
 * wrong clock, damaged files. It stops selling before it serves unbilled, deletes nothing, and tells its health all the while.
 */

let machine: FaultyMachine;
let shop: Shop;
let gateway: GatewayRun;
let token: string;
let book: ClientBook;
let health: { answers: number; failures: string[]; stop(): Promise<void> };

beforeAll(async () => {
  machine = buildFaultyMachine();
  shop = await openShop();
  await begin(machine.env);
  token = await issueToken(shop);
  book = startClients(8, shop.url, () => token);
  health = watchHealth(shop.adminUrl);
});

afterEach(() => machine.recover());

afterAll(async () => {
  await health?.stop();
  await book?.stop();
  await gateway?.end('SIGKILL');
  await shop?.close();
  machine?.remove();
});

/** Of the process that is there to be asked; undefined while none is. */
let life: object | undefined;

async function begin(env?: NodeJS.ProcessEnv): Promise<void> {
  gateway = await startGateway(shop, env);
  life = {};
}

async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  life = undefined;
  await gateway.end(signal);
}

/** A probe that gives up after a second, as an orchestrator's does; whatever else it gets is a failure too. */
function watchHealth(adminUrl: string): typeof health {
  let over = false;
  const seen = { answers: 0, failures: [] as string[] };
  const running = (async () => {
    while (!over) {
      const asked = life;
      const found = await told(`${adminUrl}/healthz`).catch((error: unknown) => String(error));
      // A process that is ended meanwhile owes no answer.
      if (asked && asked === life) {
        if (typeof found === 'object' && found.status === 200 && found.body.ok === true) seen.answers++;
        else seen.failures.push(JSON.stringify(found));
      }
      await systemClock.sleep(50);
    }
  })();
  return {
    get answers() {
      return seen.answers;
    },
    failures: seen.failures,
    async stop() {
      over = true;
      await running;
    },
  };
}

type Told = { status: number; body: { ok?: boolean; reasons?: string[]; warnings?: string[] } };

async function told(url: string): Promise<Told> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  return { status: answer.status, body: (await answer.json()) as Told['body'] };
}

/** Not only that it is not ready: why, and within a second. */
async function expectReason(reason: RegExp): Promise<void> {
  const { status, body } = await told(`${shop.adminUrl}/readyz`);
  expect(status).toBe(503);
  expect(body.reasons?.join('\n')).toMatch(reason);
}

/** Trouble that no call depends on is looked for now and then. */
async function untilWarned(warning: RegExp): Promise<void> {
  while (!(await told(`${shop.adminUrl}/readyz`)).body.warnings?.some((text) => warning.test(text))) {
    await systemClock.sleep(20);
  }
}

/** What a balancer sends calls by: the fault is over only when it says so. */
async function untilReady(): Promise<void> {
  while ((await told(`${shop.adminUrl}/readyz`)).status !== 200) await systemClock.sleep(20);
}

async function untilStatus(status: number): Promise<void> {
  while ((await callStatus(shop, token)) !== status) await systemClock.sleep(20);
}

/** The service itself fails now and then, which costs nothing and may pass; nothing that it served does. */
async function expectNothingServed(calls = 20): Promise<void> {
  for (let call = 0; call < calls; call++) expect([ownFailure, 503]).toContain(await callStatus(shop, token));
}

const noRoom = /journal: cannot write, .*full/;

it('a full disk: calls are refused with 503, and sold again when there is room, without a restart', async () => {
  await untilStatus(200);
  machine.fail('full');
  await untilStatus(503);
  for (let look = 0; look < 5; look++) {
    await expectReason(noRoom);
    await expectNothingServed(4);
  }
  machine.recover();
  await untilReady();
  await untilStatus(200);
});

it('a kill on a full disk leaves a log that is taken up again, with the transaction that had no room torn', async () => {
  machine.fail('full');
  await untilStatus(503);
  await expectReason(noRoom);
  await end('SIGKILL');
  machine.recover();
  await begin(machine.env);
  await untilStatus(200);
});

it('a sync that fails: calls are refused with 503 until a restart, for what the disk holds is in doubt', async () => {
  machine.fail('sync');
  await untilStatus(503);
  await expectReason(/journal: cannot write/);
  machine.recover();
  await expectNothingServed();
  await end('SIGTERM');
  await begin(machine.env);
  await untilStatus(200);
});

it('another process with the write lock: calls are refused with 503, and sold again when it lets go', async () => {
  const script = `import Database from 'better-sqlite3';
    const db = new Database(${JSON.stringify(shop.databaseFile)});
    db.exec('BEGIN IMMEDIATE');
    console.log('locked');
    process.stdin.once('end', () => { db.exec('ROLLBACK'); process.exit(0); }).resume();`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: path.resolve(import.meta.dirname, '../..'),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  await untilStatus(503);
  await expectReason(/journal: cannot write, .*locked/);
  holder.stdin.end();
  await once(holder, 'exit');
  await untilReady();
  await untilStatus(200);
});

it.each([
  ['four thousand days ahead', 'ahead of', 4_000 * 86_400],
  ['three days behind', 'behind', -3 * 86_400],
])('a clock that is %s changes no balance, and calls are sold again when it is right', async (_, side, seconds) => {
  machine.fail(`clock ${seconds}`);
  // Ahead, tokens have ended; behind, they are not from the past. Either way it is refused, or sold and charged.
  for (let call = 0; call < 20; call++) expect([200, 401, ownFailure, 503]).toContain(await callStatus(shop, token));
  await untilWarned(new RegExp(`clock: the host is \\d+ s ${side} the newest ledger`));
  machine.recover();
  await untilReady();
  await untilStatus(200);
});

it('after all of it the books of clients, service, database and vault agree, and health was told within a second throughout', async () => {
  await health.stop();
  await book.stop();
  expect(await settleAll(shop)).toBe(true);
  await end('SIGTERM');
  const found = await compare(shop, [firstBuyer(shop, [{ api: shop.apis[0], book, cutOff: 0 }])]);
  const [line] = found.lines;
  figure(`${line?.served} served, ${line?.charged} charged, ${health.answers} looks at the health`);
  expect(faultsOfBooks(found)).toEqual([]);
  expect(line?.served).toBeGreaterThan(100);
  expect(health.failures).toEqual([]);
  expect(health.answers).toBeGreaterThan(20);
});

it.each([
  ['header', 0],
  ['page', 3 * 4_096],
])('a database with a damaged %s is refused and left as it is', async (_name, offset) => {
  const sound = fs.readFileSync(shop.databaseFile);
  const damaged = Buffer.from(sound);
  damaged.fill(0xa5, offset, offset + 512);
  fs.writeFileSync(shop.databaseFile, damaged);
  const { code, stderr } = await callora(['serve', '--config', shop.config]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('is not a sound database');
  expect(fs.readFileSync(shop.databaseFile).equals(damaged)).toBe(true);
  fs.writeFileSync(shop.databaseFile, sound);
});

it('a log that is damaged before its end is refused and left as it is, after a kill with charges in it', async () => {
  await begin();
  await untilStatus(200);
  for (let call = 0; call < 20; call++) await callStatus(shop, token);
  await end('SIGKILL');
  const files = [shop.databaseFile, `${shop.databaseFile}-wal`];
  const [database, log] = files.map((file) => fs.readFileSync(file)) as [Buffer, Buffer];
  const damaged = Buffer.from(log);
  // In the page of the third frame: behind it lies what the gateway has answered for.
  damaged[32 + 2 * 4_120 + 1_000] = 1 ^ (damaged[32 + 2 * 4_120 + 1_000] ?? 0);
  fs.writeFileSync(`${shop.databaseFile}-wal`, damaged);
  for (const command of ['serve', 'reconcile']) {
    const { code, stderr } = await callora([command, '--config', shop.config]);
    expect(code).toBe(5);
    expect(stderr).toMatch(/-wal is damaged in frame 3 of \d+, and \d+ commits end behind it/);
    expect(files.map((file) => fs.readFileSync(file))).toEqual([database, damaged]);
  }
  fs.writeFileSync(`${shop.databaseFile}-wal`, log);
});

it('the sound files are taken up again', async () => {
  await begin();
  await untilStatus(200);
});
