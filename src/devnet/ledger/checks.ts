/**
 * Whether a transaction may be part of the next ledger: before it waits in the queue, and again, without the bid,
 * when its turn comes. Nothing is changed here.
 */
import { xdr } from '@stellar/stellar-sdk';
import { checkOperation, thresholdOf } from '../operations/operation.ts';
import { untouchedResult } from '../operations/untouched-result.ts';
import { availableBalance } from './balances.ts';
import { type EntryView, readAccount } from './entries.ts';
import { accountOf, type FeeBump, isSoroban, operationSource, type SignedTransaction } from './envelope.ts';
import { feeBid, insufficientBid } from './fees.ts';
import { type FailureCode, failedWith, type Outcome } from './results.ts';
import { type LedgerMoment, preconditionsOf, sequenceProblem, timeProblem } from './sequence.ts';
import { createSignatureChecker, masterKey, neededWeight, type SignatureChecker, signersOf } from './signatures.ts';
import { declaredFee, resourceProblem } from './soroban-resources.ts';
import type { ViewedHost } from './viewed-host.ts';

/** `detail` explains what the code alone does not. `feeNeeded` is the bid that would have been enough. */
export type Refusal = {
  outcome: Outcome;
  /** Whose fault: of a fee bump itself, or of the transaction inside (or of a plain one). */
  at: 'fee_bump' | 'transaction';
  feeNeeded?: bigint;
  detail?: string;
};

/** Checks at the door, where the bid counts and other transactions of the account may be waiting before this one. */
export function checkForQueue(
  signed: SignedTransaction,
  view: EntryView,
  moment: LedgerMoment,
  host: ViewedHost,
  sequenceBefore?: bigint,
): Refusal | undefined {
  const form = formProblem(signed, view, host);
  if (form) return refused(form.code, form.detail);
  const time = timeProblem(signed.tx, moment);
  if (time) return refused(time);
  const feeNeeded = insufficientBid(signed);
  if (feeNeeded !== undefined) {
    return { outcome: failedWith('txInsufficientFee'), at: signed.feeBump ? 'fee_bump' : 'transaction', feeNeeded };
  }
  if (signed.feeBump) {
    return feeBumpProblem(signed, signed.feeBump, view) ?? transactionProblem(signed, view, moment, sequenceBefore);
  }
  const problem = transactionProblem(signed, view, moment, sequenceBefore);
  return problem ?? (canPay(signed, view, signed.source) ? undefined : refused('txInsufficientBalance'));
}

/** Checks when its turn has come: the fee is paid, but other transactions went first. */
export function checkForApply(signed: SignedTransaction, view: EntryView, moment: LedgerMoment): Refusal | undefined {
  const time = timeProblem(signed.tx, moment);
  return time ? refused(time) : transactionProblem(signed, view, moment);
}

function refused(code: FailureCode, detail?: string): Refusal {
  return { outcome: failedWith(code), at: 'transaction', ...(detail === undefined ? {} : { detail }) };
}

/** What is wrong with the transaction as a piece of data. */
function formProblem(
  signed: SignedTransaction,
  view: EntryView,
  host: ViewedHost,
): { code: FailureCode; detail?: string } | undefined {
  const { tx, sorobanData } = signed;
  if ((preconditionsOf(tx).extraSigners ?? []).length > 0) {
    return { code: 'txNotSupported', detail: 'extraSigners are not supported by this network' };
  }
  if (tx.operations.length === 0) return { code: 'txMissingOperation' };
  if (!isSoroban(signed)) return sorobanData ? { code: 'txMalformed' } : undefined;
  if (tx.operations.length > 1 || !sorobanData) {
    return { code: 'txMalformed', detail: 'a Soroban transaction has one operation and Soroban data' };
  }
  const muxed = tx.sourceAccount.type !== 'keyTypeEd25519';
  if (tx.memo.type !== 'memoNone' || muxed) {
    return { code: 'txSorobanInvalid', detail: 'a Soroban transaction has no memo and no muxed source' };
  }
  const bid = signed.feeBump?.fee ?? BigInt(tx.fee);
  if (sorobanData.resourceFee > bid) return { code: 'txSorobanInvalid', detail: 'resourceFee is above the whole fee' };
  const problem = resourceProblem(signed, sorobanData);
  if (problem) return { code: 'txSorobanInvalid', detail: problem };
  const cost = host.on(view, (soroban) => declaredFee(soroban, signed, 0)).nonRefundableStroops;
  if (cost > sorobanData.resourceFee) {
    return { code: 'txSorobanInvalid', detail: `resourceFee is below the ${cost} stroops its resources cost` };
  }
  return undefined;
}

