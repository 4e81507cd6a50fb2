/**
 * Transactions that wait for a ledger. As on a validator: one per source account, replaced only by a fee bump of
 * the same sequence number that bids ten times as much; what was applied or fell out is not taken again for ten ledgers.
 */
import type { xdr } from '@stellar/stellar-sdk';
import { networkLimits } from '../network-settings.ts';
import { checkForQueue, type Refusal } from './checks.ts';
import type { EntryView } from './entries.ts';
import { accountText, isSoroban, type SignedTransaction } from './envelope.ts';
import { feeBid, feeOperations, feeToCharge } from './fees.ts';
import { failedWith, feeBumpResult, transactionResult } from './results.ts';
import type { LedgerMoment } from './sequence.ts';
import type { ViewedHost } from './viewed-host.ts';

export type QueueAnswer =
  | { status: 'PENDING' | 'DUPLICATE' | 'TRY_AGAIN_LATER' }
  | { status: 'ERROR'; result: xdr.TransactionResult; detail: string | undefined };

export type TransactionQueue = {
  /** `inRow` lets the source have several transactions waiting, one number after another. */
  add(signed: SignedTransaction, moment: LedgerMoment, inRow?: boolean): QueueAnswer;
  /** Takes out what fits into the next ledger; what has become invalid falls out. */
  take(moment: LedgerMoment): SignedTransaction[];
  isWaiting(hash: string): boolean;
  /** The sequence number of the source's last waiting transaction. */
  lastNumber(source: xdr.PublicKey): bigint | undefined;
};

const BANNED_LEDGERS = 10;
const REPLACEMENT_FACTOR = 10n;

export function createQueue(deps: { view: EntryView; host: ViewedHost }): TransactionQueue {
  const { view, host } = deps;
  let waiting: SignedTransaction[] = [];
  /** Hash to the ledger from which it is welcome again. */
  const banned = new Map<string, number>();

  function ban(signed: SignedTransaction, moment: LedgerMoment): void {
    banned.set(signed.hash, moment.sequence + BANNED_LEDGERS);
  }

  function add(signed: SignedTransaction, moment: LedgerMoment, inRow = false): QueueAnswer {
    if ((banned.get(signed.hash) ?? 0) > moment.sequence) return { status: 'TRY_AGAIN_LATER' };
    const ofSource = waiting.filter((other) => other.source.equals(signed.source));
    const last = ofSource.at(-1);
    if (last && !inRow) {
      const answer = besideWaiting(signed, last);
      if (answer) return answer;
    }
    const replaced = inRow ? undefined : last;
    const sequenceBefore = replaced || !last ? undefined : last.tx.seqNum;
    const refusal = checkForQueue(signed, view, moment, host, sequenceBefore);
    if (refusal) return { status: 'ERROR', result: refusalResult(signed, refusal), detail: refusal.detail };
    waiting = [...waiting.filter((other) => other !== replaced), signed];
    return { status: 'PENDING' };
  }

  function take(moment: LedgerMoment): SignedTransaction[] {
    for (const [hash, until] of banned) if (until <= moment.sequence) banned.delete(hash);
    const room = ledgerRoom();
    const numbers = new Map<string, bigint>();
    const taken: SignedTransaction[] = [];
    const left: SignedTransaction[] = [];
    for (const signed of waiting) {
      const source = accountText(signed.source);
      if (checkForQueue(signed, view, moment, host, numbers.get(source))) {
        ban(signed, moment);
      } else if (room.fits(signed)) {
        numbers.set(source, signed.tx.seqNum);
        taken.push(signed);
        ban(signed, moment);
      } else {
        left.push(signed);
      }
    }
    waiting = left;
    return taken;
  }

  return {
    add,
    take,
    isWaiting: (hash) => waiting.some((signed) => signed.hash === hash),
    lastNumber: (source) => waiting.findLast((signed) => signed.source.equals(source))?.tx.seqNum,
  };
}

/** How a source's waiting transaction answers for the next one; undefined when the next may replace it. */
function besideWaiting(signed: SignedTransaction, waiting: SignedTransaction): QueueAnswer | undefined {
  if (waiting.hash === signed.hash || waiting.feeBump?.innerHash === signed.hash) return { status: 'DUPLICATE' };
  if (!signed.feeBump || waiting.tx.seqNum !== signed.tx.seqNum) return { status: 'TRY_AGAIN_LATER' };
  const least = REPLACEMENT_FACTOR * feeBid(waiting) * feeOperations(signed);
  if (feeBid(signed) * feeOperations(waiting) >= least) return undefined;
  const operations = feeOperations(waiting);
  const result = transactionResult(failedWith('txInsufficientFee'), (least + operations - 1n) / operations);
  return { status: 'ERROR', result, detail: 'a replacement bids ten times as much' };
}

function refusalResult(signed: SignedTransaction, refusal: Refusal): xdr.TransactionResult {
  const fee = refusal.feeNeeded ?? feeToCharge(signed);
  return signed.feeBump && refusal.at === 'transaction'
    ? feeBumpResult(refusal.outcome, signed.feeBump.innerHashBytes, fee)
    : transactionResult(refusal.outcome, fee);
}

/** Counts one ledger's limits. Soroban transactions are taken to run one after another. */
function ledgerRoom() {
  const limits = networkLimits;
  const CLASSIC_OPERATIONS_MAX = 1_000;
  let operations = 0;
  const used = { txs: 0, instructions: 0, diskReadBytes: 0, writeEntries: 0, writeBytes: 0, bytes: 0 };
  return {
    fits(signed: SignedTransaction): boolean {
      if (!isSoroban(signed) || !signed.sorobanData) {
        operations += signed.tx.operations.length;
        return operations <= CLASSIC_OPERATIONS_MAX;
      }
      const { resources } = signed.sorobanData;
      used.txs += 1;
      used.instructions += resources.instructions;
      used.diskReadBytes += resources.diskReadBytes;
      used.writeEntries += resources.footprint.readWrite.length;
      used.writeBytes += resources.writeBytes;
      used.bytes += signed.envelope.length;
      return (
        used.txs <= limits.ledgerTxs &&
        used.instructions <= limits.ledgerInstructions &&
        used.diskReadBytes <= limits.ledgerDiskReadBytes &&
        used.writeEntries <= limits.ledgerWriteEntries &&
        used.writeBytes <= limits.ledgerWriteBytes &&
        used.bytes <= limits.ledgerTxsBytes
      );
    },
  };
}
