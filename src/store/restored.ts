import type { Clock } from '../clock.ts';
import { add, type Units, zero } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import { type Explained, matchSettled, type Unexplained } from './match-settled.ts';
import { halfHoursBetween, lastRun, type Meta, noteRun, runsBefore } from './meta.ts';
import type { RawDb, Write } from './raw-db.ts';
import type { Receivables } from './receivables.ts';
import { createFiling } from './seal.ts';
import type { Candidate } from './seal-choice.ts';

/**
 * What a database remembers of having been restored from an older copy. `begun`: no gateway has started on it yet;
 * `waiting`: what was signed after the copy may still land; `done`: its books are the vault's again.
 */
export type Restored = {
  state(): 'never' | 'begun' | 'waiting' | 'done';
  /** A gateway has noted where the vault stands; from now on it waits. */
  noteBegun(): void;
  /** Tokens issued up to then are refused, ms: those revoked in books that are lost would be good again. */
  tokensRefusedUntilMs(): number | undefined;
  /** Everyone who is paid by these books: `match` wants to know what the vault owes each of them. */
  payees(): string[];
  /**
   * Ends the wait. What the vault has settled beyond the copy pays for charges that wait here, so that they are never billed
   * again; what is left of it was for charges that were lost. `gross` is what each payee has earned by the vault.
   */
  match(gross?: ReadonlyMap<string, Units>, lanes?: readonly number[]): MatchedAccount[];
};

export type MatchedAccount = {
  account: string;
  /** Old debts that the vault may have taken meanwhile. They are asked for first, so those it covers are given up first. */
  writtenOff: { kind: 'account' | 'payee'; amount: Units }[];
  /** Charges that count as settled now. */
  filed: Units;
  /** Parts of charges, because what was settled did not end with a whole one. */
  refunds: { jti: string | undefined; amount: Units }[];
};

export type RestoredDeps = { meta: Meta; receivables: Pick<Receivables, 'writeOff'>; clock: Clock };

/** What others keep in meta about the books as they were: a copy that takes the vault's word over begins without it. */
export const forgottenByRestore = {
  foreign: 'foreign_settlement',
  baseline: 'reconcile_baseline',
  elsewhere: 'elsewhere_before_foreign',
} as const;

const keys = {
  state: 'restore_state',
  elsewhere: 'restore_elsewhere',
  payees: 'restore_payees_elsewhere',
  tokens: 'tokens_refused_until_ms',
};

/** Call ids begin with the number of the run. Books that are gone may have counted on, by fewer restarts than this. */
const runsSkipped = 1_000;

/** A year of half hours: a clock that is off takes no more of the numbers. */
const ageRunsMax = 17_520;

type Circumstances = { clock: Clock; keepTokens: boolean; replacedRun: number; newestAtMs: number | undefined };

/**
 * For the copy, before it becomes the database; `replacedRun` is the last run of the database that was there, `newestAtMs`
 * tells how old the copy is. Inside a transaction.
 */
export function markRestored(
  db: RawDb,
  meta: Meta,
  { clock, keepTokens, replacedRun, newestAtMs }: Circumstances,
): void {
  // A copy made during an earlier wait still has that one's finds to match.
  const noticed = meta.get(forgottenByRestore.elsewhere);
  if (!isPending(meta)) meta.set(keys.elsewhere, noticed || JSON.stringify(elsewhereNow(db)));
  meta.set(keys.state, 'begun');
  // The one that was there may have come from another copy, and have given out ids above all of this one.
  // And this copy may have been restored before, by another database that is gone: so much earlier it began so much lower.
  const age = newestAtMs === undefined ? 0 : Math.min(halfHoursBetween(newestAtMs, clock.nowMs()), ageRunsMax);
  noteRun(meta, Math.max(Math.max(lastRun(meta), replacedRun) + runsSkipped + age, runsBefore(clock.nowMs())));
  // The lanes are taken over as they are, whoever settled there; by how much the vault is ahead is another amount now.
  for (const key of Object.values(forgottenByRestore)) meta.set(key, '');
  // Each was asked about once, and may have been assigned and moved into the vault after the copy.
  db.prepare("DELETE FROM meta WHERE key LIKE 'classic_ownerless_asked %'").run();
  if (!keepTokens) meta.set(keys.tokens, String(clock.nowMs()));
}

/**
 * For whoever is about to book what the vault settled elsewhere, in that transaction. Once a settlement is seen that is not
 * of these books, as in older ones that were put in place by hand, it may be for charges that wait here: a restore of a copy
 * of them has yet to match it, so what was booked before is kept apart.
 */
export function createKeepBeforeForeign(db: RawDb, meta: Pick<Meta, 'get' | 'set'>): () => void {
  const { foreign, elsewhere } = forgottenByRestore;
  return () => {
    if (meta.get(foreign) && !meta.get(elsewhere)) meta.set(elsewhere, JSON.stringify(elsewhereNow(db)));
  };
}

/**
 * For a database that is new: whatever was signed with these token keys before it was revoked or capped in books that are
 * lost. Tokens say when they were issued in whole seconds, and this second is the new database's.
 */
export function markBorn(meta: Meta, clock: Clock): void {
  meta.set(keys.tokens, String(Math.floor(clock.nowMs() / 1_000) * 1_000 - 1));
}

