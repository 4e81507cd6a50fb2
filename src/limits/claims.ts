/** Idempotency keys whose calls are under way in this process. */
export type Claims = {
  /** Takes the key, or returns who has it. One step: of two equal calls in one turn exactly one goes on. */
  take(accountId: number, key: string, claim: Claim): Claim | undefined;
  drop(accountId: number, key: string): void;
};

export type Claim = {
  fingerprint: Buffer;
  callId: number;
  /** While it is not known yet what the key stands for: resolves when it is. */
  looking?: Promise<void> | undefined;
};

/** In memory only, and no larger than the number of calls under way: what is promised beyond a call is in the database. */
export function createClaims(): Claims {
  const claims = new Map<string, Claim>();
  return {
    take(accountId, key, claim) {
      const name = nameOf(accountId, key);
      const taken = claims.get(name);
      if (!taken) claims.set(name, claim);
      return taken;
    },
    drop: (accountId, key) => void claims.delete(nameOf(accountId, key)),
  };
}

function nameOf(accountId: number, key: string): string {
  return `${accountId} ${key}`;
}
