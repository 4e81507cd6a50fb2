import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A machine under one process that fails when told to: its disk is full, its disk loses what it is told to keep, its clock is wrong. */
export type FaultyMachine = {
  /** What a process is started with to run on it. */
  env: NodeJS.ProcessEnv;
  fail(fault: 'full' | 'sync' | `clock ${number}`): void;
  recover(): void;
  remove(): void;
};

/** Needs a C compiler; the Rust toolchain that CI has brings one. */
export function buildFaultyMachine(): FaultyMachine {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-machine-'));
  const library = path.join(folder, 'faulty-machine.so');
  const source = path.join(import.meta.dirname, 'faulty-machine.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  const faults = path.join(folder, 'faults');
  // Replaced whole, so that the process never reads half of it.
  const write = (text: string) => {
    fs.writeFileSync(`${faults}.new`, text);
    fs.renameSync(`${faults}.new`, faults);
  };
  write('');
  return {
    env: { ...process.env, LD_PRELOAD: library, CALLORA_FAULTS: faults },
    fail: write,
    recover: () => write(''),
    remove: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
