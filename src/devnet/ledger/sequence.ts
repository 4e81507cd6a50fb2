/** Sequence numbers and the preconditions of a transaction that look at them, at time and at the ledger number. */
import { xdr } from '@stellar/stellar-sdk';
import { extensionOf, withExtension } from './account-extension.ts';
import { MAX_INT64 } from './balances.ts';
import type { FailureCode } from './results.ts';

/** The ledger a transaction would be part of. */
export type LedgerMoment = { sequence: number; closeTimeS: number };

export function preconditionsOf(tx: xdr.Transaction): Partial<xdr.PreconditionsV2> {
  switch (tx.cond.type) {
    case 'precondNone':
      return {};
    case 'precondTime':
      return { timeBounds: tx.cond.timeBounds };
    case 'precondV2':
      return tx.cond.v2;
  }
}

export function timeProblem(tx: xdr.Transaction, moment: LedgerMoment): FailureCode | undefined {
  const { timeBounds, ledgerBounds } = preconditionsOf(tx);
  const closeTime = BigInt(moment.closeTimeS);
  if (timeBounds && timeBounds.minTime > closeTime) return 'txTooEarly';
  if (ledgerBounds && ledgerBounds.minLedger > moment.sequence) return 'txTooEarly';
  if (timeBounds && timeBounds.maxTime !== 0n && timeBounds.maxTime < closeTime) return 'txTooLate';
  if (ledgerBounds && ledgerBounds.maxLedger !== 0 && ledgerBounds.maxLedger <= moment.sequence) return 'txTooLate';
  return undefined;
}

/** `current` is the sequence number the account will have by then: transactions may wait in a row. */
export function sequenceProblem(
  tx: xdr.Transaction,
  account: xdr.AccountEntry,
  current: bigint,
  moment: LedgerMoment,
): FailureCode | undefined {
  const { minSeqNum, minSeqAge, minSeqLedgerGap } = preconditionsOf(tx);
  // The number a new account would start with in this ledger is taken.
  if (tx.seqNum === BigInt(moment.sequence) << 32n) return 'txBadSeq';
  const fits = minSeqNum == null ? current + 1n === tx.seqNum : current >= minSeqNum && current < tx.seqNum;
  if (!fits || current === MAX_INT64) return 'txBadSeq';
  const last = extensionOf(account).sequenceUse;
  const oldEnough = BigInt(moment.closeTimeS) - last.timeS >= (minSeqAge ?? 0n);
  const farEnough = moment.sequence - last.ledger >= (minSeqLedgerGap ?? 0);
  return oldEnough && farEnough ? undefined : 'txBadMinSeqAgeOrGap';
}

/** Uses up the transaction's sequence number, and keeps when that was. */
export function useSequence(account: xdr.AccountEntry, seqNum: bigint, moment: LedgerMoment): xdr.AccountEntry {
  const sequenceUse = { ledger: moment.sequence, timeS: BigInt(moment.closeTimeS) };
  return withExtension(new xdr.AccountEntry({ ...account, seqNum }), { sequenceUse });
}
