import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Keypair } from '@stellar/stellar-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseUsdc } from '../../src/money.ts';
import { callora, type Result, type Sandbox, startSandbox } from '../support/callora-process.ts';

/** Every client example as its reader runs it, against a gateway that really charges. */

const folder = path.resolve(import.meta.dirname, '../../examples');

let sandbox: Sandbox;
let venv: string | undefined;
let python: string | undefined;

beforeAll(async () => {
  sandbox = await startSandbox();
  python = pythonWithRequests();
}, 180_000);

afterAll(async () => {
  await sandbox?.stop();
  if (venv) rmSync(venv, { recursive: true, force: true });
});

/** A Python that knows `requests`; in CI one is made, elsewhere its example is left out with a word. */
function pythonWithRequests(): string | undefined {
  const knows = (name: string) => {
    try {
      execFileSync(name, ['-c', 'import requests'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (knows('python3')) return 'python3';
  if (!process.env.CI) {
    console.warn('SKIPPED examples/requests_example.py: no Python with requests. pip install requests');
    return undefined;
  }
  venv = mkdtempSync(path.join(tmpdir(), 'callora-venv-'));
  execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  const made = path.join(venv, 'bin', 'python3');
  execFileSync(made, ['-m', 'pip', 'install', '--quiet', 'requests==2.34.2'], { stdio: 'inherit' });
  return made;
}

const examples: { file: string; program: () => string | undefined; charged: string; says: string[] }[] = [
  { file: 'curl.sh', program: () => 'sh', charged: '0.002', says: ['"city":"oslo"', 'price 0.002 USDC, balance '] },
  { file: 'fetch.mjs', program: () => process.execPath, charged: '0.002', says: ["city: 'oslo'", 'price 0.002 USDC'] },
  {
    file: 'requests_example.py',
    program: () => python,
    charged: '0.002',
    says: ["'city': 'oslo'", 'price 0.002 USDC'],
  },
  {
    file: 'openai_example.mjs',
    program: () => process.execPath,
    charged: '0.006',
    says: ['You said: pay by the call\nprice 0.003 USDC', 'You said: pay by the call\nprice 0.003 USDC'],
  },
];

function run(program: string, file: string, token: string): Promise<Result> {
  const env = { ...process.env, CALLORA_URL: sandbox.info.gateway, CALLORA_TOKEN: token };
  const child = spawn(program, [path.join(folder, file)], { env });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text.stdout += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text.stderr += piece;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, ...text }));
  });
}

async function spendable(): Promise<bigint> {
  const headers = { authorization: `Bearer ${sandbox.info.token}` };
  const account = (await (await fetch(`${sandbox.info.gateway}/_callora/account`, { headers })).json()) as {
    spendable: string;
  };
  const amount = parseUsdc(account.spendable);
  if (amount === undefined) throw new Error(`${account.spendable} is no amount`);
  return amount;
}

async function tokenOf(account: string): Promise<string> {
  const issued = await callora(['token', 'issue', '--config', sandbox.info.config, '--account', account]);
  expect(issued.code).toBe(0);
  return issued.stdout.trim();
}

describe('an example', () => {
  it.for(examples)('$file calls, is charged $charged USDC, and prints price and balance', async (example, { skip }) => {
    const program = example.program() ?? skip();
    const before = await spendable();
    const ran = await run(program, example.file, sandbox.info.token);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    let from = 0;
    for (const words of example.says) {
      const at = ran.stdout.indexOf(words, from);
      expect(at, `${words} in ${ran.stdout}`).toBeGreaterThanOrEqual(0);
      from = at + words.length;
    }
    const left = /balance (\S+) USDC/g;
    const last = [...ran.stdout.matchAll(left)].at(-1)?.[1] ?? '';
    expect(parseUsdc(last)).toBe(await spendable());
    expect(before - (await spendable())).toBe(parseUsdc(example.charged));
  });

  it.for(examples)('$file says what to pay when nothing has been paid in', async (example, { skip }) => {
    const program = example.program() ?? skip();
    const poor = Keypair.random().publicKey();
    const ran = await run(program, example.file, await tokenOf(poor));
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    for (const words of ['payment required', 'balance_too_low', sandbox.info.vault, poor, 'callora deposit']) {
      expect(ran.stderr).toContain(words);
    }
  });

  it.for(examples)('$file says why a token is refused, and does not print the token', async (example, { skip }) => {
    const program = example.program() ?? skip();
    const ran = await run(program, example.file, 'not.a.token');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('401');
    expect(ran.stderr).not.toContain('not.a.token');
  });

  it.for(examples)('$file names the variables it needs', async (example, { skip }) => {
    const program = example.program() ?? skip();
    const ran = await run(program, example.file, '');
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain('CALLORA_TOKEN');
  });
});
