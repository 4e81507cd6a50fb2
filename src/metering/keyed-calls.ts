import type { Idempotency, KeyLimits, KeyOutcome, KeyRoom, NewKey, StoredAnswer } from '../store/idempotency.ts';
import type { Journal } from './journal.ts';

export type { KeyLimits, KeyOutcome, KeyRoom, StoredAnswer };

/**
 * Idempotency keys in the journal's transactions: a key is committed before its call is sent, and its answer no earlier than
 * the charge. Every promise resolves at COMMIT, that of `begin` at the level of durability, and rejects as a charge does.
 */
export type KeyedCalls = {
  begin(key: NewKey, insert: boolean, limits: KeyLimits): Promise<KeyOutcome>;
  keep(callId: number, answer: StoredAnswer): Promise<void>;
  spend(callId: number): Promise<void>;
  release(callId: number): Promise<void>;
  /** The call has ended and nobody paid for it: as if kept or spent while there is room, or else the key is free again. */
  endUnpaid(callId: number, accountId: number, answer: StoredAnswer | undefined, room: KeyRoom): Promise<void>;
};

export function createKeyedCalls(deps: {
  journal: Pick<Journal, 'perform'>;
  idempotency: Pick<Idempotency, 'begin' | 'keep' | 'spend' | 'release' | 'hasRoom'>;
}): KeyedCalls {
  const { journal, idempotency } = deps;
  return {
    async begin(key, insert, limits) {
      let outcome: KeyOutcome = { kind: 'unknown' };
      await journal.perform(() => {
        outcome = idempotency.begin(key, insert, limits);
      }, 'durable');
      return outcome;
    },
    keep: (callId, answer) => journal.perform(() => idempotency.keep(callId, answer), 'committed'),
    spend: (callId) => journal.perform(() => idempotency.spend(callId), 'committed'),
    release: (callId) => journal.perform(() => idempotency.release(callId), 'committed'),
    endUnpaid: (callId, accountId, answer, room) =>
      journal.perform(() => {
        if (!idempotency.hasRoom(accountId, room)) idempotency.release(callId);
        else if (answer) idempotency.keep(callId, answer);
        else idempotency.spend(callId);
      }, 'committed'),
  };
}
