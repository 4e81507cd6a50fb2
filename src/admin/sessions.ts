import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/**
 * Sessions of people at the dashboard, in memory: they end with the process, and so with a change of the admin token,
 * which is read at start.
 *
 * A session is two secrets that travel different ways. The id is in a cookie that no script can read; the proof is in the
 * storage of the page's own origin and comes back as a header. Each request needs both: a browser sends cookies to every
 * port of a host, so what listens on another port may see the id, but not the proof; and a page of another origin can
 * make the browser send the id, but not the header.
 */
export type Sessions = {
  /** A new session with secrets of its own, whatever the browser held before. */
  open(): { id: string; proof: string };
  /** True when both secrets belong to one live session, whose idle time begins anew. */
  accepts(id: string | undefined, proof: string | undefined): boolean;
  end(id: string): void;
};

/** A session without a request for this long is over: somebody left the desk. The page itself asks as long as it is seen. */
export const sessionIdleMs = 30 * 60_000;
/** However busy, log in again after this: a working day. */
export const sessionLifeMs = 12 * 3_600_000;
/** More people than any operator has; the oldest session gives way. */
const sessionsMax = 64;

type Session = { proof: Buffer; openedMs: number; seenMs: number };

export function createSessions({ clock }: { clock: Clock }): Sessions {
  /** By the digest of the id, so that a look-up tells nothing about an id by its time. Oldest first. */
  const sessions = new Map<string, Session>();

  function isOver({ openedMs, seenMs }: Session): boolean {
    const nowMs = clock.monotonicMs();
    return nowMs - seenMs >= sessionIdleMs || nowMs - openedMs >= sessionLifeMs;
  }

  return {
    open() {
      for (const [key, session] of sessions) if (isOver(session)) sessions.delete(key);
      const [oldest] = sessions.keys();
      if (sessions.size >= sessionsMax && oldest !== undefined) sessions.delete(oldest);
      const id = randomBytes(32).toString('base64url');
      const proof = randomBytes(32).toString('base64url');
      const nowMs = clock.monotonicMs();
      sessions.set(digest(id).toString('hex'), { proof: digest(proof), openedMs: nowMs, seenMs: nowMs });
      return { id, proof };
    },
    accepts(id, proof) {
      if (id === undefined || proof === undefined) return false;
      const key = digest(id).toString('hex');
      const session = sessions.get(key);
      if (!session || !timingSafeEqual(digest(proof), session.proof)) return false;
      if (isOver(session)) {
        sessions.delete(key);
        return false;
      }
      session.seenMs = clock.monotonicMs();
      return true;
    },
    end(id) {
      sessions.delete(digest(id).toString('hex'));
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