/** The account that pays for a fee bump must exist, have signed it, and be able to pay. */
function feeBumpProblem(signed: SignedTransaction, feeBump: FeeBump, view: EntryView): Refusal | undefined {
  const refusal = (code: FailureCode): Refusal => ({ outcome: failedWith(code), at: 'fee_bump' });
  const payer = readAccount(view, feeBump.feeSource);
  if (!payer) return refusal('txNoAccount');
  const checker = createSignatureChecker(feeBump.signatures, signed.hashBytes, signed.knownMatches);
  if (!checker.weighs(signersOf(payer), neededWeight(payer, 'low'))) return refusal('txBadAuth');
  if (!canPay(signed, view, feeBump.feeSource)) return refusal('txInsufficientBalance');
  return checker.allUsed() ? undefined : refusal('txBadAuthExtra');
}

/** The whole bid must be there, although less is usually charged. */
function canPay(signed: SignedTransaction, view: EntryView, payer: xdr.PublicKey): boolean {
  const account = readAccount(view, payer);
  return account !== undefined && availableBalance(account) >= feeBid(signed);
}

function transactionProblem(
  signed: SignedTransaction,
  view: EntryView,
  moment: LedgerMoment,
  sequenceBefore?: bigint,
): Refusal | undefined {
  const { tx, feeBump, source } = signed;
  const account = readAccount(view, source);
  if (!account) return refused('txNoAccount');
  const sequence = sequenceProblem(tx, account, sequenceBefore ?? account.seqNum, moment);
  if (sequence) return refused(sequence);
  const checker = createSignatureChecker(
    signed.signatures,
    feeBump?.innerHashBytes ?? signed.hashBytes,
    signed.knownMatches,
  );
  if (!checker.weighs(signersOf(account), neededWeight(account, 'low'))) return refused('txBadAuth');
  const operations = operationProblems(signed, view, checker);
  if (operations) return { outcome: { code: 'txFailed', operations }, at: 'transaction' };
  return checker.allUsed() ? undefined : refused('txBadAuthExtra');
}

/** Results of all operations if any of them cannot be applied. */
function operationProblems(
  signed: SignedTransaction,
  view: EntryView,
  checker: SignatureChecker,
): xdr.OperationResult[] | undefined {
  const problems = signed.tx.operations.map(
    (operation) => operationAuthProblem(signed, operation, view, checker) ?? operationFormProblem(signed, operation),
  );
  if (problems.every((problem) => problem === undefined)) return undefined;
  return signed.tx.operations.map((operation, index) => problems[index] ?? untouchedResult(operation.body));
}

function operationFormProblem(signed: SignedTransaction, operation: xdr.Operation): xdr.OperationResult | undefined {
  return checkOperation(operation.body, accountOf(operationSource(signed, operation)), signed.sorobanData);
}

function operationAuthProblem(
  signed: SignedTransaction,
  operation: xdr.Operation,
  view: EntryView,
  checker: SignatureChecker,
): xdr.OperationResult | undefined {
  const id = accountOf(operationSource(signed, operation));
  const account = readAccount(view, id);
  if (!account) {
    // The account may be created by an operation before this one: then its own key must have signed.
    const signedByKey = operation.sourceAccount !== null && checker.weighs([{ key: masterKey(id), weight: 1 }], 0);
    return signedByKey ? undefined : xdr.OperationResult.opNoAccount();
  }
  const enough = checker.weighs(signersOf(account), neededWeight(account, thresholdOf(operation.body)));
  return enough ? undefined : xdr.OperationResult.opBadAuth();
}
