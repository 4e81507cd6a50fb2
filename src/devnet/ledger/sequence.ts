/** Sequence numbers and the preconditions of a transaction that look at them, at time and at the ledger number. */
import { xdr } from '@stellar/stellar-sdk';
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
  const last = lastSequenceUse(account);
  const oldEnough = BigInt(moment.closeTimeS) - last.timeS >= (minSeqAge ?? 0n);
  const farEnough = moment.sequence - last.ledger >= (minSeqLedgerGap ?? 0);
  return oldEnough && farEnough ? undefined : 'txBadMinSeqAgeOrGap';
}

/** Uses up the transaction's sequence number, and keeps when that was. */
export function useSequence(account: xdr.AccountEntry, seqNum: bigint, moment: LedgerMoment): xdr.AccountEntry {
  const ext = extension(account.signers.length, { ledger: moment.sequence, timeS: BigInt(moment.closeTimeS) });
  return new xdr.AccountEntry({ ...account, seqNum, ext });
}

/** Other signers, and the extension that counts them. Signers are kept in the order of their keys. */
export function withSigners(account: xdr.AccountEntry, signers: readonly xdr.Signer[]): xdr.AccountEntry {
  const order = (signer: xdr.Signer) => signer.key.toXdr('hex');
  const sorted = [...signers].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const hasExtension = account.ext.type === 'v1';
  const ext = hasExtension ? extension(sorted.length, lastSequenceUse(account)) : account.ext;
  return new xdr.AccountEntry({ ...account, signers: sorted, ext });
}

type SequenceUse = { ledger: number; timeS: bigint };

/** Nothing is sponsored and nothing is on offer here, so only the use of the sequence number varies. */
function extension(signers: number, use: SequenceUse): xdr.AccountEntryExt {
  const v3 = new xdr.AccountEntryExtensionV3({
    ext: xdr.ExtensionPoint.v0(),
    seqLedger: use.ledger,
    seqTime: use.timeS,
  });
  const v2 = new xdr.AccountEntryExtensionV2({
    numSponsored: 0,
    numSponsoring: 0,
    signerSponsoringIDs: Array.from({ length: signers }, () => null),
    ext: xdr.AccountEntryExtensionV2Ext.v3(v3),
  });
  const v1 = new xdr.AccountEntryExtensionV1({
    liabilities: new xdr.Liabilities({ buying: 0n, selling: 0n }),
    ext: xdr.AccountEntryExtensionV1Ext.v2(v2),
  });
  return xdr.AccountEntryExt.v1(v1);
}

/** When the account's sequence number last changed; zeros for an account that has never been a source. */
export function lastSequenceUse(account: xdr.AccountEntry): SequenceUse {
  const v1 = account.ext.type === 'v1' ? account.ext.v1 : undefined;
  const v2 = v1?.ext.type === 'v2' ? v1.ext.v2 : undefined;
  const v3 = v2?.ext.type === 'v3' ? v2.ext.v3 : undefined;
  return { ledger: v3?.seqLedger ?? 0, timeS: v3?.seqTime ?? 0n };
}
