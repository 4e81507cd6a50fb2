// How long `callora devnet` takes until its RPC answers, and what memory it then has.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spread } from '../harness/statistics.mjs';

const launcher = path.join(import.meta.dirname, '..', '..', 'bin', 'callora.js');
const POLL_MS = 2;

export async function measureStart(rounds) {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-devnet-'));
  const starts = [];
  try {
    for (let round = 0; round < rounds; round++) starts.push(await startOnce(path.join(folder, `${round}.json`)));
  } finally {
    rmSync(folder, { recursive: true });
  }
  const all = (name) => spread(starts.map((start) => start[name]));
  return { startMs: all('startMs'), startCpuMs: all('cpuMs'), startMb: all('mb') };
}

async function startOnce(infoFile) {
  const from = performance.now();
  const options = ['devnet', '--port', '0', '--quiet', '--info-file', infoFile];
  const child = spawn(process.execPath, [launcher, ...options], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    // The file names the accounts that are funded by then.
    while (!existsSync(infoFile) || readFileSync(infoFile, 'utf8') === '') {
      if (child.exitCode !== null) throw new Error('the devnet ended at its start');
      await sleep(POLL_MS);
    }
    const { rpcUrl } = JSON.parse(readFileSync(infoFile, 'utf8'));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getHealth' });
    const answer = await fetch(rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    if ((await answer.json()).result?.status !== 'healthy') throw new Error('the devnet is not healthy');
    const startMs = performance.now() - from;
    return { startMs, cpuMs: cpuMs(child.pid), mb: residentMb(child.pid) };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

/** In user and system mode, of all its threads. A tick of Linux is 10 ms. */
function cpuMs(pid) {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [userTicks, systemTicks] = fields.split(' ').slice(11, 13).map(Number);
  return (userTicks + systemTicks) * 10;
}

/** Of a process of this machine, which must be Linux. */
function residentMb(pid) {
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}
