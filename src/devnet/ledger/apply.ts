/**
 * One transaction's turn in a ledger whose fees are already taken: its sequence number is used up, its operations
 * run on a stage of their own, and all of them count or none does.
 */
import { xdr } from '@stellar/stellar-sdk';
import { applyOperation } from '../operations/operation.ts';
import { nothingSpent, type SorobanSpent, type SorobanWork } from '../operations/soroban-work.ts';
import { checkForApply, type Refusal } from './checks.ts';
import { diagnosticError } from './diagnostics.ts';
import { readAccount } from './entries.ts';
import { entryChanges } from './entry-changes.ts';
import { accountOf, operationSource, type SignedTransaction } from './envelope.ts';
import { resourceFeeOf } from './fees.ts';
import { type Mishaps, struckOperations } from './mishap.ts';
import type { Network } from './network.ts';
import { dropSignerOfFeeBump, dropSignersOfSources } from './one-time-signers.ts';
import { failedWith, type Outcome, operationSucceeded } from './results.ts';
import { type LedgerMoment, useSequence } from './sequence.ts';
import { declaredFee } from './soroban-resources.ts';
import { createSponsorships, type Sponsorships } from './sponsorships.ts';
import { createStage, type LedgerStage } from './stage.ts';
import type { ViewedHost } from './viewed-host.ts';

export type ApplyEnvironment = {
  network: Network;
  host: ViewedHost;
  moment: LedgerMoment;
  /** 32 bytes that differ for each transaction of each ledger. */
  seed: Uint8Array;
  mishaps: Pick<Mishaps, 'strikes'>;
};

export type AppliedTransaction = {
  outcome: Outcome;
  /** Of using up the sequence number and the signers that were for this transaction only. */
  changesBefore: xdr.LedgerEntryChange[];
  /** One list for each operation; none when the transaction failed. */
  operationChanges: xdr.LedgerEntryChange[][];
  operationEvents: xdr.ContractEvent[][];
  /** Only for Soroban transactions that were tried. */
  soroban: SorobanReceipt | undefined;
};

export type SorobanReceipt = {
  nonRefundable: bigint;
  /** Rent and events together. */
  refundable: bigint;
  rentFee: bigint;
  returnValue: xdr.ScVal | undefined;
  diagnostics: xdr.DiagnosticEvent[];
};

/** Refused before the sequence number was looked at, so it stays. */
const SEQUENCE_STAYS: readonly string[] = ['txTooEarly', 'txTooLate', 'txNoAccount', 'txBadSeq'];

export function applyTransaction(
  signed: SignedTransaction,
  ledger: LedgerStage,
  environment: ApplyEnvironment,
): AppliedTransaction {
  const refusal = checkForApply(signed, ledger, environment.moment);
  const keepsSequence = refusal !== undefined && SEQUENCE_STAYS.includes(refusal.outcome.code);
  const changesBefore = [
    ...changesOf(ledger, (stage) => dropSignerOfFeeBump(signed, stage)),
    ...changesOf(ledger, (stage) => {
      if (!keepsSequence) takeSequence(signed, stage, environment.moment);
      dropSignersOfSources(signed, stage);
    }),
  ];
  return { ...takeTurn(signed, ledger, environment, refusal), changesBefore };
}

type Turn = Omit<AppliedTransaction, 'changesBefore'>;

/**
 * What throws here is a fault of this program, or an entry that the host cannot read: as on the network it ends the
 * transaction, never the ledger.
 */
function takeTurn(
  signed: SignedTransaction,
  ledger: LedgerStage,
  environment: ApplyEnvironment,
  refusal: Refusal | undefined,
): Turn {
  let work: SorobanWork | undefined;
  try {
    work = sorobanWork(signed, ledger, environment);
    if (refusal) return withoutEffect(refusal.outcome, signed, work);
    if (environment.mishaps.strikes()) {
      return withoutEffect({ code: 'txFailed', operations: struckOperations(signed) }, signed, work);
    }
    return runOperations(signed, ledger, environment, work);
  } catch (error) {
    work?.spent.diagnostics.push(internalError(error));
    return withoutEffect(failedWith('txInternalError'), signed, work);
  }
}

function internalError(error: unknown): xdr.DiagnosticEvent {
  const text = error instanceof Error ? error.message : String(error);
  return diagnosticError('sceValue', xdr.ScErrorCode.scecInternalError, text);
}

