import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Report } from './verdict.ts';

/** A mutant that makes its test hang is ended then, s: vitest's own limits are below. */
const lifeMaxS = 240;

/** A test that waits for what a mutant keeps from coming, ms: the longest one takes a fraction of it. */
const testTimeoutMs = 20_000;

/** Runs test files in a tree, all of their tests or those of one name; undefined when vitest left no report. */
export async function runTests(dir: string, files: string[], name?: string): Promise<Report | undefined> {
  const out = mkdtempSync(path.join(tmpdir(), 'callora-mutants-report-'));
  const report = path.join(out, 'report.json');
  const vitest = path.join(dir, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', `--testTimeout=${testTimeoutMs}`, '--reporter=json', `--outputFile=${report}`, ...files];
  if (name !== undefined) args.push('-t', name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const child = spawn(process.execPath, args, { cwd: dir, stdio: 'ignore', env: { ...process.env, NO_COLOR: '1' } });
  const timer = setTimeout(() => child.kill('SIGKILL'), lifeMaxS * 1000);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  try {
    const parsed: Report = JSON.parse(readFileSync(report, 'utf8'));
    return parsed;
  } catch {
    return undefined;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
