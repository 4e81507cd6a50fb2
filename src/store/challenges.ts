import type { Clock } from '../clock.ts';
import type { RawDb, Write } from './raw-db.ts';

/** Login challenges that were answered: each counts once. */
export type Challenges = {
  /** True the first time this hash is used. Remembered until it expires, when its signature no longer counts anyway. */
  useOnce(hash: string, expiresAtMs: number): boolean;
};

export function createChallenges(db: RawDb, write: Write, clock: Clock): Challenges {
  const forget = db.prepare('DELETE FROM login_challenges WHERE expires_at_ms <= ?');
  const insert = db.prepare('INSERT INTO login_challenges (hash, expires_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING');
  return {
    useOnce(hash, expiresAtMs) {
      return write(() => {
        forget.run(clock.nowMs());
        return insert.run(hash, expiresAtMs).changes === 1;
      });
    },
  };
}