function runOperations(
  signed: SignedTransaction,
  ledger: LedgerStage,
  environment: ApplyEnvironment,
  work: SorobanWork | undefined,
): Turn {
  const stage = createStage(ledger, ledger.sequence);
  const sponsorships = createSponsorships();
  const shared = { signed, stage, environment, work, sponsorships };
  const tried = signed.tx.operations.map((operation, index) => tryOperation(operation, index, shared));
  const results = tried.map(({ result }) => result);
  if (!results.every(operationSucceeded)) {
    return withoutEffect({ code: 'txFailed', operations: results }, signed, work);
  }
  if (sponsorships.anyOpen()) return withoutEffect(failedWith('txBadSponsorship'), signed, work);
  stage.commit();
  return {
    outcome: { code: 'txSuccess', operations: results },
    operationChanges: tried.map(({ changes }) => changes),
    operationEvents: tried.map(({ events }) => events),
    soroban: work && receipt(signed, work, work.spent),
  };
}

/** A transaction without effect pays for no rent and no events. */
function withoutEffect(outcome: Outcome, signed: SignedTransaction, work: SorobanWork | undefined) {
  const spent = work && { ...nothingSpent(), diagnostics: work.spent.diagnostics };
  return {
    outcome,
    operationChanges: [],
    operationEvents: [],
    soroban: work && spent && receipt(signed, work, spent),
  };
}

function receipt(signed: SignedTransaction, work: SorobanWork, spent: SorobanSpent): SorobanReceipt {
  return {
    nonRefundable: resourceFeeOf(signed) - work.refundable,
    refundable: spent.rentFee + spent.eventsFee,
    rentFee: spent.rentFee,
    returnValue: spent.returnValue,
    diagnostics: spent.diagnostics,
  };
}

function takeSequence(signed: SignedTransaction, stage: LedgerStage, moment: LedgerMoment): void {
  const account = readAccount(stage, signed.source);
  if (!account) throw new Error('a transaction passed its checks without a source');
  stage.write(xdr.LedgerEntryData.account(useSequence(account, signed.tx.seqNum, moment)));
}

/** What `step` changes, on top of what has been changed before. */
function changesOf(ledger: LedgerStage, step: (stage: LedgerStage) => void): xdr.LedgerEntryChange[] {
  const stage = createStage(ledger, ledger.sequence);
  step(stage);
  const changes = entryChanges(stage.changes(), ledger.sequence);
  stage.commit();
  return changes;
}

function sorobanWork(
  signed: SignedTransaction,
  ledger: LedgerStage,
  { host, seed }: ApplyEnvironment,
): SorobanWork | undefined {
  const data = signed.sorobanData;
  if (!data) return undefined;
  const { nonRefundableStroops } = host.on(ledger, (soroban) => declaredFee(soroban, signed, 0));
  return { host, data, refundable: data.resourceFee - nonRefundableStroops, seed, spent: nothingSpent() };
}

type Tried = { result: xdr.OperationResult; changes: xdr.LedgerEntryChange[]; events: xdr.ContractEvent[] };

/** What all operations of a transaction see. */
type OperationsSetting = {
  signed: SignedTransaction;
  stage: LedgerStage;
  environment: ApplyEnvironment;
  work: SorobanWork | undefined;
  sponsorships: Sponsorships;
};

/** Operations after a failed one are tried as well, so that the result tells about each. */
function tryOperation(operation: xdr.Operation, operationIndex: number, setting: OperationsSetting): Tried {
  const { signed, work, sponsorships } = setting;
  const { network, moment } = setting.environment;
  const sourceAddress = operationSource(signed, operation);
  const source = accountOf(sourceAddress);
  if (!readAccount(setting.stage, source)) {
    return { result: xdr.OperationResult.opNoAccount(), changes: [], events: [] };
  }
  const stage = createStage(setting.stage, setting.stage.sequence);
  const events: xdr.ContractEvent[] = [];
  const emit = (event: xdr.ContractEvent) => {
    events.push(event);
  };
  const transaction = { source: signed.source, seqNum: signed.tx.seqNum, memo: signed.tx.memo };
  const acting = { stage, source, sourceAddress, operationIndex, transaction };
  const result = applyOperation(operation.body, { ...acting, sponsorships, moment, network, emit }, work);
  const changes = entryChanges(stage.changes(), stage.sequence);
  if (operationSucceeded(result)) stage.commit();
  return { result, changes, events };
}
