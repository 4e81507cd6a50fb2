import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { launcher } from './gateway.ts';

/** `callora devnet` in a process of its own, which never dies before it is told to. */
export type DevnetProcess = {
  rpcUrl: string;
  horizonUrl: string;
  friendbotUrl: string;
  passphrase: string;
  /** One of the `devnet_…` methods. */
  control(method: string, params?: object): Promise<unknown>;
  close(): Promise<void>;
};

type Info = { rpcUrl: string; horizonUrl: string; friendbotUrl: string; networkPassphrase: string };

export async function startDevnetProcess(folder: string, closeMs: number): Promise<DevnetProcess> {
  const infoFile = path.join(folder, 'devnet-info.json');
  const args = ['devnet', '--port', '0', '--accounts', '0', '--close-ms', String(closeMs), '--info-file', infoFile];
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  // The file is written before the first line.
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  child.stdout.resume();
  if (child.exitCode !== null) throw new Error(`the devnet ended with ${child.exitCode}`);
  const { networkPassphrase: passphrase, ...urls }: Info = JSON.parse(fs.readFileSync(infoFile, 'utf8'));
  return {
    ...urls,
    passphrase,
    async control(method, params = {}) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
      const answer = await fetch(urls.rpcUrl, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Stays until it is so, however long a busy machine takes: the test's own bound ends what never comes. */
export async function until<T>(read: () => Promise<T>, done: (value: T) => boolean, everyMs = 20): Promise<T> {
  for (;;) {
    const value = await read();
    if (done(value)) return value;
    await systemClock.sleep(everyMs);
  }
}
