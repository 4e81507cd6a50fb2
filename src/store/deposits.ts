import { add, atLeastZero, least, most, storedUnitsMax, subtract, type Units, units, zero } from '../money.ts';
import type { Accounts } from './accounts.ts';
import type { Audit } from './audit.ts';
import { type BareSums, type BareTransfers, createBareBook } from './bare-transfers.ts';
import { clampStored, fromStored, toStored } from './columns.ts';
import type { Exits } from './exits.ts';
import { createMeta } from './meta.ts';
import { createPutPayee } from './payees.ts';
import type { RawDb, Write } from './raw-db.ts';
import { createKeepBeforeForeign } from './restored.ts';

/** What was seen on chain. Await `store.sync()` after a page before the cursor counts as safe. */
export type Deposits = {
  /** Records a page of events and its effects in one transaction; an event id counts once, ever. */
  applyPage(page: EventPage): { applied: AppliedChange[]; duplicates: number };
  /** Takes over an account as the chain states it after a proven gap; its events up to that ledger no longer count. */
  applySnapshot(snapshot: { address: string; ledger: number; state: AccountState }): AppliedChange | undefined;
  cursor(name: string): { cursor: string; ledger: number; closedAtMs: number } | undefined;
  /** Transfers that no deposit explains and events that could not be read, newest first; what was swept comes last. */
  unattributed(query: { limit: number }): UnattributedEvent[];
  /** Tokens in the vault that are nobody's, transfer by transfer. */
  bare(): BareTransfers;
  /** Their sums, at the cost of what came since the last look. */
  bareSums(): BareSums;
  /** All of it as of the end of a ledger; undefined while not all events up to there are in. */
  bareAt(ledger: number): BareTransfers | undefined;
  /** Newest first; `before` is a ledger number. */
  byAccount(accountId: number, query: { before?: number; limit: number }): StoredEvent[];
  /** The last word of the chain on a payee; undefined when none was seen. */
  isPayeeListed(address: string): boolean | undefined;
  /** What the vault answered about a payee when it was asked, as of that ledger. */
  notePayee(address: string, listed: boolean, ledger: number): void;
  /** All payees that a word of the chain is known of. */
  payees(): string[];
};

export type EventPage = {
  /** Name of the cursor, such as `vault`. */
  name: string;
  cursor: string;
  /** Newest ledger the page covers, and its close time. */
  ledger: number;
  closedAtMs: number;
  events: VaultEventRow[];
};

export type VaultEventRow = {
  /** The chain's own id of the event. */
  id: string;
  ledger: number;
  closedAtMs: number;
  txHash: string;
  /** `deposit`, `withdraw`, `request`, `limit`, `settled`, `payee`, `transfer`, `unreadable` … */
  kind: string;
  /** The account the event is about, and its state after the event. */
  account?: { address: string; state: AccountState };
  amount?: Units;
  /** For withdrawals that the operator has co-signed: who received the amount. */
  coSignedTo?: string;
  /** An act of the vault's admin or operator, for the audit. */
  audit?: { action: string; subject: string };
  /** For events that list or remove a payee. */
  payee?: { address: string; listed: boolean };
  /** The decoded event as JSON text, or the raw one when it could not be read. */
  data: string;
  note?: string;
};

/** The vault's own words about one account. Amounts in units of 1e-7 USDC. */
export type AccountState = {
  deposited: Units;
  settled: Units;
  withdrawn: Units;
  requested: Units;
  unlockAtS?: number | undefined;
  limit: Units;
  pendingLimit?: Units | undefined;
  pendingLimitAtS?: number | undefined;
  /** Limit period that `used` belongs to. */
  period: number;
  used: Units;
};

/** What the ledger in memory has to follow: absolute values, but `settledElsewhere` and `exitLanded`, which are steps. */
export type AppliedChange = {
  accountId: number;
  address: string;
  kind: string;
  change: {
    deposited?: Units;
    withdrawn?: Units;
    requested?: Units;
    limit?: Units;
    settledElsewhere?: Units;
    used?: { period: number; amount: Units };
    /** Amount of the open exit that this event has ended. */
    exitLanded?: Units;
  };
};

