/** One line of a settle call, in the order of the call. */
type AskedLine = { payee: string; account: string; amount: bigint };

export type CounterMoves = {
  /** By how much each account's settled counter has grown. */
  settled: ReadonlyMap<string, bigint>;
  /** By how much each payee's earnings of the lane have grown; undefined where what they were before is not known. */
  earned: ReadonlyMap<string, bigint> | undefined;
  /** Whether the vault lists a payee now; it may have been otherwise when the batch landed. */
  listed: ReadonlyMap<string, boolean>;
};

/**
 * What each line gave, −1 for a payee that was not listed, from how the counters moved. The vault takes line by line what is
 * left of an account, so the sum of an account is laid out in one way only, once it is known which payees were passed over:
 * those not listed now, those that earned nothing, or none. Undefined when no such reading, or more than one, agrees with
 * every counter; and, where earnings are not known, when anything was not taken in full.
 */
export function takenFromCounters(lines: readonly AskedLine[], moves: CounterMoves): bigint[] | undefined {
  const { earned, listed } = moves;
  if (!earned) {
    const whole = lines.map((line) => line.amount);
    return agrees(lines, whole, moves) ? whole : undefined;
  }
  const payees = [...new Set(lines.map((line) => line.payee))];
  const readings = [
    payees.filter((payee) => listed.get(payee) === false),
    payees.filter((payee) => earned.get(payee) === 0n),
    [],
  ];
  const found = new Map<string, bigint[]>();
  for (const passedOver of readings) {
    const taken = layOut(lines, moves.settled, new Set(passedOver));
    if (agrees(lines, taken, moves)) found.set(taken.join(), taken);
  }
  // Nothing was taken of anyone for a payee, listed or not: whether it is listed now decides who is asked again.
  const [first, ...others] = found.values();
  if (!first || others.every((taken) => sums(taken) === sums(first))) return first;
  return undefined;
}

function layOut(
  lines: readonly AskedLine[],
  settled: ReadonlyMap<string, bigint>,
  passedOver: ReadonlySet<string>,
): bigint[] {
  const left = new Map(settled);
  return lines.map(({ payee, account, amount }) => {
    if (passedOver.has(payee)) return -1n;
    const rest = left.get(account) ?? 0n;
    const took = amount < rest ? amount : rest;
    left.set(account, rest - took);
    return took;
  });
}

function agrees(lines: readonly AskedLine[], taken: readonly bigint[], { settled, earned }: CounterMoves): boolean {
  const ofAccounts = new Map<string, bigint>();
  const ofPayees = new Map<string, bigint>();
  for (const [index, { payee, account }] of lines.entries()) {
    const took = positive(taken[index]);
    ofAccounts.set(account, (ofAccounts.get(account) ?? 0n) + took);
    ofPayees.set(payee, (ofPayees.get(payee) ?? 0n) + took);
  }
  if ([...ofAccounts].some(([account, sum]) => sum !== settled.get(account))) return false;
  return earned === undefined || [...ofPayees].every(([payee, sum]) => sum === earned.get(payee));
}

/** What was taken line by line, whether or not a line of nothing was passed over. */
function sums(taken: readonly bigint[]): string {
  return taken.map(positive).join();
}

function positive(taken: bigint | undefined): bigint {
  return taken === undefined || taken < 0n ? 0n : taken;
}
