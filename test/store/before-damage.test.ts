import fs from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/clock.ts';
import { DamagedLogError, findLogDamage } from '../../src/store/log-damage.ts';
import { RestoreRefused, restoreStore } from '../../src/store/restore.ts';
import type { Store } from '../../src/store/store.ts';
import { commitEnds, filesOf, flipped, killedStore } from './log-rig.ts';
import { openTestStore, writeCharge } from './rig.ts';

const frameBytes = 24 + 4_096;

function restore(file: string, vault = 'CVAULT') {
  return restoreStore({ path: file, copy: undefined, keepTokens: false, pins: { vault }, clock: fakeClock() });
}

/** Flips a byte so many frames before the end of the log, or loses that frame as a power cut may. */
function damage(file: string, framesFromEnd: number, how: 'flipped' | 'lost' = 'flipped'): void {
  const log = fs.readFileSync(`${file}-wal`);
  const at = log.length - framesFromEnd * frameBytes;
  fs.writeFileSync(`${file}-wal`, how === 'lost' ? log.fill(0, at, at + frameBytes) : flipped(log, at + 1_000));
}

describe('a restore of what lies before the damage in a log', () => {
  it.each(['flipped', 'lost'] as const)(
    'takes the whole commits before what is %s and no more, marks them as an older copy, and keeps both files',
    (how) => {
      const file = killedStore(10);
      const written = fs.readFileSync(`${file}-wal`);
      damage(file, 7, how);
      const [database, log = written] = filesOf(file);
      const found = findLogDamage(file);
      const { aside = '', commitsBehind } = restore(file);
      expect(found).toMatchObject({ kind: 'frame', commitsBehind });
      expect(fs.readFileSync(aside)).toEqual(database);
      expect(fs.readFileSync(`${aside}-wal`)).toEqual(log);

      const { store } = openTestStore({ path: file });
      // Each charge is a commit: what is left of ten is what does not end in the damaged frame or behind it.
      const ends = commitEnds(written, frameBytes).filter((end) => end * frameBytes > log.length - 7 * frameBytes - 32);
      expect(store.charges.unsealed().count).toBe(10 - ends.length);
      expect(store.restored.state()).toBe('begun');
      expect(store.restored.tokensRefusedUntilMs()).toBe(fakeClock().nowMs());
      const [row] = store.audit.list({ limit: 1 });
      expect(row).toMatchObject({ action: 'restore', detail: JSON.stringify({ keepTokens: false, commitsBehind }) });
      expect(store.db.pragma('integrity_check', { simple: true })).toBe('ok');
    },
  );

  it.each<[string, (file: string) => void, RegExp]>([
    ['a sound log', () => undefined, /its log is sound, so nothing is to be given up/],
    ['a torn end', (file) => fs.truncateSync(`${file}-wal`, fs.statSync(`${file}-wal`).size - 1), /its log is sound/],
    [
      'a damaged header',
      (file) => fs.writeFileSync(`${file}-wal`, flipped(fs.readFileSync(`${file}-wal`), 20)),
      /nothing of its log can be read/,
    ],
    ['a log without its database', (file) => fs.writeFileSync(file, ''), /bring it back beside its log/],
  ])('refuses %s and changes nothing', (_, spoil, message) => {
    const file = killedStore(5);
    spoil(file);
    const before = filesOf(file);
    expect(() => restore(file)).toThrow(RestoreRefused);
    expect(() => restore(file)).toThrow(message);
    expect(filesOf(file)).toEqual(before);
    expect(fs.existsSync(`${file}.restoring`)).toBe(false);
  });

  /** The pages of charges and those of the audit are not the same, and both are in the database before this. */
  function charge(store: Store): void {
    store.db.pragma('wal_checkpoint(TRUNCATE)');
    for (let charge = 0; charge < 3; charge++) writeCharge(store, { account: 'GA', price: 7 });
  }

  function audit(store: Store): void {
    for (let act = 0; act < 3; act++)
      store.audit.add({ actor: 'test', action: 'act', subject: '', detail: 'x'.repeat(3_000) });
  }

  it('refuses books that never were: a checkpoint has copied what lies behind the damage', () => {
    const file = killedStore(0, (store) => {
      charge(store);
      audit(store);
      store.db.pragma('wal_checkpoint(PASSIVE)');
    });
    damage(file, 5);
    const before = filesOf(file);
    expect(() => restore(file)).toThrow(/holds pages from behind the damage already: restore a backup/);
    expect(filesOf(file)).toEqual(before);
  });

  it('takes what lies before it where the checkpoint ended before it too', () => {
    const file = killedStore(0, (store) => {
      charge(store);
      // A reader of this moment keeps the log from starting over behind the checkpoint.
      const reader = new Database(store.db.name, { readonly: true });
      reader.exec('BEGIN; SELECT COUNT(*) FROM charges');
      store.db.pragma('wal_checkpoint(PASSIVE)');
      audit(store);
      reader.close();
    });
    damage(file, 5);
    restore(file);
    const { store } = openTestStore({ path: file });
    expect(store.charges.unsealed().count).toBe(3);
    expect(store.audit.list({ limit: 9 }).length).toBeLessThan(3);
  });

  it('refuses books of another vault and changes nothing', () => {
    const file = killedStore(10);
    damage(file, 7);
    const [database, log] = filesOf(file);
    expect(() => restore(file, 'COTHER')).toThrow(/belongs to vault CVAULT, not to COTHER/);
    expect(filesOf(file).slice(0, 2)).toEqual([database, log]);
    expect(() => openTestStore({ path: file })).toThrow(DamagedLogError);
  });
});
