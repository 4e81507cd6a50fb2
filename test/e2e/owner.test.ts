import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contract, Keypair } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatementView } from '../../src/admin/statement-view.ts';
import type { Quote } from '../../src/catalog/quote.ts';
import type { SandboxInfo } from '../../src/cli/sandbox-report.ts';
import type { UsageSummary } from '../../src/metering/usage-summary.ts';
import { parseUsdc, type Units, units } from '../../src/money.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** What an API owner holds in the hands, against the shipped process and a stock Stellar client. */

let sandbox: Sandbox;
let info: SandboxInfo;

beforeAll(async () => {
  sandbox = await startSandbox();
  info = sandbox.info;
});

afterAll(async () => {
  await sandbox?.stop();
});

function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${info.token}`);
  return fetch(`${info.gateway}${path}`, { ...init, headers });
}

async function operator<Result>(...args: string[]): Promise<Result> {
  const ran = await callora([...args, '--config', info.config, '--json']);
  if (ran.code !== 0) throw new Error(`callora ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

function amount(text: string): Units {
  const value = parseUsdc(text);
  if (value === undefined) throw new Error(`${text} is no USDC amount`);
  return value;
}

type Request = { method: string; url: string; headers: Record<string, string> };
type Check = (req: Request, nowMs?: number) => Record<string, unknown> | undefined;

