import { closeSync, constants, copyFileSync, openSync, readSync } from 'node:fs';
import { findLogDamage, withLog } from './log-damage.ts';
import type { LogFrame } from './log-frames.ts';

/**
 * Copies a database with what its damaged log holds before the damage; SQLite reads that much and no more. Returns how many
 * commits end behind it, as far as they can be read, and are given up. Throws where the copy would be no state that the books were ever in.
 */
export function copyBeforeDamage(file: string, to: string): number {
  const damage = findLogDamage(file);
  if (!damage) throw new Error('its log is sound, so nothing is to be given up: start the gateway');
  if (damage.kind === 'header') throw new Error('nothing of its log can be read: restore a backup');
  if (damage.kind === 'alone')
    throw new Error('it is missing or empty: bring it back beside its log, or restore a backup');
  requireNotBehind(file);
  for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${to}${suffix}`, constants.COPYFILE_EXCL);
  return damage.kind === 'short' ? 0 : damage.commitsBehind;
}

/**
 * Pages from behind the damage may be in the database already: a checkpoint copies them while the log goes on. Others would
 * then be as they were before it, and both together are books that never were.
 */
function requireNotBehind(file: string): void {
  withLog(file, ({ frames = [] }) => {
    const database = openSync(file, 'r');
    try {
      const before = new Set<number>();
      let begun: number[] = [];
      for (const frame of frames) {
        if (frame.standing === 'read') {
          begun.push(frame.pageNumber);
          if (!frame.endsCommit) continue;
          for (const page of begun) before.add(page);
          begun = [];
        } else if (frame.ofThisLog && !before.has(frame.pageNumber) && isIn(database, frame)) {
          throw new Error('the database holds pages from behind the damage already: restore a backup');
        }
      }
    } finally {
      closeSync(database);
    }
  });
}

function isIn(database: number, { page, pageNumber }: LogFrame): boolean {
  const found = Buffer.alloc(page.length);
  const bytes = readSync(database, found, 0, page.length, (pageNumber - 1) * page.length);
  return bytes === page.length && found.equals(page);
}
