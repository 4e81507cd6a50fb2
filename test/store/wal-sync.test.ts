import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWalSync } from '../../src/store/wal-sync.ts';
import { tempFolder } from './rig.ts';

type Done = (error: Error | null) => void;

/** An fdatasync that ends when the test says so. */
function build() {
  const file = path.join(tempFolder(), 'log');
  fs.writeFileSync(file, 'x');
  const calls: { descriptor: number; done: Done }[] = [];
  const wal = createWalSync(file, (descriptor, done) => calls.push({ descriptor, done }));
  onTestFinished(() => wal.close());
  const finish = (index: number, error: Error | null = null) => calls[index]?.done(error);
  return { wal, calls, finish };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('syncing the log', () => {
  it('never counts a system call that began before the commit', async () => {
    const { wal, calls, finish } = build();
    const first = wal.sync();
    let secondDone = false;
    const second = wal.sync().then(() => {
      secondDone = true;
    });
    finish(0);
    await first;
    await settled();
    expect(secondDone).toBe(false);
    expect(calls).toHaveLength(2);
    finish(1);
    await second;
  });

  it('serves any number of waiting callers with one system call, on one descriptor', async () => {
    const { wal, calls, finish } = build();
    const all = [wal.sync(), wal.sync(), wal.sync(), wal.sync()];
    finish(0);
    await settled();
    finish(1);
    await Promise.all(all);
    expect(calls).toHaveLength(2);
    expect(new Set(calls.map((call) => call.descriptor)).size).toBe(1);
  });

  it('fails for good after one failure: a later success would not bring the lost pages back', async () => {
    const { wal, calls, finish } = build();
    const both = Promise.allSettled([wal.sync(), wal.sync()]);
    finish(0, new Error('EIO'));
    await new Promise((resolve) => setImmediate(resolve));
    const third = wal.sync();
    expect(calls).toHaveLength(1);
    expect((await both).map((result) => result.status === 'rejected' && String(result.reason))).toEqual([
      'Error: EIO',
      'Error: EIO',
    ]);
    await expect(third).rejects.toThrow('EIO');
  });
});
