/** What was declared against what was used, and what entries may weigh, as diagnostic events of the three Soroban operations. */
import { xdr } from '@stellar/stellar-sdk';
import { diagnosticError } from '../ledger/diagnostics.ts';
import type { NetworkLimits } from '../network-profiles.ts';

const { scecExceededLimit } = xdr.ScErrorCode;

/** Undefined when no more was used than is allowed. */
export function overUse(what: string, used: number, allowed: number): xdr.DiagnosticEvent | undefined {
  if (used <= allowed) return undefined;
  return diagnosticError('sceBudget', scecExceededLimit, `${what} exceed what is allowed`, [used, allowed]);
}

/** Of the whole LedgerEntry, header included. */
export function entrySizeProblem(
  type: xdr.LedgerKey['type'],
  bytes: number,
  limits: NetworkLimits,
): xdr.DiagnosticEvent | undefined {
  if (type === 'contractCode') return overUse('bytes of a contract code entry', bytes, limits.wasmBytes);
  if (type === 'contractData') return overUse('bytes of a contract data entry', bytes, limits.dataEntryBytes);
  return undefined;
}

/** Rent comes first: events are paid from what it leaves. All in stroops. */
export function refundableProblem(
  refundable: bigint,
  rentFee: bigint,
  eventsFee: bigint,
): xdr.DiagnosticEvent | undefined {
  const short = (text: string, needed: bigint, left: bigint) =>
    diagnosticError('sceBudget', scecExceededLimit, text, [needed, left]);
  if (rentFee > refundable) return short('the refundable fee does not cover the rent', rentFee, refundable);
  const left = refundable - rentFee;
  if (eventsFee > left) return short('the refundable fee does not cover the events after the rent', eventsFee, left);
  return undefined;
}
