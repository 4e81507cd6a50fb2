/** What must hold for a transaction to be part of a ledger, as Horizon tells it. */
import type { xdr } from '@stellar/stellar-sdk';
import { preconditionsOf } from '../ledger/sequence.ts';
import { signerKeyText } from './signer-key.ts';

/** Nothing when there is none. A bound that is not set is left out, but for the lower ones beside an upper one. */
export function preconditionFields(tx: xdr.Transaction): { preconditions?: Record<string, unknown> } {
  const { timeBounds, ledgerBounds, minSeqNum, minSeqAge, minSeqLedgerGap, extraSigners } = preconditionsOf(tx);
  const preconditions = {
    ...(timeBounds ? { timebounds: timeFields(timeBounds) } : {}),
    ...(ledgerBounds ? { ledgerbounds: ledgerFields(ledgerBounds) } : {}),
    ...(minSeqNum == null ? {} : { min_account_sequence: minSeqNum.toString() }),
    ...(minSeqAge ? { min_account_sequence_age: minSeqAge.toString() } : {}),
    ...(minSeqLedgerGap ? { min_account_sequence_ledger_gap: minSeqLedgerGap } : {}),
    ...(extraSigners?.length ? { extra_signers: extraSigners.map(signerKeyText) } : {}),
  };
  return Object.keys(preconditions).length > 0 ? { preconditions } : {};
}

function timeFields({ minTime, maxTime }: xdr.TimeBounds): Record<string, string> {
  return { min_time: minTime.toString(), ...(maxTime > 0n ? { max_time: maxTime.toString() } : {}) };
}

function ledgerFields({ minLedger, maxLedger }: xdr.LedgerBounds): Record<string, number> {
  return { min_ledger: minLedger, ...(maxLedger > 0 ? { max_ledger: maxLedger } : {}) };
}
