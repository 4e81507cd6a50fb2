import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeState } from '../../src/cli/consumer-state.ts';
import { createCliRig, temporaryDir } from './rig.ts';

/** Without any network, on the worked example of docs/receipts.md. */

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/receipts.md'), 'utf8');
const { receipt, roots, chain, jwks } = JSON.parse([...page.matchAll(/```json\n([\s\S]*?)```/g)][1]?.[1] ?? '{}');
const payee = receipt.leaf.payee;

function rig() {
  const dir = temporaryDir();
  const { cli, callora } = createCliRig();
  const file = (name: string, value: unknown) => {
    const at = path.join(dir, name);
    writeFileSync(at, typeof value === 'string' ? value : JSON.stringify(value));
    return at;
  };
  const verify = (value: unknown, ...options: string[]) =>
    callora('verify', file('receipt.json', value), '--offline', ...options);
  const saved = ['--roots', file('roots.json', roots), '--jwks', file('jwks.json', jwks)];
  const pinTo = (vault: string) =>
    writeState(cli.stateDir, {
      gateway: 'https://api.example.com',
      passphrase: receipt.network_passphrase,
      vault,
      rpcUrl: undefined,
      loginKey: undefined,
      keyFile: undefined,
      tokens: {},
    });
  return { callora, file, verify, saved, pinTo };
}

describe('callora verify --offline', () => {
  it('ends with 0 when everything that was asked for holds, and says what was not checked', async () => {
    const { verify, saved } = rig();
    const all = await verify(receipt, ...saved, '--chain', chain);
    expect(all).toMatchObject({ code: 0, note: '' });
    expect(all.out).toMatch(/vault and network +not checked/);
    const leafOnly = await verify(receipt);
    expect(leafOnly.code).toBe(0);
    expect(leafOnly.out).toMatch(/root in the list +not checked/);
    const { ok, checks } = JSON.parse((await verify(receipt, ...saved, '--json')).out);
    expect(ok).toBe(true);
    expect(checks).toContainEqual({ name: 'chain', state: 'not_checked', detail: expect.any(String) });
  });

  it('ends with 1 when what was asked for does not hold, or cannot be told', async () => {
    const { verify, saved, file } = rig();
    expect((await verify(receipt, ...saved, '--chain', '0'.repeat(64))).code).toBe(1);
    expect((await verify({ ...receipt, leaf: { ...receipt.leaf, price: '0.003' } })).code).toBe(1);
    expect((await verify(receipt, '--chain', chain)).code).toBe(1);
    expect((await verify(receipt, '--jwks', file('none.json', { keys: [] }))).code).toBe(1);
    const places = { lane: null, batch: null, root: null, index: null, size: null, path: null };
    const unsealed = { ...receipt, ...places, state: 'unsealed', tx_hash: null, ledger: null };
    const ran = await verify(unsealed, '--roots', file('roots.json', roots), '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.out).ok).toBe(false);
  });

  it('believes the pinned vault and not the receipt', async () => {
    const { verify, saved, pinTo } = rig();
    pinTo(receipt.vault);
    expect((await verify(receipt, ...saved)).out).toMatch(/vault and network +ok/);
    pinTo('CBIELTK6YBZJU5UP2WWQEUCYKLPU6AUNZ2BQ4WWFEIE3USCIHMXQDAMA');
    const ran = await verify(receipt, ...saved, '--chain', chain);
    expect(ran).toMatchObject({ code: 1, out: expect.stringContaining(`the receipt is about ${receipt.vault}`) });
  });

  it('names what is wrong with its files and options', async () => {
    const { callora, verify, file } = rig();
    expect(await callora('verify', '/nowhere/receipt.json', '--offline')).toMatchObject({
      code: 2,
      note: expect.stringContaining('/nowhere/receipt.json cannot be read (ENOENT)'),
    });
    expect(await verify('{')).toMatchObject({ code: 2, note: expect.stringContaining('holds no JSON') });
    expect(await verify(receipt, '--chain', 'xyz')).toMatchObject({ code: 2 });
    expect(await verify({ hello: payee })).toMatchObject({
      code: 1,
      out: expect.stringContaining('no receipt of version'),
    });
    const steered = await verify({ ...receipt, vault: `C\u001b[31m` }, '--roots', file('roots.json', roots));
    expect(steered.out).not.toContain('\u001b');
  });
});

describe('callora receipt and leaves', () => {
  it('refuse ids that are none before anyone is asked', async () => {
    const { callora } = rig();
    expect(await callora('receipt', '../account')).toMatchObject({
      code: 2,
      note: expect.stringContaining('digits only'),
    });
    expect(await callora('leaves', '0', '1/../2')).toMatchObject({ code: 2 });
  });
});
