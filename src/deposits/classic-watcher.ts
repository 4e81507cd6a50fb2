import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Units } from '../money.ts';
import { type Horizon, HorizonError, type HorizonRoot } from '../stellar/horizon.ts';
import { decodePaymentRecord, ledgerOfPlace } from '../stellar/horizon-records.ts';
import type { SetAside } from '../store/classic-payments.ts';
import type { Store } from '../store/store.ts';
import { type AttributeDeps, attribute, type Received } from './classic-attribution.ts';
import { type ClassicRecord, lastClosedAt, lastPlace, recordsUpTo, requireOrder } from './classic-page.ts';
import { type ClassicAsset, judgeRecord } from './classic-rules.ts';
import type { VaultState } from './vault-state.ts';

/**
 * Follows the payments of the classic deposit account in Horizon. Nothing is credited here: a payment that names its
 * account becomes due for forwarding, and only the vault's own event raises a balance. Pages are the truth: a page's rows
 * and the cursor are one transaction, and a page is taken whole or not at all.
 */
export type ClassicWatcher = {
  /** Reads one page; true when there is more to read at once. Throws, and takes nothing, when the source is in doubt. */
  turn(signal?: AbortSignal): Promise<boolean>;
  health(): ClassicWatcherHealth;
};

export type ClassicWatcherHealth = {
  /** Newest ledger up to which everything was read, and its close time, ms; 0 before the first page. */
  lastLedger: number;
  lastClosedAtMs: number;
  /** That ledger once a page was read since the start; 0 before. */
  readTo: number;
  /** Payments too small to be kept, since the start. */
  dust: number;
  /** Ledgers before the source's first: payments in them, if there were any, are not known. */
  unseenBefore: number | undefined;
};

export type ClassicWatcherDeps = AttributeDeps & {
  horizon: Horizon;
  payments: Pick<Store['classicPayments'], 'applyPage'>;
  deposits: Pick<Store['deposits'], 'cursor'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  /** G… address of the deposit account. */
  account: string;
  asset: ClassicAsset;
  min: () => Units;
  /**
   * How far the vault's watcher has followed the chain through another server; ledger 0 before the first. What Horizon alone
   * tells of later ones is not believed: a single lie would have every honest answer refused as one that lags, for good.
   */
  chain: () => Pick<VaultState, 'lastLedger' | 'lastClosedAtMs'>;
  /** Payments are waiting to be forwarded. */
  onDue: () => void;
  sync(): Promise<void>;
  clock: Clock;
  log: Log;
};

/** The most Horizon gives in one answer. */
const pageLimitMax = 200;

/** The root is read this often: public servers count requests by the hour. */
const rootEveryMs = 30_000;

/** About a minute: longer than servers behind one address differ. */
const lagTolerated = 12;

/** Two minutes behind the other server is no hiccup any more. */
const lagBehindRpcMax = 24;

/**
 * Less than a hundredth of the least amount is not written down: it costs its sender next to nothing, and a row for each
 * would let anyone fill the disk.
 */
const dustParts = 100n;

/** How far coverage moves on before it is written down without any payment: a restart may repeat that much. */
const coverageStep = 100;

