import { add, least, subtract, type Units, zero } from '../money.ts';

/** A charge that waits; `net` is what it asks for. */
export type WaitingCharge = { id: number; payee: string; net: Units; refunded: boolean };
export type WaitingDebt = { id: number; payee: string; amount: Units };

/** What an account has waiting, oldest first, and what the vault has taken of it that these books do not explain. */
export type Unexplained = { found: Units; debts: WaitingDebt[]; charges: WaitingCharge[] };

export type Explained = {
  /** Debts that are given up, by id. */
  debts: number[];
  /** Charges that count as settled, by id. */
  filed: Set<number>;
  /** What is given back of others, by id: what was settled did not end with a whole charge. */
  parts: Map<number, Units>;
};

/**
 * Sets what the vault was found to have settled against the debts and charges that wait: first where the payee earned it
 * too, then whatever the payee, for no account is to pay twice. Debts come before charges, older before newer, whole before
 * parts. A debt is given up whole: a larger one only when nothing else explains what is left, as it may have been taken in
 * part. `earned` is what the vault owes each payee beyond these books; without it nothing is known of payees.
 */
export function matchSettled(
  accounts: ReadonlyMap<number, Unexplained>,
  earned?: ReadonlyMap<string, Units>,
): Map<number, Explained> {
  const matches = new Map([...accounts].map(([id, account]) => [id, createMatch(account)]));
  if (earned) {
    const left = new Map(earned);
    const budget: Budget = {
      of: (payee) => left.get(payee) ?? zero,
      spend: (payee, amount) => void left.set(payee, subtract(left.get(payee) ?? zero, amount)),
    };
    for (const match of matches.values()) match.explain(budget);
  }
  for (const match of matches.values()) match.explain(undefined);
  return new Map([...matches].map(([id, match]) => [id, match.end()]));
}

type Budget = { of(payee: string): Units; spend(payee: string, amount: Units): void };

function createMatch({ found, debts, charges }: Unexplained) {
  let left = found;
  const givenUp = new Set<number>();
  /** Of each charge, how much is explained. */
  const given = new Map<number, Units>();

  function room(payee: string, budget: Budget | undefined): Units {
    return budget ? least(left, budget.of(payee)) : left;
  }

  function take(payee: string, amount: Units, budget: Budget | undefined): void {
    left = subtract(left, amount);
    budget?.spend(payee, amount);
  }

  function explain(budget: Budget | undefined): void {
    for (const { id, payee, amount } of debts) {
      if (givenUp.has(id) || amount > room(payee, budget)) continue;
      givenUp.add(id);
      take(payee, amount, budget);
    }
    for (const whole of [true, false]) {
      for (const { id, payee, net, refunded } of charges) {
        const rest = subtract(net, given.get(id) ?? zero);
        // A row has one refund at the most: one that has its own already goes by in full or not at all.
        const amount = whole || refunded ? rest : least(rest, room(payee, budget));
        if (amount === 0n || amount > room(payee, budget)) continue;
        given.set(id, add(given.get(id) ?? zero, amount));
        take(payee, amount, budget);
      }
    }
  }

  function end(): Explained {
    for (const { id, amount } of debts) {
      if (left === 0n) break;
      if (givenUp.has(id)) continue;
      givenUp.add(id);
      left = subtract(left, least(left, amount));
    }
    const filed = new Set(charges.filter(({ id, net }) => net > 0n && given.get(id) === net).map(({ id }) => id));
    const parts = [...given].filter(([id]) => !filed.has(id));
    return { debts: [...givenUp], filed, parts: new Map(parts) };
  }

  return { explain, end };
}
