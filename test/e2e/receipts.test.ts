import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { contract, Keypair } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readState, writeState } from '../../src/cli/consumer-state.ts';
import type { ReceiptView } from '../../src/portal/receipt-view.ts';
import type { LeavesView } from '../../src/portal/receipts.ts';
import { callora, type Result, type Sandbox, startSandbox } from '../support/callora-process.ts';
import { tamperings } from '../support/receipt-tampering.ts';
import { runStandalone } from '../support/standalone-verifier.ts';

/** From a paid call to a proof that needs nobody's word: the shipped commands, the stand-alone script, a stock RPC client. */

let sandbox: Sandbox;
let dir: string;
let call: string;
let receipt: ReceiptView;
/** The vault's own word, read by a stock client. */
let chain: string;

const at = (name: string) => path.join(dir, name);
const readJson = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));

function consumer(...args: string[]): Promise<Result> {
  return callora(args, { env: { CALLORA_HOME: at('home') } });
}

async function paidCall(token = sandbox.info.token): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${sandbox.info.gateway}/demo/forecast/oslo`, { headers });
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
  return answer.headers.get('callora-call') ?? '';
}

async function vaultChain(): Promise<string> {
  const { rpcUrl, networkPassphrase, vault } = sandbox.info;
  const options = {
    contractId: vault,
    rpcUrl,
    networkPassphrase,
    allowHttp: true,
    publicKey: sandbox.info.consumer.address,
  };
  const client = (await contract.Client.from(options)) as contract.Client & {
    last_batch(args: { lane: number }): Promise<contract.AssembledTransaction<{ chain: Uint8Array }>>;
  };
  return Buffer.from((await client.last_batch({ lane: 0 })).result.chain).toString('hex');
}

beforeAll(async () => {
  sandbox = await startSandbox();
  dir = mkdtempSync(path.join(tmpdir(), 'callora-receipts-'));
  writeFileSync(at('key.seed'), `${sandbox.info.consumer.secret}\n`, { mode: 0o600 });
  const { gateway, config } = sandbox.info;
  expect((await consumer('login', '--gateway', gateway, '--key', at('key.seed'))).code).toBe(0);
  const calls = await Promise.all(Array.from({ length: 5 }, () => paidCall()));
  call = calls[2] ?? '';
  expect((await callora(['settle', 'now', '--config', config])).code).toBe(0);
  expect((await consumer('receipt', call, '--out', at('receipt.json'))).code).toBe(0);
  expect((await consumer('roots', '--out', at('roots.json'), '--jwks', at('jwks.json'))).code).toBe(0);
  receipt = readJson('receipt.json');
  chain = await vaultChain();
});

afterAll(async () => {
  await sandbox?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** A page as a gateway would tell it that wants to hide a leaf: everything adds up. */
function withoutALeaf(page: LeavesView): LeavesView {
  const [left, ...items] = page.items;
  const price = left?.leaf.kind === 'call' ? Number(left.leaf.price) : 0;
  const less = (text: string) => String(Math.round((Number(text) - price) * 1e7) / 1e7);
  const lines = page.lines?.map((line) => ({ ...line, amount: less(line.amount), taken: less(line.taken ?? '0') }));
  return { ...page, items, lines: lines ?? null };
}

describe('the receipt of a settled call', () => {
  it('is confirmed, signed, and holds against the vault online', async () => {
    expect(receipt).toMatchObject({ state: 'confirmed', leaf: { call, price: '0.002', api: 'demo' }, lane: 0 });
    const ran = await consumer('verify', at('receipt.json'), '--json');
    expect(ran).toMatchObject({ code: 0 });
    const { ok, checks } = JSON.parse(ran.stdout);
    expect(ok).toBe(true);
    expect(checks.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`)).toEqual(
      ['vault', 'leaf', 'path', 'list', 'fold', 'chain', 'signature'].map((name) => `${name} ok`),
    );
    expect((await consumer('verify', at('receipt.json'))).stdout).toMatch(/chain value = vault +ok +after batch/);
  });

  it('holds offline against saved files, and against the vault without any gateway', async () => {
    const { rpcUrl, networkPassphrase, vault } = sandbox.info;
    const saved = ['--roots', at('roots.json'), '--jwks', at('jwks.json')];
    expect(await consumer('verify', at('receipt.json'), '--offline', ...saved, '--chain', chain)).toMatchObject({
      code: 0,
    });
    const bare = ['--rpc', rpcUrl, '--network', networkPassphrase, '--vault', vault];
    expect(await consumer('verify', at('receipt.json'), ...bare, ...saved)).toMatchObject({ code: 0 });
    const wrong = await consumer('verify', at('receipt.json'), '--offline', ...saved, '--chain', '00'.repeat(32));
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED') });
  });

  it('holds for a stranger with the stand-alone script, and in no field changed', async () => {
    const [roots, jwks] = [readJson('roots.json'), readJson('jwks.json')];
    expect(await runStandalone({ receipt, roots, chain, jwks })).toMatchObject({ code: 0 });
    const changed = tamperings(receipt);
    for (const { name, receipt: tampered } of changed) {
      expect([name, (await runStandalone({ receipt: tampered, roots, chain, jwks })).code]).not.toEqual([name, 0]);
    }
    for (const [part, { roots: list }] of roots.parts.entries()) {
      for (const [index, entry] of list.entries()) {
        const root = `${entry.root.startsWith('0') ? '1' : '0'}${entry.root.slice(1)}`;
        const forged = structuredClone(roots);
        forged.parts[part].roots[index].root = root;
        expect((await runStandalone({ receipt, roots: forged, chain, jwks })).code).not.toBe(0);
      }
    }
  });

  it('is one of the leaves that explain all that was asked of the account', async () => {
    const ran = await consumer('leaves', '0', String(receipt.batch), '--out', at('leaves.json'), '--json');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const { payee } = sandbox.info;
    const { sums, not_checked } = JSON.parse(ran.stdout);
    // What was asked and taken is what the settlement's own transaction says, over the consumer's RPC server.
    expect(not_checked).toEqual([]);
    const [sum] = sums;
    expect(sum).toMatchObject({ payee: payee.address, net: sum.asked, taken: sum.asked });
    expect(sum.leaves).toBe(receipt.size);
    expect(readJson('leaves.json').map(({ leaf }: ReceiptView) => leaf)).toContainEqual(receipt.leaf);
    const again = await consumer('leaves', '0', String(receipt.batch), '--with', at('leaves.json'), '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, faults: [] });
    const moved = readJson('leaves.json').map((kept: ReceiptView) => ({ ...kept, batch: 1_000 }));
    writeFileSync(at('moved.json'), JSON.stringify(moved));
    const call = receipt.leaf.kind === 'call' ? receipt.leaf.call : '';
    const twice = await consumer('leaves', '0', String(receipt.batch), '--with', at('moved.json'), '--json');
    expect(JSON.parse(twice.stdout).faults).toContain(`call ${call} is billed in ${at('moved.json')} too`);
  });

  it.each([
    ['less than was taken, with a leaf left out', {}],
    ['the same, and of no transaction', { tx_hash: null }],
    ['the same, and of a transaction that nobody knows', { tx_hash: 'ab'.repeat(32) }],
  ])('are not believed of a gateway that tells of %s', async (_, more) => {
    const liar = createServer((req, res) => {
      void fetch(`${sandbox.info.gateway}${req.url}`, {
        headers: { authorization: req.headers.authorization ?? '' },
      }).then(async (answer) => {
        const body = (await answer.json()) as LeavesView;
        res.setHeader('content-type', 'application/json');
        res.end(JSON.stringify(req.url?.includes('/leaves') ? { ...withoutALeaf(body), ...more } : body));
      });
    });
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
    const { port } = liar.address() as AddressInfo;
    const home = at(`home-${port}`);
    const state = readState(at('home'), sandbox.info.gateway);
    if (!state) throw new Error('nothing was pinned');
    mkdirSync(home);
    writeState(home, { ...state, gateway: `http://127.0.0.1:${port}` });
    const ran = await callora(['leaves', '0', String(receipt.batch), '--json'], { env: { CALLORA_HOME: home } });
    liar.close();
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout).faults.join()).toContain('the vault was asked for');
  });

  it('changed is refused by the command with exit code 1, and so is another vault’s', async () => {
    writeFileSync(at('forged.json'), JSON.stringify({ ...receipt, leaf: { ...receipt.leaf, price: '0.001' } }));
    expect(await consumer('verify', at('forged.json'))).toMatchObject({ code: 1 });
    const other = 'CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA';
    writeFileSync(at('other.json'), JSON.stringify({ ...receipt, vault: other }));
    const ran = await consumer('verify', at('other.json'));
    expect(ran).toMatchObject({ code: 1, stdout: expect.stringContaining(`the receipt is about ${other}`) });
  });

  it('does not exist for another account', async () => {
    const { config, gateway } = sandbox.info;
    const other = Keypair.random().publicKey();
    const token = (await callora(['token', 'issue', '--config', config, '--account', other])).stdout.trim();
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${gateway}/_callora/receipts/${call}`, { headers })).status).toBe(404);
    expect((await fetch(`${gateway}/_callora/receipts/${call}`)).status).toBe(401);
  });
});

describe('a receipt before settlement', () => {
  it('is a signed leaf: the signature holds, and the proof is said to be missing', async () => {
    const fresh = await paidCall();
    const ran = await consumer('receipt', fresh, '--out', at('fresh.json'), '--json');
    const { state } = JSON.parse(ran.stdout);
    if (state !== 'unsealed') return expect(['sealed', 'submitted', 'confirmed']).toContain(state);
    expect(await consumer('verify', at('fresh.json'), '--offline', '--jwks', at('jwks.json'))).toMatchObject({
      code: 0,
    });
    const online = await consumer('verify', at('fresh.json'));
    expect(online).toMatchObject({ code: 1, stdout: expect.stringContaining('the call is in no batch yet') });
  });
});
