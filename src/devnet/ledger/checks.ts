/**
 * Whether a transaction may be part of the next ledger: before it waits in the queue, and again, without the bid,
 * when its turn comes. Nothing is changed here.
 */
import { xdr } from '@stellar/stellar-sdk';
import { checkOperation, thresholdOf, untouchedResult } from '../operations/operation.ts';
import type { OperationFacts } from '../operations/operation-kind.ts';
import { availableBalance } from './balances.ts';
import { type EntryView, readAccount } from './entries.ts';
import { accountOf, type FeeBump, operationSource, type SignedTransaction } from './envelope.ts';
import { feeBid, insufficientBid } from './fees.ts';
import { formProblem } from './form.ts';
import { type FailureCode, failedWith, type Outcome } from './results.ts';
import { type LedgerMoment, preconditionsOf, sequenceProblem, timeProblem } from './sequence.ts';
import { createSignatureChecker, masterKey, neededWeight, type SignatureChecker, signersOf } from './signatures.ts';
import type { ViewedHost } from './viewed-host.ts';

/** `diagnostics` explain what the code alone does not. `feeNeeded` is the bid that would have been enough. */
export type Refusal = {
  outcome: Outcome;
  /** Whose fault: of a fee bump itself, or of the transaction inside (or of a plain one). */
  at: 'fee_bump' | 'transaction';
  feeNeeded?: bigint;
  diagnostics: readonly xdr.DiagnosticEvent[];
};

/** Checks at the door, where the bid counts and other transactions of the account may be waiting before this one. */
export function checkForQueue(
  signed: SignedTransaction,
  view: EntryView,
  moment: LedgerMoment,
  host: ViewedHost,
  sequenceBefore?: bigint,
): Refusal | undefined {
  const outer = signed.feeBump && feeBumpProblem(signed, signed.feeBump, view);
  if (outer) return outer;
  const form = formProblem(signed, view, host);
  if (form) return refused(form.code, form.diagnostics);
  const time = timeProblem(signed.tx, moment);
  if (time) return refused(time);
  const feeNeeded = signed.feeBump ? undefined : insufficientBid(signed);
  if (feeNeeded !== undefined) return { ...refused('txInsufficientFee'), feeNeeded };
  const checker = checkerOf(signed);
  const problem = sourceProblem(signed, view, moment, checker, sequenceBefore);
  if (problem) return problem;
  if (!signed.feeBump && !canPay(signed, view, signed.source)) return refused('txInsufficientBalance');
  const diagnostics: xdr.DiagnosticEvent[] = [];
  const explain = (event: xdr.DiagnosticEvent) => {
    diagnostics.push(event);
  };
  const operations = firstOperationProblem(signed, view, checker, { limits: host.limits, explain });
  if (operations) return { outcome: { code: 'txFailed', operations }, at: 'transaction', diagnostics };
  return checker.allUsed() ? undefined : refused('txBadAuthExtra');
}

/** Checks when its turn has come: the fee is paid, but other transactions went first. */
export function checkForApply(signed: SignedTransaction, view: EntryView, moment: LedgerMoment): Refusal | undefined {
  const time = timeProblem(signed.tx, moment);
  if (time) return refused(time);
  const checker = checkerOf(signed);
  const problem = sourceProblem(signed, view, moment, checker);
  if (problem) return problem;
  const operations = signatureProblems(signed, view, checker);
  if (operations) return { outcome: { code: 'txFailed', operations }, at: 'transaction', diagnostics: [] };
  return checker.allUsed() ? undefined : refused('txBadAuthExtra');
}

function refused(code: FailureCode, diagnostics: readonly xdr.DiagnosticEvent[] = []): Refusal {
  return { outcome: failedWith(code), at: 'transaction', diagnostics };
}

/** What is wrong with the fee bump itself: its bid, who pays it, and who signed it. */
function feeBumpProblem(signed: SignedTransaction, feeBump: FeeBump, view: EntryView): Refusal | undefined {
  const refusal = (code: FailureCode): Refusal => ({ outcome: failedWith(code), at: 'fee_bump', diagnostics: [] });
  if (feeBump.fee < 0n) return refusal('txMalformed');
  const feeNeeded = insufficientBid(signed);
  if (feeNeeded !== undefined) return { ...refusal('txInsufficientFee'), feeNeeded };
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

function checkerOf({ signatures, feeBump, hashBytes, knownMatches }: SignedTransaction): SignatureChecker {
  return createSignatureChecker(signatures, feeBump?.innerHashBytes ?? hashBytes, knownMatches);
}

/** The account whose sequence number is used must exist, be at that number, and have signed. */
function sourceProblem(
  { tx, source }: SignedTransaction,
  view: EntryView,
  moment: LedgerMoment,
  checker: SignatureChecker,
  sequenceBefore?: bigint,
): Refusal | undefined {
  const account = readAccount(view, source);
  if (!account) return refused('txNoAccount');
  const sequence = sequenceProblem(tx, account, sequenceBefore ?? account.seqNum, moment);
  if (sequence) return refused(sequence);
  const extra = (preconditionsOf(tx).extraSigners ?? []).map((key) => ({ key, weight: 1 }));
  const signed =
    checker.weighs(signersOf(account), neededWeight(account, 'low')) &&
    (extra.length === 0 || checker.weighs(extra, extra.length));
  return signed ? undefined : refused('txBadAuth');
}

/** Results of all operations if one cannot be applied: those after the first such one are not looked at. */
function firstOperationProblem(
  signed: SignedTransaction,
  view: EntryView,
  checker: SignatureChecker,
  around: Pick<OperationFacts, 'limits' | 'explain'>,
): xdr.OperationResult[] | undefined {
  for (const [at, operation] of signed.tx.operations.entries()) {
    const problem =
      operationAuthProblem(signed, operation, view, checker) ?? operationFormProblem(signed, operation, around);
    if (problem) return resultsWith(signed, (index) => (index === at ? problem : undefined));
  }
  return undefined;
}

/** Results of all operations if any of them lacks a signature. */
function signatureProblems(
  signed: SignedTransaction,
  view: EntryView,
  checker: SignatureChecker,
): xdr.OperationResult[] | undefined {
  const problems = signed.tx.operations.map((operation) => operationAuthProblem(signed, operation, view, checker));
  return problems.some((problem) => problem !== undefined)
    ? resultsWith(signed, (index) => problems[index])
    : undefined;
}

function resultsWith(
  { tx }: SignedTransaction,
  problemOf: (index: number) => xdr.OperationResult | undefined,
): xdr.OperationResult[] {
  return tx.operations.map((operation, index) => problemOf(index) ?? untouchedResult(operation.body));
}

function operationFormProblem(
  signed: SignedTransaction,
  operation: xdr.Operation,
  around: Pick<OperationFacts, 'limits' | 'explain'>,
): xdr.OperationResult | undefined {
  const source = accountOf(operationSource(signed, operation));
  return checkOperation(operation.body, { source, data: signed.sorobanData, ...around });
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
    if (operation.sourceAccount === null) return xdr.OperationResult.opNoAccount();
    const signedByKey = checker.weighs([{ key: masterKey(id), weight: 1 }], 0);
    return signedByKey ? undefined : xdr.OperationResult.opBadAuth();
  }
  const enough = checker.weighs(signersOf(account), neededWeight(account, thresholdOf(operation.body)));
  return enough ? undefined : xdr.OperationResult.opBadAuth();
}
