import assert from 'node:assert/strict';
import { add, least, storedUnitsMax, subtract, type Units, units, zero } from '../money.ts';
import { fromStored } from './columns.ts';

/** What bounds one batch; the request to seal carries it. */
export type ChoiceBounds = {
  nowMs: number;
  ageMaxMs: number;
  /** The newest call that began as long ago by the time that has passed, whatever its date says. */
  unfinishedUpTo?: number;
  /** Accounts + payees, lines, and leaves, at most; of leaves at least two. */
  entriesMax: number;
  linesMax: number;
  leavesMax: number;
  /** Debts among the leaves, at most. */
  carriesMax: number;
  inLane?: ((address: string) => boolean) | undefined;
};

/** A charge that may go into the batch: its call has ended, or began too long ago. Amounts in units of 1e-7 USDC. */
export type Candidate = {
  id: number;
  atMs: number;
  accountId: number;
  account: string;
  tokenId: number | null;
  routeId: number;
  api: string;
  payee: string;
  template: string;
  method: string;
  status: number;
  price: number;
  refund: number;
  finished: 0 | 1;
};

/** Hands out what waits, oldest first: the charges behind a call id, of every account or of these alone. */
export type Waiting = (afterId: number, accountIds: readonly number[] | undefined) => Iterable<Candidate>;

/** An open debt that the chain can take some of. */
export type Carry = {
  id: number;
  accountId: number;
  account: string;
  payee: string;
  amount: number;
  kind: 'account' | 'payee';
  fromLane: number;
  fromBatch: number;
  balance: number;
  limitLeft: number;
};

export type Line = { accountId: number; account: string; payee: string; fresh: Units; receivable: Units; held: Units };

export type Choice = {
  lines: Line[];
  carries: Carry[];
  charges: Candidate[];
  total: Units;
  /** The part of the total that the chain can take: hopeless debt alone never makes a batch. */
  payable: Units;
  /** A charge with something to take is older than the age limit. */
  due: boolean;
  /** A bound was reached: more may wait than was taken. */
  full: boolean;
  /** Free or fully refunded, and past the age limit: filed without a leaf when no batch is made. */
  oldAndVoid: Candidate[];
};

/**
 * Debts first, then charges, oldest first, as far as the bounds allow; what does not fit waits for the next batch. Once
 * the batch has no room for a further account, the charges of others wait, free or not, and are not even read: among
 * 500,000 charges of 10,000 accounts those of a hundred are looked at.
 */
export function choose(bounds: ChoiceBounds, carries: readonly Carry[], waiting: Waiting): Choice {
  assert(bounds.leavesMax >= 2, 'a batch of one leaf has no room for a paid call beside a free one');
  const choice: Choice = {
    lines: [],
    carries: [],
    charges: [],
    total: zero,
    payable: zero,
    due: false,
    full: false,
    oldAndVoid: [],
  };
  const inLane = bounds.inLane ?? (() => true);
  const room = createRoom(bounds, choice);
  takeCarries(
    bounds,
    choice,
    room,
    carries.filter((carry) => inLane(carry.account)),
  );
  const take = createTaking(bounds, choice, room);
  let afterId = -1;
  let reading = true;
  while (reading) {
    const among = room.accounts();
    reading = false;
    for (const charge of waiting(afterId, among)) {
      afterId = charge.id;
      if (inLane(charge.account) && !take(charge)) break;
      if (among || !room.accounts()) continue;
      // No further account fits: from here on only those that are in.
      reading = true;
      break;
    }
  }
  choice.full ||= room.accounts() !== undefined;
  return choice;
}

function takeCarries({ leavesMax, carriesMax }: ChoiceBounds, choice: Choice, room: Room, carries: Carry[]): void {
  for (const carry of carries) {
    if (choice.carries.length >= Math.min(leavesMax, carriesMax)) {
      choice.full = true;
      return;
    }
    const amount = fromStored(carry.amount);
    const line = room.line(carry, amount);
    if (!line) continue;
    if (carry.kind === 'account') line.receivable = add(line.receivable, amount);
    else line.held = add(line.held, amount);
    choice.carries.push(carry);
    choice.payable = add(choice.payable, least(amount, least(units(carry.balance), units(carry.limitLeft))));
  }
}

/** Takes a charge if it fits; false once no leaf is left for a paid one. */
function createTaking(bounds: ChoiceBounds, choice: Choice, room: Room): (charge: Candidate) => boolean {
  const { leavesMax } = bounds;
  // Half of the leaves at the most: any number of free calls must not keep a paid one waiting.
  const voidsMax = Math.floor(leavesMax / 2);
  const oldMs = bounds.nowMs - bounds.ageMaxMs;
  const oldUpTo = bounds.unfinishedUpTo ?? -1;
  let voids = 0;
  return (charge) => {
    if (choice.carries.length + choice.charges.length >= leavesMax) {
      choice.full = true;
      return false;
    }
    const net = subtract(fromStored(charge.price), fromStored(charge.refund));
    // One that still runs is here because it began too long ago. A clock that is set back keeps no small charge waiting.
    const old = charge.atMs <= oldMs || charge.finished === 0 || charge.id <= oldUpTo;
    if (net === 0n) {
      if (voids >= voidsMax) {
        choice.full = true;
        return true;
      }
      voids++;
      choice.charges.push(charge);
      if (old) choice.oldAndVoid.push(charge);
      return true;
    }
    const line = room.line(charge, net);
    if (!line) return true;
    line.fresh = add(line.fresh, net);
    choice.charges.push(charge);
    choice.payable = add(choice.payable, net);
    choice.due ||= old;
    return true;
  };
}

type Room = ReturnType<typeof createRoom>;

/** Finds or opens the line of an account and payee while the batch has room for it. */
function createRoom(bounds: ChoiceBounds, choice: Choice) {
  const lines = new Map<string, Line>();
  const accounts = new Set<number>();
  const payees = new Set<string>();
  return {
    line(row: { accountId: number; account: string; payee: string }, amount: Units): Line | undefined {
      const total = add(choice.total, amount);
      const key = `${row.payee} ${row.account}`;
      const known = lines.get(key);
      if (total > storedUnitsMax || !(known || fits(row))) {
        choice.full = true;
        return undefined;
      }
      const { accountId, account, payee } = row;
      const line = known ?? { accountId, account, payee, fresh: zero, receivable: zero, held: zero };
      if (!known) {
        lines.set(key, line);
        choice.lines.push(line);
        accounts.add(accountId);
        payees.add(payee);
      }
      choice.total = total;
      return line;
    },
    /** The accounts in the batch, once no other fits beside them. */
    accounts(): number[] | undefined {
      const open = lines.size < bounds.linesMax && accounts.size + payees.size < bounds.entriesMax;
      return open ? undefined : [...accounts];
    },
  };

  function fits(row: { accountId: number; payee: string }): boolean {
    const further = Number(!accounts.has(row.accountId)) + Number(!payees.has(row.payee));
    return lines.size < bounds.linesMax && accounts.size + payees.size + further <= bounds.entriesMax;
  }
}
