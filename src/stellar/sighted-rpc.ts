import { RpcError } from './json-rpc.ts';
import type { Rpc } from './rpc.ts';

/** How far the chain was followed, page by page: its newest ledger and when that closed, s. */
export type Sight = { ledger: number; closedAtS: number };

/**
 * An answer may be ahead of what was followed by so much, for servers behind one address that differ, and by the time between
 * two looks. With both at the default, and the 90 s or 90 ledgers of whatever is signed, a single answer that makes up the time
 * cannot make a signature that outlives the 600 s and 120 ledgers for which a restored gateway waits. Looks further apart
 * lengthen it by as much.
 */
export const aheadMaxLedgers = 28;
export const aheadMaxS = 300;

/**
 * The same server, but an answer from a later time than the chain was followed to is not believed: what expires, and whether
 * something can no longer land, is decided by these numbers. After an outage it waits until the watcher has caught up.
 */
export function withinSight(rpc: Rpc, seen: () => Sight, lookEveryMs: number): Rpc {
  const ledgersMax = aheadMaxLedgers + Math.ceil(lookEveryMs / 1_000);
  const secondsMax = aheadMaxS + Math.ceil(lookEveryMs / 1_000);

  function believe(ledger: number, closedAtS?: number): void {
    const sight = seen();
    if (ledger <= sight.ledger + ledgersMax && (closedAtS ?? 0) <= sight.closedAtS + secondsMax) return;
    const time = closedAtS === undefined ? '' : ` of ${new Date(closedAtS * 1_000).toISOString()}`;
    throw new RpcError(
      'ahead',
      `the RPC is at ledger ${ledger}${time}, but the chain was followed only to ${sight.ledger}`,
    );
  }

  return {
    ...rpc,
    async latestLedger(signal) {
      const answer = await rpc.latestLedger(signal);
      believe(answer.ledger, answer.closedAtS);
      return answer;
    },
    async transaction(hash, signal) {
      const answer = await rpc.transaction(hash, signal);
      believe(answer.latestLedger, answer.latestClosedAtS);
      return answer;
    },
    async simulate(envelopeXdr, signal) {
      const answer = await rpc.simulate(envelopeXdr, signal);
      believe(answer.latestLedger);
      return answer;
    },
    async entries(keysXdr, signal) {
      const answer = await rpc.entries(keysXdr, signal);
      if (keysXdr.length > 0) believe(answer.latestLedger);
      return answer;
    },
  };
}
