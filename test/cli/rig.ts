import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Cli } from '../../src/cli/cli.ts';
import { run } from '../../src/cli/main.ts';
import { fakeClock } from '../../src/clock.ts';

/** The command line in this process, with its outputs kept and the parts of the program it may need made of fakes. */
export type Ran = { code: number; out: string; note: string };

export function temporaryDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'callora-cli-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function createCliRig(overrides: Partial<Cli> = {}) {
  let out = '';
  let note = '';
  const cli: Cli = {
    out: (text) => {
      out += `${text}\n`;
    },
    note: (text) => {
      note += `${text}\n`;
    },
    env: {},
    clock: fakeClock(),
    stateDir: temporaryDir(),
    openBooks: async () => {
      throw new Error('the books were opened');
    },
    startApp: async () => {
      throw new Error('a gateway was started');
    },
    ...overrides,
  };
  const callora = async (...args: string[]): Promise<Ran> => {
    out = '';
    note = '';
    const code = await run(args, cli);
    return { code, out, note };
  };
  return { cli, callora };
}
