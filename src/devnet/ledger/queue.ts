/**
 * Transactions that wait for a ledger. As on a validator: one per source account, replaced only by a fee bump of
 * the same sequence number that bids ten times as much; what was applied or fell out is not taken again for ten ledgers.
 */
import { xdr } from '@stellar/stellar-sdk';
import type { NetworkLimits } from '../network-profiles.ts';
import { availableBalance } from './balances.ts';
import { checkForQueue, type Refusal } from './checks.ts';
import { diagnosticError } from './diagnostics.ts';
import { type EntryView, readAccount } from './entries.ts';
import type { SignedTransaction } from './envelope.ts';
import { feeBid, feeOperations, feeToCharge, inclusionBid, resourceFeeOf } from './fees.ts';
import { bidsMore, createRoom, fillPhase, type LaneName, laneOf, type Phases } from './lanes.ts';
import { resourceProblem } from './resource-problems.ts';
import { type FailureCode, failedWith, feeBumpResult, transactionResult } from './results.ts';
import type { LedgerMoment } from './sequence.ts';
import type { ViewedHost } from './viewed-host.ts';
import { createWaitingList, type Waiting } from './waiting-list.ts';

export type QueueAnswer =
  | { status: 'PENDING' | 'DUPLICATE' | 'TRY_AGAIN_LATER' }
  | { status: 'ERROR'; result: xdr.TransactionResult; diagnostics: readonly xdr.DiagnosticEvent[] };

export type TransactionQueue = {
  /** `inRow` lets the source have several transactions waiting, one number after another. */
  add(signed: SignedTransaction, moment: LedgerMoment, inRow?: boolean): QueueAnswer;
  /** Takes out what gets into the next ledger; what has become invalid or waited too long falls out. */
  take(moment: LedgerMoment): Phases;
  isWaiting(hash: string): boolean;
  /** The sequence number of the source's last waiting transaction. */
  lastNumber(source: xdr.PublicKey): bigint | undefined;
  /** The least that a lane charges for each operation from now on, stroops; 0 for what the network always asks. */
  setFloor(lane: LaneName, stroops: bigint): void;
};

const BANNED_LEDGERS = 10;
/** Ledgers that a transaction waits for; then it is dropped. */
const PENDING_LEDGERS = 4;
/** How many ledgers' worth of transactions wait. */
const CAPACITY_LEDGERS = 2;
const REPLACEMENT_FACTOR = 10n;

