import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Runs docs/verify-receipt.mjs as a stranger does, in a folder where nothing of this project is near. */

const script = path.resolve(import.meta.dirname, '../../docs/verify-receipt.mjs');

export type StandaloneInput = { receipt: unknown; roots: unknown; chain?: string | undefined; jwks?: unknown };

export async function runStandalone(input: StandaloneInput): Promise<{ code: number; output: string }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'callora-standalone-'));
  try {
    const file = (name: string, value: unknown) => {
      writeFileSync(path.join(dir, name), JSON.stringify(value));
      return name;
    };
    const args = [file('receipt.json', input.receipt), file('roots.json', input.roots), input.chain ?? '-'];
    if (input.jwks !== undefined) args.push(file('jwks.json', input.jwks));
    return await new Promise((resolve) => {
      execFile(process.execPath, [script, ...args], { cwd: dir, env: {} }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
      });
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
