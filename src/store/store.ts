import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { type ApiPauses, createApiPauses } from './api-pauses.ts';
import { type Audit, createAudit } from './audit.ts';
import { type Backup, backupStore, type CopyStore } from './backup.ts';
import { type Batches, createBatches } from './batches.ts';
import { createCallIds } from './call-ids.ts';
import { type Challenges, createChallenges } from './challenges.ts';
import { type Charges, createCharges } from './charges.ts';
import { type CheckpointBounds, startCheckpoints } from './checkpoint.ts';
import { type ClassicForwards, createClassicForwards } from './classic-forwards.ts';
import { type ClassicPayments, createClassicPayments } from './classic-payments.ts';
import { connect, connectJournal, connectReadOnly, connectWalk, resolveStoreFile, storeBytes } from './connect.ts';
import { createDepositAliases, type DepositAliases } from './deposit-aliases.ts';
import { createDeposits, type Deposits } from './deposits.ts';
import { createEnvelopeFees, type EnvelopeFees } from './envelope-fees.ts';
import { createExits, type Exits } from './exits.ts';
import { createIdempotency, type Idempotency } from './idempotency.ts';
import { createLeaves, type Leaves } from './leaves.ts';
import { lockStore } from './lock.ts';
import { beginRun, createMeta, type Meta } from './meta.ts';
import { migrateStore, requireMigrated } from './migrate.ts';
import { createPayouts, type Payouts } from './payouts.ts';
import { createWrite, type RawDb } from './raw-db.ts';
import { createReceivables, type Receivables } from './receivables.ts';
import { createRestored, markBorn, type Restored } from './restored.ts';
import { createRoots, type Roots } from './roots.ts';
import { createRoutes, type Routes } from './routes.ts';
import { createStatements, type Statements } from './statements.ts';
import { createFindWrongSums, type FindWrongSums } from './sums.ts';
import { keepSyncedMarks, type SyncedMarks } from './synced-mark.ts';
import { createTokens, type Tokens } from './tokens.ts';
import { takeApartUnfinished } from './unseal.ts';
import { createUsageSums, type UsageSums } from './usage-sums.ts';
import { createWalSync, type Fdatasync } from './wal-sync.ts';
import { createWebhooks, type Webhooks } from './webhooks.ts';

/**
 * The database of one gateway. Every method is one synchronous transaction; what must survive a power cut (deposits, exits,
 * batches, tokens, acts of the operator) is followed by `await store.sync()`.
 */
export type Store = {
  /** The connection of all that is below. */
  db: RawDb;
  /** The journal's own, for what it writes in its transactions. */
  journalDb: RawDb;
  /** Number of this run, from 1; 0 when opened read-only. */
  runId: number;
  nextCallId(): number;
  accounts: Accounts;
  routes: Routes;
  charges: Charges;
  usage: UsageSums;
  deposits: Deposits;
  exits: Exits;
  depositAliases: DepositAliases;
  classicPayments: ClassicPayments;
  classicForwards: ClassicForwards;
  envelopeFees: EnvelopeFees;
  batches: Batches;
  idempotency: Idempotency;
  leaves: Leaves;
  roots: Roots;
  receivables: Receivables;
  payouts: Payouts;
  statements: Statements;
  tokens: Tokens;
  challenges: Challenges;
  apiPauses: ApiPauses;
  audit: Audit;
  webhooks: Webhooks;
  meta: Meta;
  restored: Restored;
  /** Writes a verified copy to an absolute path, beside all that goes on; never over another file. */
  backup(to: string): Promise<Backup>;
  findWrongSums: FindWrongSums;
  /** Resolves when everything committed before the call is on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
};

export type StoreOptions = {
  path: string;
  clock: Clock;
  log: Log;
  /** Reads beside a running gateway: no lock, no migration, no writes. */
  readOnly?: boolean;
  checkpoints?: Partial<CheckpointBounds>;
  /** Who checkpoints; a thread unless told otherwise. */
  startCheckpoints?: typeof startCheckpoints | undefined;
  /** Who brings the log to the disk; the system unless told otherwise. */
  fdatasync?: Fdatasync | undefined;
  /** Who adds the books up; a thread unless told otherwise. */
  sums?: typeof createFindWrongSums | undefined;
  /** Who writes copies; a thread unless told otherwise. */
  copy?: CopyStore | undefined;
  /** Files up to this size are read for damage before they are used, larger ones beside it. */
  checkFirstMaxBytes?: number;
};

