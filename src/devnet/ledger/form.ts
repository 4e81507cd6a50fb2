/** What is wrong with a transaction as a piece of data, whatever its accounts hold. */
import { xdr } from '@stellar/stellar-sdk';
import { diagnosticError } from './diagnostics.ts';
import type { EntryView } from './entries.ts';
import { isSoroban, type SignedTransaction } from './envelope.ts';
import { duplicateProblem, resourceProblem } from './resource-problems.ts';
import type { FailureCode } from './results.ts';
import { preconditionsOf } from './sequence.ts';
import { declaredFee } from './soroban-resources.ts';
import type { ViewedHost } from './viewed-host.ts';

export type FormProblem = { code: FailureCode; diagnostics: readonly xdr.DiagnosticEvent[] };

/** Larger resource fees are no resource fees: 2^50 stroops, as validators have it. */
const RESOURCE_FEE_MAX = 1n << 50n;

export function formProblem(signed: SignedTransaction, view: EntryView, host: ViewedHost): FormProblem | undefined {
  const { tx, sorobanData } = signed;
  if (sorobanData && (sorobanData.resourceFee < 0n || sorobanData.resourceFee > RESOURCE_FEE_MAX)) {
    return malformed(`resourceFee is not within 0 and ${RESOURCE_FEE_MAX}`);
  }
  const signers = extraSignersProblem(preconditionsOf(tx).extraSigners ?? []);
  if (signers) return malformed(signers);
  if (tx.operations.length === 0) return { code: 'txMissingOperation', diagnostics: [] };
  if (!isSoroban(signed)) return sorobanData ? malformed('Soroban data belongs to Soroban operations') : undefined;
  if (tx.operations.length > 1 || !sorobanData) {
    return malformed('a Soroban transaction has one operation and Soroban data');
  }
  return sorobanProblem(signed, sorobanData, view, host);
}

function malformed(text: string): FormProblem {
  return { code: 'txMalformed', diagnostics: [diagnosticError('sceValue', xdr.ScErrorCode.scecInvalidInput, text)] };
}

function extraSignersProblem(signers: readonly xdr.SignerKey[]): string | undefined {
  const [first, second] = signers;
  if (first && second?.equals(first)) return 'extraSigners names one signer twice';
  const empty = signers.some(
    (key) => key.type === 'signerKeyTypeEd25519SignedPayload' && key.ed25519SignedPayload.payload.length === 0,
  );
  return empty ? 'extraSigners has a signer of an empty payload' : undefined;
}

function sorobanProblem(
  signed: SignedTransaction,
  data: xdr.SorobanTransactionData,
  view: EntryView,
  host: ViewedHost,
): FormProblem | undefined {
  const invalid = (event: xdr.DiagnosticEvent): FormProblem => ({ code: 'txSorobanInvalid', diagnostics: [event] });
  const { scecExceededLimit, scecInvalidInput } = xdr.ScErrorCode;
  if (usesMemoOrMuxed(signed)) {
    return invalid(diagnosticError('sceValue', scecInvalidInput, 'an invocation has no memo and no muxed source'));
  }
  const problem = resourceProblem(signed, data, host.limits);
  if (problem) return invalid(problem);
  const cost = host.on(view, (soroban) => declaredFee(soroban, signed, 0)).nonRefundableStroops;
  if (cost > data.resourceFee) {
    const text = 'resourceFee is below the stroops its resources cost';
    return invalid(diagnosticError('sceValue', scecExceededLimit, text, [data.resourceFee, cost]));
  }
  const twice = duplicateProblem(data);
  return twice && invalid(twice);
}

/** Contracts see a memo and the number of a muxed account in their own arguments (CAP-67). */
function usesMemoOrMuxed({ tx }: SignedTransaction): boolean {
  const [operation] = tx.operations;
  if (operation?.body.type !== 'invokeHostFunction') return false;
  const sources = [tx.sourceAccount, operation.sourceAccount];
  return tx.memo.type !== 'memoNone' || sources.some((source) => source?.type === 'keyTypeMuxedEd25519');
}
