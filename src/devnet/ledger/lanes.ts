/**
 * Who gets into a ledger when not everybody can, and what that costs. Soroban transactions compete with each other for a
 * ledger's resources, all others for its operations. Those that bid most for each operation go first, and where somebody
 * has to stay out, all pay what the least of those inside bid.
 */
import type { NetworkLimits } from '../network-profiles.ts';
import { BASE_FEE_STROOPS } from './balances.ts';
import { accountText, isSoroban, type SignedTransaction } from './envelope.ts';
import { bidPerOperation, feeOperations, inclusionBid } from './fees.ts';
import { diskReadEntries, signedBytes } from './soroban-resources.ts';

export type LaneName = 'classic' | 'soroban';

/** One of the two halves of a ledger, in the order in which its transactions are applied. */
export type Phase = {
  readonly transactions: readonly SignedTransaction[];
  /** What each operation is charged for inclusion, stroops. */
  readonly baseFee: bigint;
};

export type Phases = Readonly<Record<LaneName, Phase>>;

/** Operations that are not Soroban's, in one ledger. */
const CLASSIC_OPERATIONS_MAX = 1_000;

export function laneOf(signed: SignedTransaction): LaneName {
  return isSoroban(signed) ? 'soroban' : 'classic';
}

/** Counts what a ledger, or so many of them, have room for. Soroban transactions are taken to run one after another. */
export function createRoom(lane: LaneName, network: NetworkLimits, ledgers = 1) {
  const limits = limitsOf(lane, network).map((limit) => limit * ledgers);
  let used = limits.map(() => 0);
  const after = (signed: SignedTransaction, sign: 1 | -1) => {
    const usage = usageOf(signed);
    return used.map((sum, index) => sum + sign * (usage[index] ?? 0));
  };
  return {
    fits: (signed: SignedTransaction) => after(signed, 1).every((sum, index) => sum <= (limits[index] ?? 0)),
    add(signed: SignedTransaction) {
      used = after(signed, 1);
    },
    remove(signed: SignedTransaction) {
      used = after(signed, -1);
    },
  };
}

function limitsOf(lane: LaneName, network: NetworkLimits): number[] {
  if (lane === 'classic') return [CLASSIC_OPERATIONS_MAX];
  const { ledgerTxs, ledgerInstructions, ledgerDiskReadEntries, ledgerDiskReadBytes } = network;
  const { ledgerWriteEntries, ledgerWriteBytes, ledgerTxsBytes } = network;
  const reads = [ledgerDiskReadEntries, ledgerDiskReadBytes];
  return [ledgerTxs, ledgerInstructions, ...reads, ledgerWriteEntries, ledgerWriteBytes, ledgerTxsBytes];
}

function usageOf(signed: SignedTransaction): number[] {
  if (!isSoroban(signed) || !signed.sorobanData) return [Number(feeOperations(signed))];
  const { resources } = signed.sorobanData;
  const reads = [diskReadEntries(signed), resources.diskReadBytes];
  const writes = resources.footprint.readWrite.length;
  // A fee bump counts as one more, and takes no more room than what is inside it.
  return [
    Number(feeOperations(signed)),
    resources.instructions,
    ...reads,
    writes,
    resources.writeBytes,
    signedBytes(signed),
  ];
}

/** Whether the first bids more for each operation. */
export function bidsMore(one: SignedTransaction, other: SignedTransaction): boolean {
  return inclusionBid(one) * feeOperations(other) > inclusionBid(other) * feeOperations(one);
}

/** What of a lane gets into the next ledger. `floor` is what it charges at least for each operation, stroops. */
export function fillPhase(
  lane: LaneName,
  waiting: readonly SignedTransaction[],
  floor: bigint,
  limits: NetworkLimits,
): Phase {
  const room = createRoom(lane, limits);
  const transactions: SignedTransaction[] = [];
  const leftOut = new Set<string>();
  for (const signed of [...waiting].sort(byBid)) {
    const source = accountText(signed.source);
    // The next number of a source cannot go before the one that stays out.
    if (!leftOut.has(source) && room.fits(signed)) {
      room.add(signed);
      transactions.push(signed);
    } else {
      leftOut.add(source);
    }
  }
  return { transactions, baseFee: baseFeeOf(transactions, leftOut.size > 0, floor) };
}

/** Best bids first; among equal ones whoever came first. */
function byBid(one: SignedTransaction, other: SignedTransaction): number {
  return bidsMore(one, other) ? -1 : bidsMore(other, one) ? 1 : 0;
}

function baseFeeOf(included: readonly SignedTransaction[], crowded: boolean, floor: bigint): bigint {
  if (included.length === 0) return BASE_FEE_STROOPS;
  const usual = floor > BASE_FEE_STROOPS ? floor : BASE_FEE_STROOPS;
  if (!crowded) return usual;
  const bids = included.map(bidPerOperation);
  return bids.reduce((least, bid) => (bid < least ? bid : least), bids[0] ?? usual);
}
