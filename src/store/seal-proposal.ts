import type { Units } from '../money.ts';
import { fromStored } from './columns.ts';
import { laneOf } from './lane-of.ts';
import type { LeafRow } from './leaf-row.ts';
import type { RawDb } from './raw-db.ts';
import { type Candidate, type Carry, type Choice, choose } from './seal-choice.ts';
import { linesOf, type ProposedLine, partsAlone, partsOf, type SealPart } from './seal-parts.ts';
import { createSealReads } from './seal-reads.ts';

export type SealRequest = {
  lane: number;
  nowMs: number;
  /** A charge older than this is sealed whatever the total, once its call has ended. */
  ageMaxMs: number;
  /** The newest call that is taken although it still runs, or broke off with an earlier process; 0 for none. */
  unfinishedUpTo: number;
  /** Below it nothing is sealed, unless a charge is too old or `force` is set. */
  minTotal: Units;
  /** A seen withdrawal request or an operator wants it now. */
  force?: boolean;
  /** Accounts + payees, lines and leaves of one batch, at most. */
  entriesMax: number;
  linesMax: number;
  leavesMax?: number;
  /** How many leaves are written at a time, at most. */
  partLeavesMax?: number;
  /** Limit period of the chain now: an account that has used its limit is not asked for old debt again. */
  period: number;
  /** Among how many lanes the accounts are shared out; all are of one lane by default. */
  lanes?: number;
};

/**
 * What is to be sealed, found out without writing anything: a batch with its root and its leaves, or, where none is due,
 * free calls past the age limit to be filed alone. `createSeal` writes it part by part, if it is still true by then.
 */
export type SealProposal = {
  lane: number;
  period: number;
  parts: SealPart[];
  /** A bound was reached: more may wait than fits. */
  full: boolean;
  batch: ProposedBatch | undefined;
};

export type ProposedBatch = {
  /** Hex. */
  root: string;
  total: Units;
  leaves: number;
  oldestAtMs: number | null;
  lines: ProposedLine[];
  /** Debts in leaf order, before all charges. */
  carries: Carry[];
};

export type Proposer = (request: SealRequest) => SealProposal | undefined;

export type Hashing = { hashLeaf: (row: LeafRow) => Uint8Array; rootOf: (hashes: Uint8Array[]) => Uint8Array };

/** How many leaves a batch has at most: about what a ledger's time brings at 3,000 calls a second. */
const leavesMaxDefault = 20_000;

/**
 * How many of them one transaction writes, on the event loop, where no call moves meanwhile: 8 µs each where they lie
 * together in the queue, 15 µs where each is on a page of its own, as those of a hundred accounts among 10,000 are.
 */
export const partLeavesMaxDefault = 300;

/** Chooses from one moment of the database; undefined when there is nothing to do. */
export function createProposer(db: RawDb, hashing: Hashing): Proposer {
  const reads = createSealReads(db);
  const chooseNow = db.transaction((request: SealRequest) => {
    const partLeavesMax = request.partLeavesMax ?? partLeavesMaxDefault;
    const { lane, lanes = 1 } = request;
    const inLane = lanes > 1 ? (address: string) => laneOf(address, lanes) === lane : undefined;
    const bounds = { leavesMax: leavesMaxDefault, carriesMax: partLeavesMax, ...request, inLane };
    return choose(bounds, reads.carries(request.period), (afterId, accountIds) =>
      reads.waiting(request.unfinishedUpTo, afterId, accountIds),
    );
  });
  return (request) => toProposal(request, chooseNow(request), hashing);
}

function toProposal(request: SealRequest, choice: Choice, hashing: Hashing): SealProposal | undefined {
  const { lane, period, partLeavesMax = partLeavesMaxDefault } = request;
  const { full } = choice;
  if (choice.total === 0n || !(choice.due || request.force || choice.payable >= request.minTotal)) {
    const parts = partsAlone(choice.oldAndVoid, partLeavesMax);
    return parts.length === 0 ? undefined : { lane, period, full, parts, batch: undefined };
  }
  const rows: LeafRow[] = [...choice.carries.map(carryLeaf), ...choice.charges.map(callLeaf)];
  const lines = linesOf(choice);
  return {
    ...{ lane, period, full },
    parts: partsOf(choice, lines, partLeavesMax),
    batch: {
      root: Buffer.from(hashing.rootOf(rows.map((row) => hashing.hashLeaf(row)))).toString('hex'),
      total: choice.total,
      leaves: rows.length,
      oldestAtMs: choice.charges.find((charge) => charge.price > charge.refund)?.atMs ?? null,
      lines,
      carries: choice.carries,
    },
  };
}

function carryLeaf(carry: Carry): LeafRow {
  const { account, payee, fromLane, fromBatch } = carry;
  return { kind: 'carry', account, payee, fromLane, fromBatch, amount: fromStored(carry.amount) };
}

function callLeaf(charge: Candidate): LeafRow {
  const { id, atMs, account, payee, api, method, template, status, price, refund } = charge;
  const amounts = { price: fromStored(price), refund: fromStored(refund) };
  return { kind: 'call', callId: id, atMs, account, payee, api, method, template, status, ...amounts };
}
