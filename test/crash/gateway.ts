import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { callora } from '../support/callora-process.ts';
import type { Shop } from './shop.ts';

/** The shipped program, serving in a process of its own. */
export type GatewayProcess = {
  pid: number;
  /** What `/readyz` says, once the process answers. */
  readiness(): Promise<{ ready: boolean; reasons: string[] }>;
  /** Resolves when it says that it can serve, with how long that took from its start, ms. */
  untilReady(): Promise<number>;
  /** Resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
};

export type GatewayRun = Pick<GatewayProcess, 'end'> & { readyMs: number };

export const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

/** Resolves when the process says that it can serve; rejects when it ends before. */
export async function startGateway(shop: Shop, env: NodeJS.ProcessEnv = process.env): Promise<GatewayRun> {
  const { untilReady, end } = launchGateway(shop, { firstStart: !fs.existsSync(shop.databaseFile), env });
  return { readyMs: await untilReady(), end };
}

export function launchGateway(
  shop: Pick<Shop, 'config' | 'adminUrl'>,
  { firstStart = false, env = process.env }: { firstStart?: boolean; env?: NodeJS.ProcessEnv } = {},
): GatewayProcess {
  const startedMs = systemClock.monotonicMs();
  const args = [launcher, 'serve', '--config', shop.config, ...(firstStart ? ['--first-start'] : [])];
  const child = spawn(process.execPath, args, { stdio: 'ignore', env });
  async function readiness() {
    for (;;) {
      if (hasEnded(child)) throw new Error(`the gateway ended by itself with ${child.exitCode}`);
      const answer = await fetch(`${shop.adminUrl}/readyz`).catch(() => undefined);
      const text = await answer?.text().catch(() => undefined);
      if (answer && text) return { ready: answer.status === 200, reasons: reasonsOf(text) };
      await systemClock.sleep(10);
    }
  }
  return {
    pid: child.pid ?? 0,
    readiness,
    async untilReady() {
      while (!(await readiness()).ready) await systemClock.sleep(10);
      return systemClock.monotonicMs() - startedMs;
    },
    async end(signal) {
      if (hasEnded(child)) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

function reasonsOf(text: string): string[] {
  const { reasons = [] }: { reasons?: string[] } = JSON.parse(text);
  return reasons;
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
