import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SandboxInfo } from '../../src/cli/sandbox-report.ts';

/** Drives the shipped program as a user does: the launcher, its arguments, its output, its exit code. */

/** How the program is started: from the checkout, or what was built of it. */
export type Program = { command: string; args: string[]; cwd?: string; env?: NodeJS.ProcessEnv };

const checkout: Program = {
  command: process.execPath,
  args: [path.resolve(import.meta.dirname, '../../bin/callora.js')],
};

export type Result = { code: number | null; stdout: string; stderr: string };

export async function callora(
  args: string[],
  options: { input?: string; env?: Record<string, string> } = {},
  program: Program = checkout,
): Promise<Result> {
  const { command, args: first, cwd, env } = program;
  const child = spawn(command, [...first, ...args], { cwd, env: { ...(env ?? process.env), ...options.env } });
  child.stdin.end(options.input ?? '');
  const output = collect(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout: output.stdout(), stderr: output.stderr() };
}

export type Sandbox = {
  info: SandboxInfo;
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** Starts the sandbox on free ports and resolves when it says it is ready. */
export async function startSandbox(args: string[] = [], program: Program = checkout): Promise<Sandbox> {
  const dir = mkdtempSync(path.join(tmpdir(), 'callora-test-'));
  const infoFile = path.join(dir, 'info.json');
  const { command, args: first, cwd, env } = program;
  const options = ['--port', '0', '--admin-port', '0', '--info-file', infoFile, ...args];
  const child = spawn(command, [...first, 'sandbox', ...options], { cwd, env: env ?? process.env });
  const output = collect(child);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => output.stdout().includes('Ctrl-C ends') && resolve());
    void closed.then((code) =>
      reject(new Error(`the sandbox ended with ${code}:\n${output.stdout()}\n${output.stderr()}`)),
    );
  });
  const info: SandboxInfo = JSON.parse(readFileSync(infoFile, 'utf8'));
  return {
    info,
    child,
    stdout: output.stdout,
    stderr: output.stderr,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const code = await closed;
      rmSync(dir, { recursive: true, force: true });
      return code;
    },
  };
}

function collect(child: ChildProcess): { stdout(): string; stderr(): string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return { stdout: () => stdout, stderr: () => stderr };
}
