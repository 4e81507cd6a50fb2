import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAdmin } from '../../src/admin/admin.ts';
import type { Books } from '../../src/admin/books.ts';
import { loadConfig } from '../../src/catalog/load.ts';
import type { Config } from '../../src/catalog/model.ts';
import { fakeClock } from '../../src/clock.ts';
import { GatewayError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { alice, healthy } from '../admin/rig.ts';
import { createCliRig, temporaryDir } from './rig.ts';

type Answers = Partial<{ [Name in keyof Books]: (...args: Parameters<Books[Name]>) => unknown }>;

/** Books that answer what a test wants and keep what they were asked. */
function fakeBooks(answers: Answers) {
  const asked: unknown[] = [];
  const books = new Proxy({} as Books, {
    get: (_, name) => {
      if (name === 'then') return undefined;
      return async (...args: unknown[]) => {
        asked.push([name, ...args]);
        const answer: unknown = Reflect.get(answers, name);
        return typeof answer === 'function' ? answer(...args) : {};
      };
    },
  });
  return { books, asked };
}

async function freePort(): Promise<number> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A set-up as `callora init` makes it, with the admin listener on this port. */
async function setUp(port: number): Promise<{ file: string; config: Config }> {
  const dir = temporaryDir();
  const { callora } = createCliRig();
  const made = await callora('init', '--dir', dir);
  expect(made).toMatchObject({ code: 0, note: '' });
  const file = path.join(dir, 'config.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('127.0.0.1:8403', `127.0.0.1:${port}`));
  const loaded = loadConfig({ file, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { file, config: loaded.config };
}

async function runningGateway(answers: Answers) {
  const port = await freePort();
  const { file, config } = await setUp(port);
  const { books, asked } = fakeBooks(answers);
  const admin = createAdmin({
    config: () => config,
    listen: config.admin.listen,
    token: config.admin.token,
    books,
    health: () => healthy,
    dashboard: { page: () => false, books },
    metrics: { contentType: 'text/plain', text: async () => '' },
    version: '1.2.3',
    clock: fakeClock(),
    log: silentLog(),
  });
  await admin.listen();
  onTestFinished(() => admin.close());
  return { file, config, asked };
}

const statementOf = {
  payee: alice,
  from: '2026-11-01',
  to: '2026-11-30',
  currency: 'USDC',
  fee_bps: 100,
  usage: { calls: 2, gross: '3', refunded: '1', net: '2' },
  balance: { opening: '1', settled: '2', fee: '0.02', claimed: '0', closing: '2.98' },
  net: '1.98',
  lanes: [{ lane: 0, settled: '2', fee: '0.02' }],
  settlements: [],
  payments: [],
  open: { unsealed: '0', in_batches: '0', receivable: '0', held: '0', written_off: '0', owed_by_vault: '2.98' },
  by_day: [{ day: '2026-11-01', calls: 2, gross: '3', refunded: '1', net: '2' }],
  by_route: [],
  seen_until: null,
  notes: [],
};

const figures = { address: alice, deposited: '10', charged: '0.002' };

describe('beside a running gateway', () => {
  it('a command goes through its admin listener and never opens the database', async () => {
    const { file, asked } = await runningGateway({ account: () => figures });
    const { callora } = createCliRig();
    const ran = await callora('account', 'show', alice, '--config', file, '--json');
    expect(ran).toMatchObject({ code: 0, note: '' });
    expect(JSON.parse(ran.out)).toEqual(figures);
    expect(asked).toEqual([['account', alice]]);
  });

  it('every function of the books arrives with its arguments', async () => {
    const page = () => ({ items: [], next: null });
    const { file, asked } = await runningGateway({
      tokens: page,
      usage: page,
      usageSummary: () => ({ by: 'route', items: [] }),
      batches: page,
      payouts: page,
      claimPayouts: () => ({ results: [] }),
      accounts: page,
      issueToken: () => ({ token: 'a.b.c' }),
      revokeToken: () => ({ outcome: 'revoked' }),
      statement: () => statementOf,
      refund: () => ({ call: '5', amount: '1', account: alice }),
    });
    const { callora } = createCliRig();
    const run = async (...args: string[]) => {
      const ran = await callora(...args, '--config', file);
      expect({ args, note: ran.note, code: ran.code }).toEqual({ args, note: '', code: 0 });
      return ran.out;
    };
    const issue = ['--account', alice, '--cap', '2.5', '--scope', 'example', '--ttl', '30m', '--label', 'ü & co'];
    expect(await run('token', 'issue', ...issue)).toBe('a.b.c\n');
    await run('token', 'revoke', 'a/b');
    await run('token', 'list', '--account', alice, '--limit', '7', '--cursor', '9');
    await run('usage', 'list', '--doubtful');
    await run('usage', 'summary', '--from', '2026-11-01', '--by', 'route', '--csv');
    await run('statement', alice, '--from', '2026-11-01');
    const csv = await run('statement', alice, '--csv');
    expect(csv.split('\r\n').slice(0, 3)).toEqual([
      'record,time,api,method,route,calls,gross,refunded,net,amount,collected,lane,batch,transaction,link',
      'opening,2026-11-01,,,,,,,,1,,,,,',
      'day,2026-11-01,,,,2,3,1,2,,,,,,',
    ]);
    await run('usage', 'refund', '5');
    await run('settle', 'list');
    await run('settle', 'payouts', '--limit', '3');
    await run('settle', 'claim', alice);
    await run('account', 'list');
    expect(asked).toEqual([
      ['issueToken', { account: alice, cap: '2.5', scope: ['example'], ttl_s: 1800, label: 'ü & co' }],
      ['revokeToken', 'a/b'],
      ['tokens', { account: alice, limit: 7, cursor: '9' }],
      ['usage', { cursor: undefined, limit: 50, doubtful: true }],
      ['usageSummary', { from: '2026-11-01', by: 'route' }],
      ['statement', alice, { from: '2026-11-01' }],
      ['statement', alice, {}],
      ['refund', '5'],
      ['batches', { cursor: undefined, limit: 50 }],
      ['payouts', { limit: 3, cursor: undefined }],
      ['claimPayouts', alice],
      ['accounts', { cursor: undefined, limit: 50 }],
    ]);
  });

  it('a refusal of the books is a message and code 5', async () => {
    const { file } = await runningGateway({
      account: () => {
        throw new GatewayError('not_found', 'no such account here');
      },
    });
    const { callora } = createCliRig();
    const ran = await callora('account', 'show', alice, '--config', file);
    expect(ran).toEqual({ code: 5, out: '', note: 'error: no such account here\n' });
  });

  it('another admin token is named as the reason', async () => {
    const { file, config } = await runningGateway({});
    writeFileSync(path.join(path.dirname(config.file), 'secrets/admin.token'), 'another-admin-token-of-length\n');
    const { callora } = createCliRig();
    const ran = await callora('account', 'list', '--config', file);
    expect(ran.code).toBe(3);
    expect(ran.note).toContain('does not take this admin token');
  });

  it('reconcile ends with 1 when something is off, and says what', async () => {
    const check = { name: 'deposited', ok: false, subject: alice, books: '1', chain: '2', detail: '' };
    const report = { ok: false, units_off: '10000000', checks: [check], totals: [] };
    const { file } = await runningGateway({ reconcile: () => report });
    const { callora } = createCliRig();
    const ran = await callora('reconcile', '--config', file);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/deposited +G.*\n1 identity compared, 10000000 units off/);
    expect(await callora('reconcile', '--csv', '--config', file)).toMatchObject({ code: 1 });
    expect(await callora('reconcile', '--csv', '--json', '--config', file)).toMatchObject({ code: 2 });
  });

  it('settle now ends with 6 when the chain has not confirmed in time', async () => {
    const result = { complete: false, waiting_for: 'the network', batches: [], earnings: [], unsettled: '1' };
    const { file } = await runningGateway({ settleNow: () => result });
    const { callora } = createCliRig();
    const ran = await callora('settle', 'now', '--config', file);
    expect(ran.code).toBe(6);
    expect(ran.note).toContain('waiting for the network');
  });

  it('settle status shows what the network objected to last in a batch, when and how often', async () => {
    const last = { reason: 'txInsufficientFee', at: '2027-01-15T08:00:00.000Z', tries: 3 };
    const lane = { lane: 0, batch: 7, state: 'submitted', waiting_for: 'transaction ab', last_objection: last };
    const costs = { batches: 1, accounts: 1, fee_xlm: '0.2', fee_per_account_xlm: '0.2' };
    const status = { unsealed: { calls: 1, amount: '0' }, open: [], lanes: [lane], last: null, costs };
    const { file } = await runningGateway({ settlement: () => ({ ...status, earnings: [] }) });
    const { callora } = createCliRig();
    const ran = await callora('settle', 'status', '--config', file);
    expect(ran.out).toMatch(/not yet in a batch +1 call, 0 USDC/);
    expect(ran.out).toContain('0.2 XLM for the last batch, 0.2 XLM for each settled account');
    expect(ran.out).toContain('txInsufficientFee, 3 times, last at 2027-01-15T08:00:00.000Z');
    const { out } = await callora('settle', 'status', '--json', '--config', file);
    expect(JSON.parse(out)).toMatchObject({ lanes: [{ last_objection: last }] });
  });
});

describe('without a gateway', () => {
  it('a command opens the books, and closes them also when it is refused', async () => {
    const { file } = await setUp(await freePort());
    const { books } = fakeBooks({
      account: () => {
        throw new GatewayError('not_found', 'no such account here');
      },
    });
    let closed = 0;
    const { callora } = createCliRig({ openBooks: async () => ({ books, close: async () => void closed++ }) });
    expect(await callora('account', 'show', alice, '--config', file)).toMatchObject({ code: 5 });
    expect(closed).toBe(1);
    expect(await callora('account', 'list', '--config', file, '--json')).toMatchObject({ code: 0 });
    expect(closed).toBe(2);
  });

  it('books that another process holds are an error with a name, not a second writer', async () => {
    const { file } = await setUp(await freePort());
    const locked = Object.assign(new Error('x.db is in use by another process (pid 7)'), { name: 'StoreLockedError' });
    const { callora } = createCliRig({ openBooks: () => Promise.reject(locked) });
    const ran = await callora('account', 'list', '--config', file);
    expect(ran.code).toBe(4);
    expect(ran.note).toMatch(/in use by another process \(pid 7\), but nothing answers on its admin listener/);
  });

  it('something else on the admin port is not taken for a gateway, nor for none', async () => {
    const server = http.createServer((_, res) => res.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { file } = await setUp((server.address() as AddressInfo).port);
    const { callora } = createCliRig();
    expect(await callora('account', 'list', '--config', file)).toMatchObject({ code: 4 });
  });
});