/** About 0.3 s of reading. Larger books are checked by the worker, so that a start stays short whatever their size. */
const checkFirstMaxBytesDefault = 32 << 20;

export function openStore(options: StoreOptions): Store {
  if (options.readOnly) return openReadOnly(options);
  const { clock, log } = options;
  const file = resolveStoreFile(options.path);
  const lock = lockStore(file);
  let db: RawDb | undefined;
  let journalDb: RawDb | undefined;
  let walkDb: RawDb | undefined;
  let marks: SyncedMarks | undefined;
  try {
    const checkFirst = storeBytes(file) <= (options.checkFirstMaxBytes ?? checkFirstMaxBytesDefault);
    db = connect(file, checkFirst, log);
    migrateStore(db);
    const write = createWrite(db);
    const meta = createMeta(db, write);
    if (meta.get('run') === undefined) markBorn(meta, clock);
    // The first write of the run also makes sure that the -wal file is there to be synced.
    const runId = beginRun(meta, write, clock.nowMs());
    takeApartUnfinished(db, write);
    journalDb = connectJournal(file);
    walkDb = connectWalk(file);
    marks = keepSyncedMarks(file);
    const wal = createWalSync(`${file}-wal`, options.fdatasync, marks.begin);
    const checkpoints = (options.startCheckpoints ?? startCheckpoints)({
      file,
      log,
      bounds: options.checkpoints ?? {},
      check: !checkFirst,
      // Whoever waits for a sync, the journal first of all, refuses from then on: nothing is built on damaged books.
      onDamage(verdict) {
        log.fatal({ verdict }, 'the database is damaged; stop the gateway and restore a backup');
        wal.fail(new Error(`${file} is not a sound database (${verdict})`));
      },
    });
    // The last one brings the log into the database, and must be able to write.
    const opened = [walkDb, journalDb, db];
    return {
      ...rooms({ db, journalDb, walkDb }, clock, wal.sync),
      runId,
      nextCallId: createCallIds(runId),
      backup: (to) => backupStore({ file, to }, options.copy),
      findWrongSums: (options.sums ?? createFindWrongSums)(file),
      sync: wal.sync,
      async close() {
        await checkpoints.stop();
        await wal.close();
        marks?.close();
        for (const connection of opened) connection.close();
        lock.release();
      },
    };
  } catch (error) {
    marks?.close();
    walkDb?.close();
    journalDb?.close();
    db?.close();
    lock.release();
    throw error;
  }
}

function openReadOnly({ path: file, clock }: StoreOptions): Store {
  const db = connectReadOnly(file);
  try {
    requireMigrated(db);
  } catch (error) {
    db.close();
    throw error;
  }
  const sync = async () => undefined;
  const nextCallId = () => {
    throw new Error('a store opened for reading gives out no call ids');
  };
  const backup = (to: string) => backupStore({ file: path.resolve(file), to });
  return {
    ...rooms({ db, journalDb: db, walkDb: db }, clock, sync),
    runId: 0,
    nextCallId,
    backup,
    findWrongSums: createFindWrongSums(path.resolve(file)),
    sync,
    close: async () => void db.close(),
  };
}

type Connections = Pick<Store, 'db' | 'journalDb'> & { walkDb: RawDb };

function rooms({ db, journalDb, walkDb }: Connections, clock: Clock, sync: () => Promise<void>) {
  const write = createWrite(db);
  const accounts = createAccounts({ db, walkDb }, write, clock);
  const exits = createExits(db, write);
  const receivables = createReceivables(db, write);
  const audit = createAudit(db, write, clock);
  const meta = createMeta(db, write);
  return {
    db,
    journalDb,
    accounts,
    routes: createRoutes(db, write),
    charges: createCharges(db),
    usage: createUsageSums(db),
    deposits: createDeposits(db, write, { accounts, exits, audit }),
    exits,
    depositAliases: createDepositAliases(db, write),
    classicPayments: createClassicPayments(db, write),
    classicForwards: createClassicForwards(db, write),
    envelopeFees: createEnvelopeFees(db, write),
    batches: createBatches(db, write, sync),
    idempotency: createIdempotency(journalDb, createWrite(journalDb)),
    leaves: createLeaves(db),
    roots: createRoots(db),
    receivables,
    payouts: createPayouts(db, write),
    statements: createStatements(db),
    tokens: createTokens(db, write),
    challenges: createChallenges(db, write, clock),
    apiPauses: createApiPauses(db, write, clock),
    webhooks: createWebhooks(db, write, clock),
    audit,
    meta,
    restored: createRestored(db, write, { meta, receivables, clock }),
  };
}
