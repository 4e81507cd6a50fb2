import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { systemClock } from '../../src/clock.ts';
import { lockStore } from '../../src/store/lock.ts';
import { startSandbox } from '../support/callora-process.ts';
import { createCliRig, temporaryDir } from './rig.ts';

it('a sandbox touches nothing in a data directory that another gateway runs on', async () => {
  const dir = temporaryDir();
  const config = path.join(dir, 'config.yaml');
  writeFileSync(config, 'of the other one\n');
  const lock = lockStore(path.join(dir, 'callora.db'));
  onTestFinished(() => lock.release());

  const { callora } = createCliRig();
  const ran = await callora('sandbox', '--data-dir', dir, '--port', '0', '--admin-port', '0');

  expect(ran.code).toBe(exitCodes.config);
  expect(ran.note).toContain('is in use by another process');
  expect(readFileSync(config, 'utf8')).toBe('of the other one\n');
  expect(existsSync(path.join(dir, 'devnet.json'))).toBe(false);
  expect(existsSync(path.join(dir, 'secrets'))).toBe(false);
});

it('a sandbox whose terminal closes ends in order and leaves no files behind', async () => {
  const sandbox = await startSandbox();
  expect(existsSync(sandbox.info.dataDir)).toBe(true);
  expect(await sandbox.stop('SIGHUP')).toBe(0);
  expect(existsSync(sandbox.info.dataDir)).toBe(false);
});

it('a sandbox starts again on its data directory however long it was stopped', async () => {
  const dir = temporaryDir();
  const first = await startSandbox(['--data-dir', dir]);
  await first.stop();

  const later = { ...systemClock, nowMs: () => systemClock.nowMs() + 3_600_000 };
  const said: string[] = [];
  const { callora } = createCliRig({ clock: later, out: (text) => void said.push(text) });
  // The login that follows compares with the machine's own clock, and ends the run.
  await callora('sandbox', '--data-dir', dir, '--port', '0', '--admin-port', '0');
  expect(said.join('\n')).toMatch(/^credited +10 USDC can be spent$/m);
}, 60_000);