export function createQueue(deps: { view: EntryView; host: ViewedHost }): TransactionQueue {
  const { view, host } = deps;
  const waiting = createWaitingList();
  const floors: Record<LaneName, bigint> = { classic: 0n, soroban: 0n };
  /** Hash to the ledger from which it is welcome again. */
  const banned = new Map<string, number>();

  function ban(signed: SignedTransaction, moment: LedgerMoment): void {
    banned.set(signed.hash, moment.sequence + BANNED_LEDGERS);
  }

  function add(signed: SignedTransaction, moment: LedgerMoment, inRow = false): QueueAnswer {
    if ((banned.get(signed.hash) ?? 0) > moment.sequence) return { status: 'TRY_AGAIN_LATER' };
    if (feeBid(signed) < 0n || inclusionBid(signed) < 0n) {
      return refuse(signed, 'txMalformed', because('the fee is below the resourceFee'));
    }
    const last = waiting.lastOf(signed.source);
    if (last && !inRow) {
      const answer = besideWaiting(signed, last.signed, host.limits);
      if (answer) return answer;
    }
    const replaced = inRow ? undefined : last;
    const crowd = inRow ? undefined : makeRoom(signed, replaced);
    if (crowd && 'needed' in crowd) {
      ban(signed, moment);
      const result = transactionResult(failedWith('txInsufficientFee'), crowd.needed);
      return { status: 'ERROR', result, diagnostics: [because('others bid more for each operation')] };
    }
    const sequenceBefore = replaced || !last ? undefined : last.signed.tx.seqNum;
    const refusal = checkForQueue(signed, view, moment, host, sequenceBefore);
    if (refusal) return { status: 'ERROR', result: refusalResult(signed, refusal), diagnostics: refusal.diagnostics };
    if (!canPayAll(signed, replaced))
      return refuse(signed, 'txInsufficientBalance', because('of what else its payer waits for'));
    for (const out of crowd?.evicted ?? []) {
      waiting.remove(out);
      ban(out.signed, moment);
    }
    if (replaced) waiting.remove(replaced);
    waiting.add(signed);
    return { status: 'PENDING' };
  }

  /** A payer must be able to pay for everything of it that waits. */
  function canPayAll(signed: SignedTransaction, replaced: Waiting | undefined): boolean {
    const { payer } = waiting.describe(signed);
    const account = readAccount(view, signed.feeBump?.feeSource ?? signed.source);
    const others = waiting.bidsOf(payer) - (replaced?.payer === payer ? feeBid(replaced.signed) : 0n);
    return account !== undefined && availableBalance(account) - feeBid(signed) >= others;
  }

  /** Whom it takes the place of, or the bid that would be enough. */
  function makeRoom(
    signed: SignedTransaction,
    replaced: Waiting | undefined,
  ): { evicted: Waiting[] } | { needed: bigint } {
    const lane = laneOf(signed);
    const bidNeeded = (perOperation: bigint) => resourceFeeOf(signed) + perOperation * feeOperations(signed);
    if (inclusionBid(signed) < floors[lane] * feeOperations(signed)) return { needed: bidNeeded(floors[lane]) };
    const rivals = waiting.all().filter((other) => other !== replaced && laneOf(other.signed) === lane);
    const room = createRoom(lane, host.limits, CAPACITY_LEDGERS);
    for (const other of rivals) room.add(other.signed);
    const evicted: Waiting[] = [];
    const cheapestFirst = rivals.sort((a, b) => (bidsMore(b.signed, a.signed) ? -1 : 1));
    while (!room.fits(signed)) {
      const cheapest = cheapestFirst.shift();
      if (!cheapest) break;
      if (!bidsMore(signed, cheapest.signed)) {
        const { signed: other } = cheapest;
        return { needed: bidNeeded(inclusionBid(other) / feeOperations(other) + 1n) };
      }
      room.remove(cheapest.signed);
      evicted.push(cheapest);
    }
    return { evicted };
  }

  function take(moment: LedgerMoment): Phases {
    for (const [hash, until] of banned) if (until <= moment.sequence) banned.delete(hash);
    const numbers = new Map<string, bigint>();
    const valid: SignedTransaction[] = [];
    for (const one of waiting.all()) {
      if (checkForQueue(one.signed, view, moment, host, numbers.get(one.source))) {
        waiting.remove(one);
        ban(one.signed, moment);
      } else {
        numbers.set(one.source, one.signed.tx.seqNum);
        valid.push(one.signed);
      }
    }
    const phase = (lane: LaneName) =>
      fillPhase(
        lane,
        valid.filter((signed) => laneOf(signed) === lane),
        floors[lane],
        host.limits,
      );
    const phases = { classic: phase('classic'), soroban: phase('soroban') };
    for (const signed of [...phases.classic.transactions, ...phases.soroban.transactions]) {
      waiting.removeHash(signed.hash);
      ban(signed, moment);
    }
    for (const tooOld of waiting.age(PENDING_LEDGERS)) ban(tooOld.signed, moment);
    return phases;
  }

  return {
    add,
    take,
    isWaiting: waiting.has,
    lastNumber: (source) => waiting.lastOf(source)?.signed.tx.seqNum,
    setFloor(lane, stroops) {
      floors[lane] = stroops;
    },
  };
}

/** How a source's waiting transaction answers for the next one; undefined when the next may replace it. */
function besideWaiting(
  signed: SignedTransaction,
  waiting: SignedTransaction,
  limits: NetworkLimits,
): QueueAnswer | undefined {
  if (waiting.hash === signed.hash || waiting.feeBump?.innerHash === signed.hash) return { status: 'DUPLICATE' };
  if (signed.tx.seqNum < waiting.tx.seqNum) return refuse(signed, 'txBadSeq');
  const resources = signed.sorobanData && resourceProblem(signed, signed.sorobanData, limits);
  if (resources) return refuse(signed, 'txSorobanInvalid', resources);
  if (!signed.feeBump || waiting.tx.seqNum !== signed.tx.seqNum) return { status: 'TRY_AGAIN_LATER' };
  const least = REPLACEMENT_FACTOR * inclusionBid(waiting) * feeOperations(signed);
  const operations = feeOperations(waiting);
  if (inclusionBid(signed) * operations >= least) return undefined;
  const needed = (least + operations - 1n) / operations + resourceFeeOf(signed);
  const result = transactionResult(failedWith('txInsufficientFee'), needed);
  return { status: 'ERROR', result, diagnostics: [because('a replacement bids ten times as much')] };
}

function refuse(signed: SignedTransaction, code: FailureCode, reason?: xdr.DiagnosticEvent): QueueAnswer {
  const result = transactionResult(failedWith(code), feeToCharge(signed));
  return { status: 'ERROR', result, diagnostics: reason ? [reason] : [] };
}

function because(text: string): xdr.DiagnosticEvent {
  return diagnosticError('sceStorage', xdr.ScErrorCode.scecExceededLimit, text);
}

function refusalResult(signed: SignedTransaction, refusal: Refusal): xdr.TransactionResult {
  const fee = refusal.feeNeeded ?? feeToCharge(signed);
  return signed.feeBump && refusal.at === 'transaction'
    ? feeBumpResult(refusal.outcome, signed.feeBump.innerHashBytes, fee)
    : transactionResult(refusal.outcome, fee);
}