export function createRestored(db: RawDb, write: Write, deps: RestoredDeps): Restored {
  const { meta, receivables, clock } = deps;
  const accounts = db.prepare<[], { id: number; address: string; elsewhere: number }>(
    'SELECT id, address, settled_elsewhere AS elsewhere FROM accounts WHERE settled_elsewhere > 0 ORDER BY id',
  );
  const jti = db.prepare<[number], string>('SELECT jti FROM tokens WHERE id = ?').pluck();
  const explain = db.prepare('UPDATE accounts SET settled_elsewhere = settled_elsewhere - ? WHERE id = ?');
  const refund = db.prepare(
    `INSERT INTO refunds (charge_id, at_ms, amount, reason) VALUES ($id, $atMs, $amount, 'settled_before_restore')`,
  );
  // The lost batches' payees are paid out as well: the vault knows how much.
  const payee = db.prepare(
    'INSERT INTO earnings (payee, lane, gross) SELECT ?, value, 0 FROM json_each(?) WHERE true ON CONFLICT DO NOTHING',
  );
  const debts = db.prepare<[number], { id: number; payee: string; amount: number }>(
    "SELECT id, payee, amount FROM receivables WHERE account_id = ? AND state = 'open' ORDER BY id",
  );
  const grossHere = db
    .prepare<[string], number>('SELECT COALESCE(SUM(gross), 0) FROM earnings WHERE payee = ?')
    .pluck();
  const payees = db.prepare<[], string>('SELECT payee FROM routes UNION SELECT payee FROM receivables').pluck();
  const filing = createFiling(db);

  function unexplained(accountId: number, found: Units, waiting: Candidate[]): Unexplained {
    return {
      found,
      debts: debts.all(accountId).map(({ amount, ...debt }) => ({ ...debt, amount: fromStored(amount) })),
      charges: waiting.map((charge) => ({
        id: charge.id,
        payee: charge.payee,
        net: netOf(charge),
        refunded: charge.refund > 0,
      })),
    };
  }

  /** What the vault owes payees beyond these books, and did not owe them already when the last copy was taken over. */
  function earnedElsewhere(gross: ReadonlyMap<string, Units>): Map<string, Units> {
    const before: Record<string, number> = JSON.parse(meta.get(keys.payees) ?? '{}');
    const beyond = new Map([...gross].map(([name, all]) => [name, Number(all) - (grossHere.get(name) ?? 0)]));
    meta.set(keys.payees, JSON.stringify(Object.fromEntries(beyond)));
    return new Map([...beyond].map(([name, amount]) => [name, fromStored(Math.max(0, amount - (before[name] ?? 0)))]));
  }

  function follow(
    id: number,
    account: string,
    explained: Explained,
    waiting: Candidate[],
    lanes: readonly number[],
  ): MatchedAccount {
    const writtenOff = explained.debts.flatMap((debt) => receivables.writeOff(debt) ?? []);
    let filed = zero;
    const refunds: MatchedAccount['refunds'] = [];
    for (const charge of waiting) {
      const part = explained.parts.get(charge.id);
      if (explained.filed.has(charge.id)) {
        filing.file(charge);
        payee.run(charge.payee, JSON.stringify(lanes));
        filed = add(filed, netOf(charge));
      } else if (part !== undefined) {
        refund.run({ id: charge.id, atMs: clock.nowMs(), amount: toStored(part) });
        refunds.push({ jti: charge.tokenId === null ? undefined : jti.get(charge.tokenId), amount: part });
      }
    }
    if (filed > 0n) explain.run(toStored(filed), id);
    return { account, writtenOff: writtenOff.map(({ kind, amount }) => ({ kind, amount })), filed, refunds };
  }

  return {
    state: () => stateOf(meta),
    noteBegun: () => meta.set(keys.state, 'waiting'),
    tokensRefusedUntilMs() {
      const text = meta.get(keys.tokens);
      return text === undefined ? undefined : Number(text);
    },
    payees: () => payees.all(),
    match: (gross, lanes = [0]) =>
      write(() => {
        // Once: what a part of a charge was given back for is still booked as settled elsewhere.
        if (!isPending(meta)) return [];
        const before: Record<string, number> = JSON.parse(meta.get(keys.elsewhere) ?? '{}');
        const waiting = Map.groupBy(filing.waiting(), (charge) => charge.accountId);
        const found = accounts.all().flatMap(({ id, address, elsewhere }) => {
          const beyond = fromStored(Math.max(0, elsewhere - (before[id] ?? 0)));
          return beyond > 0n ? [{ id, address, ...unexplained(id, beyond, waiting.get(id) ?? []) }] : [];
        });
        const matches = matchSettled(new Map(found.map((each) => [each.id, each])), gross && earnedElsewhere(gross));
        meta.set(keys.state, 'done');
        return found.flatMap(({ id, address }) => {
          const explained = matches.get(id);
          return explained ? [follow(id, address, explained, waiting.get(id) ?? [], lanes)] : [];
        });
      }),
  };
}

function netOf({ price, refund }: Candidate): Units {
  return fromStored(price - refund);
}

function elsewhereNow(db: RawDb): Record<string, number> {
  const rows = db
    .prepare<[], { id: number; amount: number }>(
      'SELECT id, settled_elsewhere AS amount FROM accounts WHERE settled_elsewhere > 0',
    )
    .all();
  return Object.fromEntries(rows.map(({ id, amount }) => [id, amount]));
}

function isPending(meta: Pick<Meta, 'get'>): boolean {
  return ['begun', 'waiting'].includes(stateOf(meta));
}

function stateOf(meta: Pick<Meta, 'get'>): ReturnType<Restored['state']> {
  const text = meta.get(keys.state);
  return text === 'begun' || text === 'waiting' || text === 'done' ? text : 'never';
}