export type StoredEvent = {
  id: string;
  ledger: number;
  closedAtMs: number;
  txHash: string;
  kind: string;
  amount: Units | undefined;
  data: string;
  applied: boolean;
  note: string | undefined;
};

/** `swept`: for transfers, what of it still lies in the vault, and which transactions took the rest. */
export type UnattributedEvent = StoredEvent & { swept?: { left: Units; by: string[] } };

type StoredCounters = {
  deposited: number;
  settled: number;
  withdrawn: number;
  period: number;
  used: number;
  snapshotLedger: number;
  inFlight: number;
};

const eventColumns = 'id, ledger, closed_at_ms AS closedAtMs, tx_hash AS txHash, kind, amount, data, applied, note';

export function createDeposits(
  db: RawDb,
  write: Write,
  { accounts, exits, audit }: { accounts: Accounts; exits: Pick<Exits, 'land'>; audit: Audit },
): Deposits {
  const insert = db.prepare(
    `INSERT INTO vault_events (id, ledger, closed_at_ms, tx_hash, kind, account_id, amount, data, applied, note)
     VALUES ($id, $ledger, $closedAtMs, $txHash, $kind, $accountId, $amount, $data, $applied, $note)
     ON CONFLICT DO NOTHING`,
  );
  const moveCursor = db.prepare(
    `INSERT INTO cursors (name, cursor, ledger, closed_at_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor, ledger = excluded.ledger, closed_at_ms = excluded.closed_at_ms`,
  );
  const readCursor = db.prepare<[string], { cursor: string; ledger: number; closedAtMs: number }>(
    'SELECT cursor, ledger, closed_at_ms AS closedAtMs FROM cursors WHERE name = ?',
  );
  const counters = db.prepare<[number], StoredCounters>(
    `SELECT deposited, settled, withdrawn, period, used, snapshot_ledger AS snapshotLedger,
       (SELECT COALESCE(SUM(l.amount), 0) FROM batches b CROSS JOIN batch_lines l ON l.batch_id = b.id
        WHERE b.state <> 'confirmed' AND l.account_id = accounts.id) AS inFlight
     FROM accounts WHERE id = ?`,
  );
  const newestEvent = db
    .prepare<[number], number | null>('SELECT MAX(ledger) FROM vault_events WHERE account_id = ? AND applied = 1')
    .pluck();
  const update = db.prepare(
    `UPDATE accounts SET deposited = $deposited, withdrawn = $withdrawn, requested = $requested, unlock_at_s = $unlockAtS,
       limit_units = $limit, pending_limit = $pendingLimit, pending_limit_at_s = $pendingLimitAtS,
       settled = settled + $elsewhere, settled_elsewhere = settled_elsewhere + $elsewhere,
       period = $period, used = $used, snapshot_ledger = MAX(snapshot_ledger, $snapshotLedger) WHERE id = $id`,
  );
  const keepBeforeForeign = createKeepBeforeForeign(db, createMeta(db, write));
  const putPayee = createPutPayee(db);
  const allPayees = db.prepare<[], string>('SELECT address FROM payees').pluck();
  const payee = db.prepare<[string], number>('SELECT listed FROM payees WHERE address = ?').pluck();
  const unreadable = db.prepare<[number], Stored>(
    `SELECT ${eventColumns} FROM vault_events
     WHERE account_id IS NULL AND applied = 0 AND kind = 'unreadable' ORDER BY ledger DESC, id DESC LIMIT ?`,
  );
  const byId = db.prepare<[string], Stored>(`SELECT ${eventColumns} FROM vault_events WHERE id = ?`);
  const bareBook = createBareBook(db);
  const ofAccount = db.prepare<[number, number, number], Stored>(
    `SELECT ${eventColumns} FROM vault_events WHERE account_id = ? AND ledger < ? ORDER BY ledger DESC, id DESC LIMIT ?`,
  );

  /** Writes the state of one account; counters only grow, so an older word never takes one back. */
  function follow(id: number, address: string, kind: string, stated: AccountState, snapshotLedger: number) {
    const known = counters.get(id);
    if (!known) throw new Error(`account ${id} is missing`);
    const state = storable(stated);
    const deposited = most(state.deposited, fromStored(known.deposited));
    const withdrawn = most(state.withdrawn, fromStored(known.withdrawn));
    // More settled than all our batches explain: settled before this database, never to be billed again.
    const explained = add(fromStored(known.settled), fromStored(known.inFlight));
    const elsewhere = atLeastZero(subtract(state.settled, explained));
    const used = usedAfter(known, state, elsewhere);
    if (elsewhere > 0n) keepBeforeForeign();
    update.run({
      id,
      deposited: toStored(deposited),
      withdrawn: toStored(withdrawn),
      requested: toStored(state.requested),
      unlockAtS: state.unlockAtS ?? null,
      limit: toStored(state.limit),
      pendingLimit: state.pendingLimit === undefined ? null : toStored(state.pendingLimit),
      pendingLimitAtS: state.pendingLimitAtS ?? null,
      elsewhere: toStored(elsewhere),
      period: used.period,
      used: toStored(used.amount),
      snapshotLedger,
    });
    const limit = state.pendingLimit === undefined ? state.limit : least(state.limit, state.pendingLimit);
    const change: AppliedChange['change'] = { deposited, withdrawn, requested: state.requested, limit };
    if (elsewhere > 0n) Object.assign(change, { settledElsewhere: elsewhere, used });
    return { accountId: id, address, kind, change } satisfies AppliedChange;
  }

  function record(event: VaultEventRow, accountId: number | null, applied: boolean, note: string | null): boolean {
    const { id, ledger, closedAtMs, txHash, kind, data } = event;
    const amount = event.amount === undefined ? null : toStored(clampStored(event.amount));
    return (
      insert.run({ id, ledger, closedAtMs, txHash, kind, data, amount, accountId, applied: Number(applied), note })
        .changes === 1
    );
  }

  function applyEvent(event: VaultEventRow): AppliedChange | 'recorded' | 'duplicate' {
    const note = event.note ?? null;
    if (!event.account) {
      if (!record(event, null, event.payee !== undefined, note)) return 'duplicate';
      if (event.audit) audit.add({ actor: 'vault', ...event.audit, detail: `transaction ${event.txHash}` });
      if (event.payee) putPayee(event.payee.address, event.payee.listed, event.ledger);
      return 'recorded';
    }
    const { address, state } = event.account;
    const id = accounts.ensure(address);
    const covered = event.ledger <= (counters.get(id)?.snapshotLedger ?? 0);
    if (!record(event, id, !covered, covered ? 'covered by a snapshot' : note)) return 'duplicate';
    const exitLanded = landedBy(event, id);
    if (!covered) {
      const followed = follow(id, address, event.kind, state, 0);
      return exitLanded === undefined ? followed : { ...followed, change: { ...followed.change, exitLanded } };
    }
    // The snapshot knew the withdrawal but not that it was the exit: only the hold is left to lift.
    return exitLanded === undefined ? 'recorded' : { accountId: id, address, kind: event.kind, change: { exitLanded } };
  }

  function landedBy({ coSignedTo, amount, ledger, closedAtMs, txHash }: VaultEventRow, accountId: number) {
    if (coSignedTo === undefined || amount === undefined) return undefined;
    return exits.land({ accountId, to: coSignedTo, amount, ledger, closedAtMs, txHash });
  }

  return {
    applyPage(page) {
      return write(() => {
        const applied: AppliedChange[] = [];
        let duplicates = 0;
        for (const event of page.events) {
          const outcome = applyEvent(event);
          if (outcome === 'duplicate') duplicates++;
          else if (outcome !== 'recorded') applied.push(outcome);
        }
        moveCursor.run(page.name, page.cursor, page.ledger, page.closedAtMs);
        return { applied, duplicates };
      });
    },
    applySnapshot: ({ address, ledger, state }) =>
      write(() => {
        const id = accounts.ensure(address);
        const { snapshotLedger = 0 } = counters.get(id) ?? {};
        // A server that is behind the one that was asked before shows less than is known.
        if (Math.max(newestEvent.get(id) ?? 0, snapshotLedger) > ledger) return undefined;
        return follow(id, address, 'snapshot', state, ledger);
      }),
    cursor: (name) => readCursor.get(name),
    unattributed({ limit }) {
      const transfers = bareBook.newest(limit).flatMap(({ id, left, sweptBy }) => {
        const stored = byId.get(id);
        return stored ? [{ ...toEvent(stored), swept: { left, by: sweptBy } }] : [];
      });
      const open = transfers.filter(({ swept }) => swept.left > 0n);
      const toLookAt = [...open, ...unreadable.all(limit).map(toEvent)].sort(newestFirst);
      return [...toLookAt, ...transfers.slice(open.length)].slice(0, limit);
    },
    bare: () => ({ ...bareBook.sums(), transfers: bareBook.newest(Number.POSITIVE_INFINITY) }),
    bareSums: () => bareBook.sums(),
    bareAt(ledger) {
      const read = ['vault', 'transfers'].every((name) => (readCursor.get(name)?.ledger ?? 0) >= ledger);
      return read ? bareBook.at(ledger) : undefined;
    },
    byAccount: (accountId, { before = Number.MAX_SAFE_INTEGER, limit }) =>
      ofAccount.all(accountId, before, limit).map(toEvent),
    notePayee: (address, listed, ledger) => write(() => putPayee(address, listed, ledger)),
    payees: () => allPayees.all(),
    isPayeeListed(address) {
      const listed = payee.get(address);
      return listed === undefined ? undefined : listed === 1;
    },
  };
}

