/** The transactions that wait, found by hash and by source, with what their payers have bid in all. */
import type { xdr } from '@stellar/stellar-sdk';
import { accountText, type SignedTransaction } from './envelope.ts';
import { feeBid } from './fees.ts';

/** Accounts as text: of the sequence number, and of the fee. */
export type Waiting = { signed: SignedTransaction; source: string; payer: string; ledgers: number };

export type WaitingList = {
  /** In order of arrival. */
  all(): Waiting[];
  has(hash: string): boolean;
  lastOf(source: xdr.PublicKey): Waiting | undefined;
  /** What the payer has bid for all of it that waits, stroops. */
  bidsOf(payer: string): bigint;
  describe(signed: SignedTransaction): Waiting;
  add(signed: SignedTransaction): void;
  remove(waiting: Waiting): void;
  removeHash(hash: string): void;
  /** One more ledger went without those that wait; takes out and returns those it was the last for. */
  age(ledgersMax: number): Waiting[];
};

export function createWaitingList(): WaitingList {
  const byHash = new Map<string, Waiting>();
  const bySource = new Map<string, Waiting[]>();
  const bids = new Map<string, bigint>();

  function describe(signed: SignedTransaction): Waiting {
    const source = accountText(signed.source);
    const payer = signed.feeBump ? accountText(signed.feeBump.feeSource) : source;
    return { signed, source, payer, ledgers: 0 };
  }

  function bid(payer: string, amount: bigint): void {
    const sum = (bids.get(payer) ?? 0n) + amount;
    if (sum === 0n) bids.delete(payer);
    else bids.set(payer, sum);
  }

  function remove(waiting: Waiting): void {
    if (!byHash.delete(waiting.signed.hash)) return;
    const others = (bySource.get(waiting.source) ?? []).filter((other) => other !== waiting);
    if (others.length > 0) bySource.set(waiting.source, others);
    else bySource.delete(waiting.source);
    bid(waiting.payer, -feeBid(waiting.signed));
  }

  return {
    all: () => [...byHash.values()],
    has: (hash) => byHash.has(hash),
    lastOf: (source) => bySource.get(accountText(source))?.at(-1),
    bidsOf: (payer) => bids.get(payer) ?? 0n,
    describe,
    add(signed) {
      const waiting = describe(signed);
      byHash.set(signed.hash, waiting);
      bySource.set(waiting.source, [...(bySource.get(waiting.source) ?? []), waiting]);
      bid(waiting.payer, feeBid(signed));
    },
    remove,
    removeHash(hash) {
      const waiting = byHash.get(hash);
      if (waiting) remove(waiting);
    },
    age(ledgersMax) {
      const old: Waiting[] = [];
      for (const waiting of byHash.values()) {
        waiting.ledgers += 1;
        if (waiting.ledgers >= ledgersMax) old.push(waiting);
      }
      old.forEach(remove);
      return old;
    },
  };
}