export function createClassicWatcher(deps: ClassicWatcherDeps): ClassicWatcher {
  const { horizon, account, meta, clock, log } = deps;
  const cursorName = `classic ${account}`;
  const unseenKey = `classic_unseen_before ${account}`;
  const kept = deps.deposits.cursor(cursorName);
  let lastLedger = kept?.ledger ?? 0;
  let lastClosedAtMs = kept?.closedAtMs ?? 0;
  let root: HorizonRoot | undefined;
  let rootAtMs = Number.NEGATIVE_INFINITY;
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  let pageLimit = pageLimitMax;
  let dust = 0;
  let readTo = 0;

  /** How far the source has come, judged against all that was seen before. Undefined: it lags a little, ask again. */
  async function look(signal?: AbortSignal): Promise<HorizonRoot | undefined> {
    if (root && clock.monotonicMs() - rootAtMs < rootEveryMs) return root;
    const next = await horizon.root(signal);
    const newest = deps.chain().lastLedger;
    const seen = Math.max(lastLedger, Math.min(root?.latestLedger ?? 0, newest));
    if (next.latestLedger < seen - lagTolerated) {
      throw new HorizonError('lagging', `Horizon is at ledger ${next.latestLedger}, but was at ${seen} before`);
    }
    if (next.latestLedger < newest - lagBehindRpcMax) {
      throw new HorizonError('lagging', `Horizon is at ledger ${next.latestLedger}, the network at ${newest}`);
    }
    if (lastLedger > 0 && next.elderLedger > lastLedger + 1) {
      const lost = `${lastLedger + 1} to ${next.elderLedger - 1}`;
      throw new HorizonError(
        'gap',
        `Horizon no longer has ledgers ${lost}, which were not read yet: name a server with a longer history`,
      );
    }
    if (next.latestLedger < seen) return undefined;
    root = next;
    rootAtMs = clock.monotonicMs();
    return next;
  }

  async function readPage(cursor: string | undefined, signal?: AbortSignal): Promise<unknown[] | 'smaller'> {
    try {
      return await horizon.payments({ account, cursor, limit: pageLimit }, signal);
    } catch (error) {
      if (!(error instanceof HorizonError)) throw error;
      if (error.failure === 'not_found') {
        throw new HorizonError('not_found', `the deposit account ${account} does not exist yet: fund it with XLM`);
      }
      // Transactions by contracts weigh much more than payments: a page of them may have to be short.
      if (error.failure !== 'too_large' || pageLimit === 1) throw error;
      pageLimit = Math.max(1, Math.floor(pageLimit / 4));
      return 'smaller';
    }
  }

  async function turn(signal?: AbortSignal): Promise<boolean> {
    if (clock.monotonicMs() < quietUntilMs) return false;
    const newest = deps.chain();
    if (newest.lastLedger === 0) return false;
    const seen = await look(signal);
    if (!seen) return false;
    const cursor = deps.deposits.cursor(cursorName)?.cursor;
    const raw = await readPage(cursor || undefined, signal);
    if (raw === 'smaller') return true;
    const page = raw.map(decodePaymentRecord);
    requireOrder(page, cursor, seen.latestLedger + lagTolerated);
    if (cursor === undefined) noteBeginning(page[0], seen);
    const records = recordsUpTo(page, newest.lastLedger);
    const last = lastPlace(records);
    const full = records.length >= pageLimit;
    // A page may come from a server a little behind the one whose root was read, but one that lists a record has its ledger.
    const whole = Math.min(seen.latestLedger, newest.lastLedger) - lagTolerated;
    const listed = Math.min(ledgerOfPlace(lastPlace(page) ?? '0'), newest.lastLedger);
    const ledger = Math.max(lastLedger, full && last ? ledgerOfPlace(last) - 1 : Math.max(whole, listed));
    const closed = full ? lastClosedAt(records, lastClosedAtMs) : seen.latestClosedAtMs;
    const closedAtMs = Math.min(closed, newest.lastClosedAtMs);
    if (records.length > 0 || ledger >= lastLedger + coverageStep || cursor === undefined) {
      await take(records, { cursor: last ?? cursor ?? '', ledger, closedAtMs }, signal);
    }
    lastLedger = ledger;
    readTo = ledger;
    lastClosedAtMs = Math.max(lastClosedAtMs, closedAtMs);
    pageLimit = Math.min(pageLimitMax, full ? pageLimit : pageLimit * 2);
    return full;
  }

  async function take(
    records: ClassicRecord[],
    place: { cursor: string; ledger: number; closedAtMs: number },
    signal?: AbortSignal,
  ): Promise<void> {
    const received: Received[] = [];
    const dustBefore = dust;
    const setAside: SetAside[] = [];
    const aside = (id: string, reason: string, data: string) =>
      setAside.push({ id, atMs: clock.nowMs(), reason, data });
    for (const record of records) {
      if ('broken' in record) {
        aside(record.id ?? createHash('sha256').update(record.raw).digest('hex'), record.broken, record.raw);
        continue;
      }
      const verdict = judgeRecord(record, { account, asset: deps.asset });
      if (verdict.kind === 'set_aside') aside(record.id, verdict.reason, JSON.stringify(record));
      if (verdict.kind !== 'payment') continue;
      if (verdict.amount * dustParts >= deps.min()) received.push({ record, verdict });
      else dust++;
    }
    if (dust > dustBefore) log.info({ payments: dust - dustBefore }, 'classic payments are too small to be kept');
    const payments = await attribute(deps, received, { to: account, min: deps.min() }, signal);
    // Accounts are opened before the page: what is written here always finds its owner in memory.
    const written = deps.payments.applyPage({ name: cursorName, ...place, payments, setAside });
    if (written.added + written.setAside > 0) await deps.sync();
    for (const { id, reason } of written.setAside > 0 ? setAside : []) {
      log.error({ id, reason }, 'a record of the deposit account was set aside');
    }
    if (written.added === 0) return;
    log.info({ payments: written.added }, 'classic payments arrived');
    if (payments.some(({ state }) => state === 'due')) deps.onDue();
  }

  /** An account's history begins with its creation; where it does not, the source has forgotten its beginning. */
  function noteBeginning(first: ClassicRecord | undefined, { elderLedger }: HorizonRoot): void {
    const fromCreation = first && !('broken' in first) && first.type === 'create_account';
    if (elderLedger <= 2 || fromCreation) return;
    meta.set(unseenKey, String(elderLedger));
    log.warn({ elderLedger }, 'Horizon does not have the whole history of the deposit account');
  }

  return {
    async turn(signal) {
      try {
        return await turn(signal);
      } catch (error) {
        root = undefined;
        if (error instanceof HorizonError && error.retryAfterMs !== undefined) {
          quietUntilMs = clock.monotonicMs() + error.retryAfterMs;
        }
        throw error;
      }
    },
    health() {
      const unseen = meta.get(unseenKey);
      return {
        lastLedger,
        lastClosedAtMs,
        readTo,
        dust,
        unseenBefore: unseen === undefined ? undefined : Number(unseen),
      };
    },
  };
}
