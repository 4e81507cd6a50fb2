import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Asset, Keypair, Operation, rpc, TransactionBuilder } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callora } from '../support/callora-process.ts';

/** `callora devnet` as a user runs it. */

type Info = {
  rpcUrl: string;
  networkPassphrase: string;
  accounts: { address: string; secret: string }[];
};

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'callora-devnet-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function start(args: string[] = []) {
  const infoFile = path.join(dir, 'info.json');
  const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');
  const child = spawn(process.execPath, [launcher, 'devnet', '--port', '0', '--info-file', infoFile, ...args]);
  await ready(child);
  const info: Info = JSON.parse(readFileSync(infoFile, 'utf8'));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, info, server: new rpc.Server(info.rpcUrl, { allowHttp: true }) };
}

function ready(child: ChildProcess): Promise<void> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (part) => {
      text += String(part);
      if (text.includes('Ctrl-C stops it.')) resolve();
    });
    child.once('close', (code) => reject(new Error(`the devnet ended with ${code}: ${text}`)));
  });
}

describe('callora devnet', () => {
  it('keeps what it has answered when it is killed, and goes on with it', async () => {
    const state = ['--state', path.join(dir, 'network')];
    const first = await start(state);
    const [from, to] = first.info.accounts.map(({ secret }) => Keypair.fromSecret(secret));
    if (!from || !to) throw new Error('no accounts');
    const source = await first.server.getAccount(from.publicKey());
    const tx = new TransactionBuilder(source, { fee: '100', networkPassphrase: first.info.networkPassphrase })
      .addOperation(Operation.payment({ destination: to.publicKey(), asset: Asset.native(), amount: '7' }))
      .setTimeout(60)
      .build();
    tx.sign(from);
    const { hash } = await first.server.sendTransaction(tx);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await start(state);
    expect(second.info.accounts).toEqual(first.info.accounts);
    expect((await second.server.getTransaction(hash)).status).toBe('SUCCESS');
    expect((await second.server.getAccountEntry(to.publicKey())).balance).toBe(100_070_000_000n);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it('keeps a state file for one process, until that is killed', async () => {
    const file = path.join(dir, 'one owner');
    const first = await start(['--state', file]);
    const second = await callora(['devnet', '--port', '0', '--state', file]);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`--state ${file} is in use by another process (pid ${first.child.pid})`);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = await start(['--state', file]);
    third.child.kill('SIGINT');
    expect(await third.ended).toBe(0);
  });

  it('names what is wrong with its options', async () => {
    const running = await start();
    const { port } = new URL(running.info.rpcUrl);
    const busy = await callora(['devnet', '--port', port]);
    expect(busy.code).toBe(2);
    expect(busy.stderr).toContain(`port ${port} is in use`);
    expect(busy.stderr).toContain('--port');
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
    const real = await callora(['devnet', '--port', '0', '--passphrase', 'Test SDF Network ; September 2015']);
    expect(real.stderr).toContain('is a public network');
  });
});
