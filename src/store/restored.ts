import type { Clock } from '../clock.ts';
import { add, least, subtract, type Units, zero } from '../money.ts';
import { fromStored, toStored } from './columns.ts';
import type { Meta } from './meta.ts';
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
  /** Tokens issued up to then are refused, ms: those revoked after the copy would be good again. */
  tokensRefusedUntilMs(): number | undefined;
  /**
   * Ends the wait. What the vault has settled beyond the copy pays for the oldest charges that wait here, so that they are
   * never billed again; what is left of it was for charges that were lost.
   */
  match(): MatchedAccount[];
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

const keys = {
  state: 'restore_state',
  elsewhere: 'restore_elsewhere',
  tokens: 'tokens_refused_until_ms',
  run: 'run',
};

/** Call ids begin with the number of the run. The lost books may have counted on, by fewer restarts than this. */
const runsSkipped = 1_000;

/** For the copy, before it becomes the database. Inside a transaction. */
export function markRestored(db: RawDb, meta: Meta, clock: Clock, keepTokens: boolean): void {
  // A copy made during an earlier wait still has that one's finds to match.
  if (!isPending(meta)) meta.set(keys.elsewhere, JSON.stringify(elsewhereNow(db)));
  meta.set(keys.state, 'begun');
  meta.set(keys.run, String(Number(meta.get(keys.run) ?? '0') + runsSkipped));
  // The lanes are taken over as they are, whoever settled there.
  meta.set('foreign_settlement', '');
  // By how much the vault is ahead is another amount than it was for the books of before.
  meta.set('reconcile_baseline', '');
  // Each was asked about once, and may have been assigned and moved into the vault after the copy.
  db.prepare("DELETE FROM meta WHERE key LIKE 'classic_ownerless_asked %'").run();
  if (!keepTokens) meta.set(keys.tokens, String(clock.nowMs()));
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
  const payee = db.prepare('INSERT INTO earnings (payee, lane, gross) VALUES (?, 0, 0) ON CONFLICT DO NOTHING');
  const debts = db.prepare<[number], { id: number; amount: number }>(
    "SELECT id, amount FROM receivables WHERE account_id = ? AND state = 'open' ORDER BY id",
  );
  const filing = createFiling(db);

  function matchAccount(id: number, account: string, found: Units, waiting: Candidate[]): MatchedAccount {
    let left = found;
    let filed = zero;
    const writtenOff: MatchedAccount['writtenOff'] = [];
    const giveUp = (isDue: (debt: Units) => boolean) => {
      for (const debt of debts.all(id)) {
        if (left === 0n || !isDue(fromStored(debt.amount))) continue;
        const given = receivables.writeOff(debt.id);
        if (!given) continue;
        writtenOff.push({ kind: given.kind, amount: given.amount });
        left = subtract(left, least(left, given.amount));
      }
    };
    giveUp((debt) => debt <= left);
    const rest: Candidate[] = [];
    for (const charge of waiting) {
      const net = netOf(charge);
      if (net === 0n || net > left) {
        rest.push(charge);
        continue;
      }
      filing.file(charge);
      payee.run(charge.payee);
      left = subtract(left, net);
      filed = add(filed, net);
    }
    if (filed > 0n) explain.run(toStored(filed), id);
    const refunds: MatchedAccount['refunds'] = [];
    // A row has one refund at the most: one that has its own already goes by in full or not at all.
    for (const charge of rest.filter((each) => netOf(each) > 0n && each.refund === 0)) {
      const amount = least(left, netOf(charge));
      if (amount === 0n) break;
      refund.run({ id: charge.id, atMs: clock.nowMs(), amount: toStored(amount) });
      refunds.push({ jti: charge.tokenId === null ? undefined : jti.get(charge.tokenId), amount });
      left = subtract(left, amount);
    }
    // A debt is given up whole: a larger one only when no charge explains what is left, for it may have been taken in part.
    giveUp(() => true);
    return { account, writtenOff, filed, refunds };
  }

  return {
    state: () => stateOf(meta),
    noteBegun: () => meta.set(keys.state, 'waiting'),
    tokensRefusedUntilMs() {
      const text = meta.get(keys.tokens);
      return text === undefined ? undefined : Number(text);
    },
    match: () =>
      write(() => {
        // Once: what a part of a charge was given back for is still booked as settled elsewhere.
        if (!isPending(meta)) return [];
        const before: Record<string, number> = JSON.parse(meta.get(keys.elsewhere) ?? '{}');
        const waiting = Map.groupBy(filing.waiting(), (charge) => charge.accountId);
        const matched = accounts.all().flatMap(({ id, address, elsewhere }) => {
          const found = fromStored(elsewhere - (before[id] ?? 0));
          return found > 0n ? [matchAccount(id, address, found, waiting.get(id) ?? [])] : [];
        });
        meta.set(keys.state, 'done');
        return matched;
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
