import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/cli/chain.ts';
import { sandboxKeys } from '../../src/cli/sandbox-files.ts';
import { systemClock } from '../../src/clock.ts';
import { contractCall } from '../../src/stellar/account-transactions.ts';
import { addressValue, i128Value } from '../../src/stellar/contract-values.ts';
import { randomSeed } from '../../src/stellar/seeds.ts';
import { publicKeyOf } from '../../src/stellar/transactions.ts';
import { callora, type Result, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** What the holder of the vault's admin key does, on the embedded network, and what the gateway's audit says of it. */

const keys = sandboxKeys();
const stranger = randomSeed();

let sandbox: Sandbox;
let keyFile: Record<'admin' | 'operator' | 'stranger', string>;

beforeAll(async () => {
  sandbox = await startSandbox();
  const file = (name: string, seed: string) => {
    const to = path.join(sandbox.info.dataDir, `${name}.seed`);
    writeFileSync(to, `${seed}\n`, { mode: 0o600 });
    return to;
  };
  keyFile = {
    admin: file('admin', keys.admin),
    operator: file('operator', keys.operator),
    stranger: file('stranger', stranger),
  };
});

afterAll(async () => {
  await sandbox?.stop();
});

function vault(...args: string[]): Promise<Result> {
  return callora(['vault', ...args, '--config', sandbox.info.config]);
}

const asAdmin = (...args: string[]) => vault(...args, '--admin-key', keyFile.admin);

async function shown(): Promise<Record<string, unknown>> {
  return JSON.parse((await vault('show', '--json')).stdout);
}

/** Rows that the gateway has written from the vault's own events, as `action subject`. */
async function audited(wanted: string): Promise<string> {
  for (;;) {
    const { adminToken, admin } = sandbox.info;
    const answer = await fetch(`${admin}/api/audit?limit=100`, { headers: { authorization: `Bearer ${adminToken}` } });
    const page = (await answer.json()) as {
      items: { actor: string; action: string; subject: string; detail: string }[];
    };
    const row = page.items.find((item) => item.actor === 'vault' && `${item.action} ${item.subject}` === wanted);
    if (row) return row.detail;
  }
}

describe('the vault’s admin', () => {
  const payee = publicKeyOf(randomSeed());

  it('lists a payee and takes it off again, each with a row in the audit', async () => {
    const added = await asAdmin('payee', 'add', payee, '--json');
    expect(added).toMatchObject({ code: 0 });
    expect(await audited(`payee added ${payee}`)).toContain(JSON.parse(added.stdout).tx_hash);
    expect(await asAdmin('payee', 'add', payee)).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('payee_listed'),
    });
    const asked = await asAdmin('payee', 'remove', payee);
    expect(asked).toMatchObject({ code: 5, stderr: expect.stringContaining('say --yes') });
    expect((await asAdmin('payee', 'remove', payee, '--yes')).code).toBe(0);
    await audited(`payee removed ${payee}`);
  });

  it('rehearses an act without sending it', async () => {
    const rehearsed = await asAdmin('payee', 'add', payee, '--simulate');
    expect(rehearsed).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing was sent') });
    expect((await asAdmin('payee', 'remove', payee, '--simulate')).code).toBe(6);
  });

  it('is told by its key: another one is refused before anything is sent', async () => {
    const refused = await vault('set-treasury', payee, '--yes', '--admin-key', keyFile.stranger);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('which is not the vault’s admin') });
    expect((await vault('unpause', '--admin-key', keyFile.operator)).code).toBe(5);
    expect((await vault('pause')).code).toBe(2);
  });

  it('pauses, as the operator may too, and alone unpauses', async () => {
    expect((await vault('pause', '--settlement', '--admin-key', keyFile.operator)).code).toBe(0);
    await audited('paused settlement paused');
    expect(await shown()).toMatchObject({ paused: 'settlement' });
    const stopped = await fetch(`${sandbox.info.gateway}/demo/forecast/oslo`, {
      headers: { authorization: `Bearer ${sandbox.info.token}` },
    });
    expect(stopped.status).toBe(503);
    expect((await asAdmin('unpause')).code).toBe(0);
    expect(await shown()).toMatchObject({ paused: 'nothing' });
  });

  it('works without a config file, on a machine that only administers', async () => {
    const { rpcUrl, networkPassphrase, vault: address } = sandbox.info;
    const at = ['--rpc', rpcUrl, '--network', networkPassphrase, '--vault', address];
    expect((await callora(['vault', 'payee', 'add', payee, ...at, '--admin-key', keyFile.admin])).code).toBe(0);
  });

  it('takes out what was sent to the vault without a deposit, no more, and the list says so', async () => {
    const { rpcUrl, networkPassphrase: passphrase, config, consumer } = sandbox.info;
    const to = consumer.address;
    const args = [addressValue(to), addressValue(sandbox.info.vault), i128Value(12_345_678n)];
    const operation = contractCall(sandbox.info.usdc.contract, 'transfer', args);
    await connect({ clock: systemClock }, { rpcUrl, passphrase }).submitter.submit({
      operation,
      secret: keys.consumer,
    });
    const sweep = (amount: string, ...more: string[]) => asAdmin('sweep', amount, '--to', to, ...more);
    expect(await sweep('1.2345679', '--yes')).toMatchObject({ code: 6, stderr: expect.stringContaining('no_surplus') });
    const asked = await sweep('1.2345678');
    expect(asked).toMatchObject({ code: 5, stderr: expect.stringContaining('of 1.2345678 USDC that are nobody’s') });
    const rehearsed = JSON.parse((await sweep('1', '--simulate', '--json')).stdout);
    expect(rehearsed).toMatchObject({ nobodys: '1.2345678', nobodys_after: '0.2345678' });
    const { tx_hash } = JSON.parse((await sweep('1.2345678', '--yes', '--json')).stdout);
    const list = async () =>
      JSON.parse((await callora(['deposits', 'list', '--unattributed', '--json', '--config', config])).stdout).items;
    while ((await list())[0]?.left !== '0');
    expect(await list()).toMatchObject([{ kind: 'transfer', amount: '1.2345678', left: '0', swept_by: [tx_hash] }]);
  });

  it('announces other code, which cannot be applied before its delay, and takes it back', async () => {
    const wasm = path.resolve(import.meta.dirname, '../../contracts/dist/vault.wasm');
    const hash = createHash('sha256').update(readFileSync(wasm)).digest('hex');
    expect((await asAdmin('upgrade', 'propose', '--wasm', wasm)).code).toBe(5);
    expect((await asAdmin('upgrade', 'propose', '--wasm', wasm, '--yes')).code).toBe(0);
    expect(await shown()).toMatchObject({ pending_upgrade: hash, upgrade_from: expect.stringContaining('T') });
    const early = await asAdmin('upgrade', 'apply', '--yes');
    expect(early).toMatchObject({ code: 6, stderr: expect.stringContaining('upgrade_too_early') });
    expect((await asAdmin('upgrade', 'cancel')).code).toBe(0);
    await audited(`upgrade cancelled ${hash}`);
    expect((await asAdmin('upgrade', 'propose', '--hash', 'abc')).code).toBe(2);
  });

  it('hands over its role only to who accepts it, and rotates operator and treasury', async () => {
    const operator = publicKeyOf(keys.operator);
    expect((await asAdmin('admin', 'propose', operator, '--yes')).code).toBe(0);
    expect(await shown()).toMatchObject({ pending_admin: operator });
    expect((await vault('admin', 'accept', '--admin-key', keyFile.stranger)).code).toBe(5);
    expect((await vault('admin', 'accept', '--admin-key', keyFile.operator)).code).toBe(0);
    expect(await shown()).toMatchObject({ admin: operator });
    const next = publicKeyOf(stranger);
    expect((await vault('set-treasury', next, '--yes', '--admin-key', keyFile.operator)).code).toBe(0);
    expect((await vault('set-operator', next, '--yes', '--admin-key', keyFile.operator)).code).toBe(0);
    await audited(`operator set ${next}`);
    expect(await shown()).toMatchObject({ operator: next, treasury: next });
  });
});