/** The sample of the page for API owners, as a reader copies it. */
async function contextCheck(gateway: string, api: string): Promise<Check> {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/api-owners.md'), 'utf8');
  const sample = /```js\n(import[\s\S]*?contextCheck[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const file = path.join(info.dataDir, 'check.mjs');
  writeFileSync(file, sample);
  return (await import(file)).contextCheck(gateway, api);
}

type Earnings = { gross: bigint; net_paid: bigint; fee_paid: bigint };

async function earnings(): Promise<Earnings> {
  const keypair = Keypair.fromSecret(info.consumer.secret);
  const client = await contract.Client.from({
    contractId: info.vault,
    rpcUrl: info.rpcUrl,
    networkPassphrase: info.networkPassphrase,
    allowHttp: true,
    publicKey: keypair.publicKey(),
  });
  const vault = client as contract.Client & {
    earnings(args: { payee: string; lane: number }): Promise<contract.AssembledTransaction<Earnings>>;
  };
  return (await vault.earnings({ payee: info.payee.address, lane: 0 })).result;
}

describe('a statement', () => {
  it('ties out with what a stock client reads from the vault, to the unit', async () => {
    for (let calls = 0; calls < 7; calls++) await call('/demo/forecast/oslo');
    await operator('settle', 'now');
    const onChain = await earnings();
    const statement = await operator<StatementView>('statement', info.payee.address);
    expect(amount(statement.balance.settled)).toBe(units(onChain.gross));
    const fee = (onChain.gross * BigInt(statement.fee_bps)) / 10_000n;
    expect(amount(statement.balance.fee)).toBe(units(fee));
    expect(amount(statement.balance.claimed)).toBe(units(onChain.net_paid));
    expect(amount(statement.balance.closing)).toBe(units(onChain.gross - fee - onChain.net_paid));
    expect(statement.open.owed_by_vault).toBe(statement.balance.closing);
    expect(amount(statement.usage.net)).toBe(units(onChain.gross));
    expect(statement.settlements.at(-1)?.tx_hash).toMatch(/^[0-9a-f]{64}$/);
    const status = await operator<{ earnings: { payee: string; gross: string }[] }>('settle', 'status');
    expect(status.earnings).toContainEqual(expect.objectContaining({ gross: statement.balance.settled }));
  });

  it('shows what was claimed and the fee that was collected, each with its transaction', async () => {
    const { results } = await operator<{ results: { kind: string; outcome: string }[] }>('settle', 'claim');
    expect(results.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['claim', 'paid'],
      ['fee', 'paid'],
    ]);
    const payouts = await operator<{ items: { payee: string; state: string }[] }>('settle', 'payouts');
    expect(payouts.items).toMatchObject([{ payee: info.payee.address, state: 'paid' }]);
    const onChain = await earnings();
    expect(onChain.net_paid).toBeGreaterThan(0n);
    for (;;) {
      const statement = await operator<StatementView>('statement', info.payee.address);
      const paid = (kind: string) => statement.payments.filter((row) => row.kind === kind);
      // The watcher sees both events within a poll or two.
      if (paid('claimed').length === 0 || paid('fee_collected').length === 0) continue;
      const sum = (kind: string) => paid(kind).reduce((all, row) => all + amount(row.amount), 0n);
      expect([sum('claimed'), sum('fee_collected')]).toEqual([onChain.net_paid, onChain.fee_paid]);
      expect(statement.balance).toMatchObject({ closing: '0' });
      for (const row of statement.payments) expect(row.tx_hash).toMatch(/^[0-9a-f]{64}$/);
      expect(paid('claimed')[0]?.to).toBe(info.payee.address);
      return;
    }
  });

  it('is a table that a spreadsheet adds up, and the operator API’s answer', async () => {
    const csv = await callora(['statement', info.payee.address, '--config', info.config, '--csv']);
    const lines = csv.stdout.trimEnd().split('\r\n');
    const [head, ...rows] = lines.map((line) => line.split(','));
    const at = head?.indexOf('amount') ?? -1;
    const moved = rows.filter(([record]) => ['opening', 'settled', 'fee', 'claimed'].includes(record ?? ''));
    const sum = moved.reduce((all, row) => {
      const text = row[at] ?? '';
      return all + (text.startsWith('-') ? -amount(text.slice(1)) : amount(text));
    }, 0n);
    const closing = rows.find(([record]) => record === 'closing')?.[at] ?? '';
    expect(sum).toBe(amount(closing));

    const api = await fetch(`${info.admin}/api/statements/${info.payee.address}`, {
      headers: { authorization: `Bearer ${info.adminToken}` },
    });
    expect(await api.json()).toMatchObject({ balance: { closing } });
  });
});

describe('the context that an upstream gets', () => {
  it('passes the check of docs/api-owners.md, on this request alone; a client’s own does not arrive', async () => {
    const check = await contextCheck(info.gateway, 'demo');
    const headers = { 'callora-context': 'forged', callora_context: 'forged' };
    const answer = await call('/demo/echo?x=1', { method: 'POST', body: 'hello', headers });
    const seen = (await answer.json()) as { method: string; headers: Record<string, string> };
    expect(JSON.stringify(seen)).not.toContain('forged');
    const claims = check({ ...seen, url: '/echo?x=1' });
    expect(claims).toMatchObject({
      sub: info.consumer.address,
      jti: answer.headers.get('callora-call'),
      callora_price: answer.headers.get('callora-price'),
    });
    expect(check({ ...seen, url: '/echo?x=2' })).toBeUndefined();
    expect(check({ ...seen, url: '/echo?x=1', headers: {} })).toBeUndefined();
    const asAnother = await contextCheck(info.gateway, 'weather');
    expect(asAnother({ ...seen, url: '/echo?x=1' })).toBeUndefined();
  });
});

describe('usage over time', () => {
  it('is one sum by route, by day, by account, and for the consumer’s own eyes', async () => {
    await call('/demo/forecast/bergen');
    const total = async (by: string) => (await operator<UsageSummary>('usage', '--by', by)).total;
    const byDay = await total('day');
    expect(byDay.calls).toBeGreaterThan(7);
    expect(await total('route')).toEqual(byDay);
    expect(await total('account')).toEqual(byDay);
    const own = await call('/_callora/usage/summary?by=route');
    expect(await own.json()).toMatchObject({ total: byDay });
    const byRoute = await operator<UsageSummary>('usage', 'summary', '--by', 'route', '--api', 'demo');
    expect(byRoute.items).toContainEqual(
      expect.objectContaining({ api: 'demo', method: 'GET', route: '/demo/forecast/:city' }),
    );
  });
});

describe('a quote', () => {
  it('prices the recorded calls under a changed file, to the unit', async () => {
    const file = path.join(info.dataDir, 'next.yaml');
    const yaml = readFileSync(info.config, 'utf8');
    writeFileSync(
      file,
      yaml.replace('price: "0.002", description: "The weather', 'price: "0.0021", description: "The weather'),
    );
    const quote = await operator<Quote>('quote', '--catalog', file);
    const row = quote.rows.find(({ route }) => route === '/demo/forecast/:city');
    expect(row?.calls).toBeGreaterThan(7);
    expect(row?.price).toBe('0.0021');
    expect(amount(row?.difference ?? '')).toBe(units(1_000n * BigInt(row?.calls ?? 0)));
    expect(quote.total.difference).toBe(row?.difference);

    writeFileSync(file, yaml.replace(/^.*GET \/forecast\/:city.*\n/m, ''));
    const ran = await callora(['quote', '--catalog', file, '--config', info.config]);
    expect(ran.stdout).toMatch(/Not priced: \d+ calls[\s\S]*\/demo\/forecast\/:city .*is not in the changed catalog/);
  });
});
