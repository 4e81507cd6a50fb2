import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { createLedger } from '../../src/billing/ledger.ts';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { openStore } from '../../src/store/store.ts';
import { figure } from '../support/figure.ts';

const kills = 25;
const inFlightMax = 6;

/** Runs the child until it has promised `lines` charges, kills it and returns the ids it promised. */
async function runUntilKilled(file: string, durability: string, lines: number): Promise<number[]> {
  const notes = `${file}.promised`;
  fs.rmSync(notes, { force: true });
  const args = [path.join(import.meta.dirname, 'kill-loop-child.ts'), file, durability, notes];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const bytesPerLine = 11;
  while ((fs.statSync(notes, { throwIfNoEntry: false })?.size ?? 0) < lines * bytesPerLine) {
    if (child.exitCode !== null) throw new Error(`the gateway ended by itself with ${child.exitCode}`);
    await systemClock.sleep(1);
  }
  child.kill('SIGKILL');
  await ended;
  return fs.readFileSync(notes, 'utf8').split('\n').slice(0, -1).map(Number);
}

it.each(['process', 'disk'])(
  'no promised charge is lost in %s durability, however often the gateway is killed',
  async (durability) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'callora-kill-'));
    try {
      const file = path.join(folder, 'callora.db');
      const promised: number[] = [];
      for (let kill = 0; kill < kills; kill++) {
        promised.push(...(await runUntilKilled(file, durability, 1 + ((kill * 97) % 1_500))));
      }
      const store = openStore({ path: file, clock: systemClock, log: silentLog() });
      const stored = store.db.prepare<[], number>('SELECT id FROM charges').pluck().all();
      const known = new Set(stored);
      expect(promised.filter((id) => !known.has(id))).toEqual([]);
      expect(new Set(promised).size).toBe(promised.length);
      // What is stored beyond that are the calls that were in flight at a kill: charged, their answers not yet sent.
      expect(stored.length - promised.length).toBeLessThanOrEqual(kills * inFlightMax);
      const ledger = createLedger({ limitPeriodS: 100, chainTimeS: () => 0 });
      for (const row of store.accounts.loadAll()) ledger.open(row);
      expect(ledger.totals().unsettled).toBe(BigInt(stored.length * 3));
      figure(`${kills} kills, ${promised.length} promised charges, all there`);
      await store.close();
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  },
);
