import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPort } from '../../src/cli/open-port.ts';
import { systemClock as clock } from '../../src/clock.ts';
import { callora, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** `callora serve` as a process that is killed under calls with an Idempotency-Key. It serves the sandbox's vault. */

const launcher = path.resolve(import.meta.dirname, '../../bin/callora.js');

let sandbox: Sandbox;
let config: string;
let url: string;
let token: string;
let upstream: Server;
let serving: { child: ChildProcess; ended: Promise<number | null> };
/** Requests that reached the upstream, and what it does with the next one. */
let seen: string[] = [];
let answer: (req: IncomingMessage, res: ServerResponse) => void;

beforeAll(async () => {
  sandbox = await startSandbox();
  const { info } = sandbox;
  upstream = createServer((req, res) => {
    seen.push(String(req.headers['idempotency-key']));
    answer(req, res);
  });
  const upstreamPort = Number(await openPort('0', '--port'));
  await new Promise<void>((resolve) => upstream.listen(upstreamPort, '127.0.0.1', resolve));
  const [port, adminPort] = [await openPort('0', '--port'), await openPort('0', '--admin-port')];
  url = `http://127.0.0.1:${port}`;
  config = path.join(info.dataDir, 'second.yaml');
  const yaml = readFileSync(info.config, 'utf8')
    .replaceAll(new URL(info.gateway).port, String(port))
    .replaceAll(new URL(info.admin).port, String(adminPort))
    .replace(/upstream: \S+/, `upstream: http://127.0.0.1:${upstreamPort}`)
    .replace('./callora.db', './second.db');
  writeFileSync(config, yaml);
  serving = await serve('--first-start');
  token = (await callora(['token', 'issue', '--config', config, '--account', info.consumer.address])).stdout.trim();
  answer = (_req, res) => void res.end('ready');
  while ((await call('warm')).status !== 200) await clock.sleep(50);
});

beforeEach(() => {
  seen = [];
});

afterAll(async () => {
  serving?.child.kill('SIGKILL');
  upstream?.closeAllConnections();
  upstream?.close();
  await sandbox?.stop();
});

async function serve(...options: string[]): Promise<typeof serving> {
  const child = spawn(process.execPath, [launcher, 'serve', '--config', config, ...options]);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => text.includes('operator http') && resolve());
    void ended.then((code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { child, ended };
}

async function killAndServe(): Promise<void> {
  serving.child.kill('SIGKILL');
  await serving.ended;
  serving = await serve();
  // The books have to be compared with the vault before anything is sold.
  answer = (_req, res) => void res.end('ready');
  for (let n = 0; (await call(`after ${n}`.replace(' ', '-'))).status !== 200; n++) await clock.sleep(50);
  seen = seen.filter((key) => key === seen[0]);
}

function call(key: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': key };
  return fetch(`${url}/demo/forecast/oslo`, { headers });
}

async function doubtful(): Promise<string[]> {
  const listed = await callora(['usage', 'list', '--doubtful', '--config', config, '--json']);
  return (JSON.parse(listed.stdout) as { items: { call: string }[] }).items.map((item) => item.call);
}

describe('a key whose gateway is killed', () => {
  it('before the upstream answered is in doubt: nothing is sent again, and nothing was charged', async () => {
    const reached = new Promise<void>((resolve) => {
      answer = () => resolve();
    });
    const lost = call('before').catch(() => undefined);
    await reached;
    await killAndServe();
    await lost;
    const again = await call('before');
    const body = (await again.json()) as { code: string; call: string };
    expect([again.status, body.code, seen.length]).toEqual([409, 'idempotency_in_doubt', 1]);
    expect(await doubtful()).not.toContain(body.call);
  });

  it('in the middle of a charged answer is in doubt, and names the doubtful call', async () => {
    answer = (_req, res) => {
      res.writeHead(200, { 'content-length': '10' });
      res.write('hello');
    };
    const begun = await call('middle');
    const charged = begun.headers.get('callora-call');
    const cut = begun.text().catch(() => undefined);
    await killAndServe();
    await cut;
    const again = await call('middle');
    expect([again.status, seen.length]).toEqual([409, 1]);
    expect(await again.json()).toMatchObject({ code: 'idempotency_in_doubt', call: charged });
    expect(await doubtful()).toContain(charged);
  });

  it('behind its answer is answered from what was kept, at no cost', async () => {
    answer = (_req, res) => void res.end('once');
    const first = await call('behind');
    expect(await first.text()).toBe('once');
    // Its end is written when a retry is no longer told to wait.
    while ((await call('behind')).status !== 200) await clock.sleep(10);
    await killAndServe();
    const again = await call('behind');
    expect([await again.text(), again.headers.get('idempotent-replayed'), seen.length]).toEqual(['once', 'true', 1]);
    expect(again.headers.get('callora-call')).toBe(first.headers.get('callora-call'));
    expect(again.headers.get('callora-price')).toBe('0');
  });
});