/** Counters beyond what a row holds close the account: a limit of 0 takes nothing and serves nothing. */
function storable(state: AccountState): AccountState {
  const counters = [state.deposited, state.settled, state.withdrawn];
  if (counters.every((amount) => amount <= storedUnitsMax)) {
    const pendingLimit = state.pendingLimit === undefined ? undefined : clampStored(state.pendingLimit);
    return { ...state, limit: clampStored(state.limit), used: clampStored(state.used), pendingLimit };
  }
  return {
    ...state,
    deposited: clampStored(state.deposited),
    settled: clampStored(state.settled),
    withdrawn: clampStored(state.withdrawn),
    requested: clampStored(state.requested),
    used: clampStored(state.used),
    limit: zero,
    pendingLimit: undefined,
  };
}

/** The use of the limit follows our own batches, but for takes that they do not explain. */
function usedAfter(known: StoredCounters, state: AccountState, elsewhere: Units): { period: number; amount: Units } {
  const own = { period: known.period, amount: units(known.used) };
  if (elsewhere === 0n || state.period < known.period) return own;
  const base = state.period === known.period ? own.amount : zero;
  return { period: state.period, amount: most(base, least(add(base, elsewhere), state.used)) };
}

function newestFirst(a: StoredEvent, b: StoredEvent): number {
  return b.ledger - a.ledger || (a.id < b.id ? 1 : -1);
}

type Stored = Omit<StoredEvent, 'amount' | 'applied' | 'note'> & {
  amount: number | null;
  applied: number;
  note: string | null;
};

function toEvent(stored: Stored): StoredEvent {
  return {
    ...stored,
    amount: stored.amount === null ? undefined : fromStored(stored.amount),
    applied: stored.applied === 1,
    note: stored.note ?? undefined,
  };
}
