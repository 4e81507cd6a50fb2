import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { callora } from '../support/callora-process.ts';
import type { Shop } from './shop.ts';

/** The shipped program, serving in a process of its own. */
export type GatewayRun = {
  /** From its start to its first answer of `/readyz` with 200, ms. */
  readyMs: number;
  /** Resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
};

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

/** Resolves when the process says that it can serve; rejects when it ends before. */
export async function startGateway(shop: Shop, env: NodeJS.ProcessEnv = process.env): Promise<GatewayRun> {
  const startedMs = systemClock.monotonicMs();
  const first = fs.existsSync(shop.databaseFile) ? [] : ['--first-start'];
  const args = [launcher, 'serve', '--config', shop.config, ...first];
  const child = spawn(process.execPath, args, { stdio: 'ignore', env });
  for (;;) {
    if (hasEnded(child)) throw new Error(`the gateway ended by itself with ${child.exitCode}`);
    const answer = await fetch(`${shop.adminUrl}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 200) break;
    await systemClock.sleep(10);
  }
  return {
    readyMs: systemClock.monotonicMs() - startedMs,
    async end(signal) {
      if (hasEnded(child)) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A token of the consumer, once the first deposit is credited. */
export async function issueToken(shop: Shop): Promise<string> {
  const token = (await callora(['token', 'issue', '--config', shop.config, '--account', shop.consumer])).stdout.trim();
  const headers = { authorization: `Bearer ${token}` };
  for (;;) {
    const answer = await fetch(new URL('/_callora/account', shop.url), { headers });
    const { spendable }: { spendable?: string } = JSON.parse(await answer.text());
    if (Number(spendable) > 0) return token;
    await systemClock.sleep(50);
  }
}

/** Status of one call; undefined when no answer came. */
export async function callStatus(shop: Shop, token: string): Promise<number | undefined> {
  try {
    const answer = await fetch(shop.url, { headers: { authorization: `Bearer ${token}` } });
    await answer.arrayBuffer().catch(() => undefined);
    return answer.status;
  } catch {
    return undefined;
  }
}
