/** What the three Soroban operations share: the host, the declared resources and the fee left for rent and events. */
import type { xdr } from '@stellar/stellar-sdk';
import type { KeyText } from '../ledger/entries.ts';
import type { LedgerStage } from '../ledger/stage.ts';
import type { ViewedHost } from '../ledger/viewed-host.ts';

export type SorobanWork = {
  host: ViewedHost;
  data: xdr.SorobanTransactionData;
  /** What is left of the declared resource fee after everything that is not refundable, stroops. */
  refundable: bigint;
  /** 32 bytes that differ for each transaction of a ledger. */
  seed: Uint8Array;
  /** Where the operation leaves what the transaction's meta and fee need. */
  spent: SorobanSpent;
};

export type SorobanSpent = {
  rentFee: bigint;
  eventsFee: bigint;
  returnValue: xdr.ScVal | undefined;
  diagnostics: xdr.DiagnosticEvent[];
};

export function nothingSpent(): SorobanSpent {
  return { rentFee: 0n, eventsFee: 0n, returnValue: undefined, diagnostics: [] };
}

/** A Soroban operation only gets past the door with its transaction's Soroban data. */
export function workOf(work: SorobanWork | undefined): SorobanWork {
  if (!work) throw new Error('a Soroban operation came without its transaction data');
  return work;
}

/** Lets an entry that is there live until another ledger. */
export function setLiveUntil(stage: LedgerStage, key: KeyText, liveUntil: number): void {
  const stored = stage.get(key);
  if (stored) stage.set(key, { entry: stored.entry, liveUntil });
}
