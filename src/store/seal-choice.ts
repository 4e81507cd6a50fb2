import { add, least, storedUnitsMax, subtract, type Units, units, zero } from '../money.ts';
import { fromStored } from './columns.ts';

/** What bounds one batch; the request to seal carries it. */
export type ChoiceBounds = {
  nowMs: number;
  ageMaxMs: number;
  /** Accounts + payees, lines, and leaves, at most. */
  entriesMax: number;
  linesMax: number;
  leavesMax: number;
  inLane?: ((address: string) => boolean) | undefined;
};

/** A charge that may go into the batch: finished, or past the age limit. Amounts in units of 1e-7 USDC. */
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
  /** Free or fully refunded, and past the age limit: filed without a leaf when no batch is made. */
  oldAndVoid: Candidate[];
};

/** Debts first, then charges, oldest first, as far as the bounds allow; what does not fit waits for the next batch. */
export function choose(request: ChoiceBounds, carries: Carry[], candidates: Iterable<Candidate>): Choice {
  const choice: Choice = {
    lines: [],
    carries: [],
    charges: [],
    total: zero,
    payable: zero,
    due: false,
    oldAndVoid: [],
  };
  const room = createRoom(request, choice);
  const { leavesMax } = request;
  const inLane = request.inLane ?? (() => true);
  const oldMs = request.nowMs - request.ageMaxMs;
  for (const carry of carries) {
    const amount = fromStored(carry.amount);
    if (choice.carries.length >= leavesMax) break;
    if (!inLane(carry.account)) continue;
    const line = room.line(carry, amount);
    if (!line) continue;
    if (carry.kind === 'account') line.receivable = add(line.receivable, amount);
    else line.held = add(line.held, amount);
    choice.carries.push(carry);
    choice.payable = add(choice.payable, least(amount, least(units(carry.balance), units(carry.limitLeft))));
  }
  let voids = 0;
  for (const charge of candidates) {
    if (choice.carries.length + choice.charges.length - voids >= leavesMax) break;
    if (!inLane(charge.account)) continue;
    const net = subtract(fromStored(charge.price), fromStored(charge.refund));
    const old = charge.atMs <= oldMs;
    if (net === 0n) {
      // Counted apart: any number of free calls must not keep a paid one waiting.
      if (voids >= leavesMax) continue;
      voids++;
      choice.charges.push(charge);
      if (old) choice.oldAndVoid.push(charge);
      continue;
    }
    const line = room.line(charge, net);
    if (!line) continue;
    line.fresh = add(line.fresh, net);
    choice.charges.push(charge);
    choice.payable = add(choice.payable, net);
    choice.due ||= old;
  }
  return choice;
}

/** Finds or opens the line of an account and payee while the batch has room for it. */
function createRoom(request: ChoiceBounds, choice: Choice) {
  const lines = new Map<string, Line>();
  const accounts = new Set<number>();
  const payees = new Set<string>();
  return {
    line(row: { accountId: number; account: string; payee: string }, amount: Units): Line | undefined {
      const total = add(choice.total, amount);
      if (total > storedUnitsMax) return undefined;
      const key = `${row.payee} ${row.account}`;
      const known = lines.get(key);
      if (!known) {
        const entries =
          accounts.size + payees.size + Number(!accounts.has(row.accountId)) + Number(!payees.has(row.payee));
        if (lines.size >= request.linesMax || entries > request.entriesMax) return undefined;
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
  };
}
