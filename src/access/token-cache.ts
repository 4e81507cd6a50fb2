import type { Verified } from './verify.ts';

/** Tokens whose signature was good, by their canonical text. */
export type TokenCache = {
  get(tokenText: string): Verified | undefined;
  /** Remembers a token, or returns the one that is there: callers hang their own look-ups on it. */
  keep(tokenText: string, token: Verified): Verified;
  drop(tokenText: string): void;
  forget(jti: string): void;
};

type Entry = { readonly text: string; readonly token: Verified; used: boolean };

/**
 * Characters of the signature that an entry is found by: 128 bits. To hash all of a text costs more than all else here;
 * the text is compared whole, so that two with one end are still two.
 */
const keyChars = 22;

/** Tokens in use that a new one may pass over on its way to one that is not: some µs, beside its signature's 60. */
const chancesMax = 64;

/**
 * A bounded cache that a hit does not rearrange: it only leaves a mark. The oldest token without one goes first; one
 * with a mark loses it and goes to the end of the queue. To move each token on each use costs more than to find it.
 */
export function createTokenCache(max: number): TokenCache {
  const entries = new Map<string, Entry>();

  function find(tokenText: string): Entry | undefined {
    const entry = entries.get(keyOf(tokenText));
    return entry?.text === tokenText ? entry : undefined;
  }

  function makeRoom(): void {
    let chances = chancesMax;
    for (const [key, entry] of entries) {
      entries.delete(key);
      if (!entry.used || chances === 0) return;
      chances--;
      entry.used = false;
      entries.set(key, entry);
    }
  }

  return {
    get(tokenText) {
      const entry = find(tokenText);
      if (!entry) return undefined;
      entry.used = true;
      return entry.token;
    },
    keep(tokenText, token) {
      const known = find(tokenText);
      if (known) return known.token;
      if (entries.size >= max) makeRoom();
      const text = ownCopy(tokenText);
      entries.set(keyOf(text), { text, token, used: false });
      return token;
    },
    drop(tokenText) {
      if (find(tokenText)) entries.delete(keyOf(tokenText));
    },
    forget(jti) {
      for (const [key, { token }] of entries) if (token.jti === jti) entries.delete(key);
    },
  };
}

function keyOf(tokenText: string): string {
  return tokenText.slice(-keyChars);
}

/** A part of a longer string keeps all of it in memory: the whole request head for as long as the token is remembered. */
function ownCopy(tokenText: string): string {
  return Buffer.from(tokenText, 'latin1').toString('latin1');
}
