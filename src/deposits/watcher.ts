import type { Ledger } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { formatUsdc } from '../money.ts';
import { cursorLedger } from '../stellar/event-cursor.ts';
import type { Rpc } from '../stellar/rpc.ts';
import type { EventsPage, LedgerSpan } from '../stellar/rpc-answers.ts';
import type { Vault } from '../stellar/vault-client.ts';
import { decodeVaultEvent, type VaultEvent } from '../stellar/vault-events.ts';
import type { Store } from '../store/store.ts';
import { type Gap, noteVaultGap, vaultGap } from '../store/unseen.ts';
import { createBelievable } from './believable.ts';
import { asksToSettle, eventRow } from './event-rows.ts';
import { followChange, type SnapshotDeps, takeSnapshots } from './snapshots.ts';
import { askUnderstood, StrangeVaultError } from './strange-vault.ts';
import { followTransfers } from './transfers.ts';
import { initialVaultState, nextVaultState, type VaultState, withPayee } from './vault-state.ts';

/**
 * Follows the vault's events and credits from nothing else, but for snapshots of accounts after a proven gap. Pages are the
 * truth: a page's rows, their effects and the cursor are one transaction, and memory follows in the same synchronous step.
 */
export type Watcher = {
  /** Reads one page; true when there is more to read at once. Throws, and credits nothing, when the source is in doubt. */
  turn(signal?: AbortSignal): Promise<boolean>;
  /** Has the turns to come read the transfers to the vault at once, which they look at twice a minute by themselves. */
  wantTransfers(): void;
  state(): VaultState;
  health(): WatcherHealth;
  /** Takes over every known account from the vault; throws when it is shown by a server that lags. */
  lookUpAll(signal?: AbortSignal): Promise<void>;
  /** Takes over one account from the vault: at a login, when the books know no deposit of it. */
  lookUp(address: string, signal?: AbortSignal): Promise<void>;
  /** Asks the vault about payees of the catalog that no event has told of yet. */
  knowPayees(payees: string[]): void;
};

export type WatcherHealth = {
  /** True once the first catch-up has reached the newest ledger. */
  caughtUp: boolean;
  lastLedger: number;
  /** Close time of that ledger, ms; 0 before the first page. */
  lastClosedAtMs: number;
  /** Ledgers that the source has and that are not watched yet; undefined before the first answer. */
  behindLedgers: number | undefined;
  /** Ledgers that no source could show any more: what accounts unknown then deposited in them is found by `lookUp`. */
  gap: Gap | undefined;
  /** Gaps that this process has met, and events it has set aside. */
  gaps: number;
  unreadable: number;
};

export type WatcherDeps = SnapshotDeps & {
  rpc: Pick<Rpc, 'verifyNetwork' | 'health' | 'latestLedger' | 'events'>;
  vault: Pick<Vault, 'address' | 'accounts' | 'info' | 'isPayee'>;
  deposits: Pick<Store['deposits'], 'applyPage' | 'applySnapshot' | 'cursor' | 'notePayee' | 'payees'>;
  exits: Pick<Store['exits'], 'expire'>;
  ledger: SnapshotDeps['ledger'] & Pick<Ledger, 'releaseExit'>;
  meta: Pick<Store['meta'], 'get' | 'set'>;
  clock: Clock;
  log: Log;
  /** Ledger in which the vault was made; without it, the oldest that the source still has. */
  startLedger?: number | undefined;
  /** C… address of the USDC contract, to notice bare transfers; without it they stay unnoticed. */
  token?: string | undefined;
  /** A network that closes ledgers when it likes, as the embedded one does for each transaction: any ledger is believed. */
  closesAtWill?: boolean;
  payees: string[];
  /** True until `onFirstSight` has run on a database that was restored from a copy. */
  restored?: () => boolean;
  /** Runs once, before the first page of a database that has no cursor, or was restored; the chain was seen at that ledger. */
  onFirstSight?: (seenLedger: number, signal?: AbortSignal) => Promise<void>;
  /** Applies a settlement; true when no batch of this database took it, so accounts must be read anew. */
  onSettled(event: Extract<VaultEvent, { kind: 'settled' }>): { accountsChangedUnseen: boolean };
  /** A withdrawal request or a cut of the limit of an account was seen. */
  onHurry(account: string): void;
  sync(): Promise<void>;
};

const cursorName = 'vault';
const pageLimit = 1_000;
const transfersEveryMs = 30_000;
/** What a ledger of a public network takes when it is slow. */
const ledgerMs = 6_000;
const snapshotsKey = 'watcher_snapshots_due';

export function createWatcher(deps: WatcherDeps): Watcher {
  const { rpc, vault, deposits, ledger, meta, clock, log } = deps;
  const kept = deposits.cursor(cursorName);
  let state: VaultState = {
    ...initialVaultState(),
    lastLedger: kept?.ledger ?? 0,
    lastClosedAtMs: kept?.closedAtMs ?? 0,
  };
  const believable = createBelievable(clock, deps.closesAtWill ?? false);
  let primed = false;
  let caughtUp = false;
  let unreadable = 0;
  let gaps = 0;
  let gapBehind: number | undefined;
  let sourceLedger: number | undefined;
  let transfersAtMs = Number.NEGATIVE_INFINITY;
  let unknownPayees = [...deps.payees];
  let queue: Promise<unknown> = Promise.resolve();

  /** What events before our time have decided: pause, operator, payees. Later events are read anyway and win. */
  async function prime(sourceAt: number, signal?: AbortSignal): Promise<void> {
    await askVault(state.lastLedger, signal);
    const seenLedger = Math.max(sourceAt, state.lastLedger);
    if (!deposits.cursor(cursorName) || deps.restored?.()) await deps.onFirstSight?.(seenLedger, signal);
    primed = true;
  }

  async function askVault(sinceLedger: number, signal?: AbortSignal): Promise<void> {
    const { paused, operator, pendingUpgrade } = await askUnderstood(vault, sinceLedger, signal).catch((error) => {
      if (error instanceof StrangeVaultError) state = { ...state, strange: error.message };
      throw error;
    });
    state = { ...state, paused, operator, upgrade: pendingUpgrade, strange: undefined };
  }

  async function understand(signal?: AbortSignal): Promise<void> {
    if (state.strange !== undefined) await askVault(state.lastLedger, signal);
  }

  async function askPayees(sinceLedger: number, signal?: AbortSignal): Promise<void> {
    for (const payee of [...unknownPayees]) {
      const listed = await vault.isPayee(payee, signal, sinceLedger);
      deposits.notePayee(payee, listed, sinceLedger);
      state = withPayee(state, payee, listed);
      unknownPayees = unknownPayees.filter((other) => other !== payee);
    }
  }

  /** Everything that events tell of, where some of them cannot be read: the accounts, the payees, and a pause. */
  async function askAnew(sinceLedger: number, signal?: AbortSignal): Promise<void> {
    await askVault(sinceLedger, signal);
    const told = [...state.listedPayees, ...state.removedPayees, ...deposits.payees()];
    unknownPayees = [...new Set([...deps.payees, ...told])];
    await askPayees(sinceLedger, signal);
    await takeSnapshots(deps, known(), sinceLedger, signal);
  }

  async function startOfPage(span: LedgerSpan, signal?: AbortSignal) {
    const cursor = deposits.cursor(cursorName);
    const inside = cursor && (cursorLedger(cursor.cursor) ?? cursor.ledger) >= span.oldestLedger;
    if (cursor && inside) return { cursor: cursor.cursor };
    const wanted = cursor ? cursor.ledger : deps.startLedger;
    if (wanted !== undefined && wanted < span.oldestLedger) {
      const gap = { fromLedger: wanted, toLedger: span.oldestLedger - 1 };
      log.error(gap, 'the source no longer has these ledgers; known accounts are taken over from the vault');
      noteVaultGap(meta, gap);
      // One that is met again after a failure is the same, although it has grown.
      if (gapBehind !== wanted) gaps++;
      gapBehind = wanted;
      await askAnew(gap.toLedger, signal);
    }
    return { startLedger: Math.min(span.latestLedger, Math.max(wanted ?? 0, span.oldestLedger)) };
  }

  function known(): string[] {
    return [...ledger.accounts()].map((slot) => slot.address);
  }

  /** Rows, effects and cursor in one transaction, then memory, with nothing awaited in between. */
  function apply(page: EventsPage, covered: { ledger: number; closedAtMs: number }): void {
    if (page.events.length === 0 && deposits.cursor(cursorName)?.cursor === page.cursor) {
      follow(covered);
      return;
    }
    const events = page.events.map((raw) => decodeVaultEvent(raw, vault.address));
    for (const event of events) {
      // What an unreadable record said is in the vault: that is asked anew, now or after a crash.
      if (event.kind === 'unreadable') meta.set(snapshotsKey, 'yes');
      // Settlements first: each is applied once by lane and batch, so a crash before the page is harmless.
      if (event.kind === 'settled' && deps.onSettled(event).accountsChangedUnseen) meta.set(snapshotsKey, 'yes');
    }
    const { applied } = deposits.applyPage({
      name: cursorName,
      cursor: page.cursor,
      ...covered,
      events: events.map(eventRow),
    });
    for (const change of applied) followChange(deps, change);
    for (const event of events) {
      if (event.kind === 'unreadable') {
        unreadable++;
        log.error({ id: event.id, ledger: event.ledger, reason: event.reason }, 'an event was set aside unread');
        continue;
      }
      state = nextVaultState(state, event);
      const asking = asksToSettle(event);
      if (asking !== undefined) deps.onHurry(asking);
    }
    follow(covered);
  }

  function follow({ ledger: lastLedger, closedAtMs: lastClosedAtMs }: { ledger: number; closedAtMs: number }): void {
    const readAtMs = lastLedger > state.lastLedger ? clock.monotonicMs() : state.readAtMs;
    state = { ...state, lastLedger, lastClosedAtMs, readAtMs };
    if (meta.get(snapshotsKey) === 'yes') return;
    // Every event up to here is in, so an exit whose signature ended by now and that is still open never landed.
    const passed = { ledger: lastLedger, closedAtMs: lastClosedAtMs, ledgerMs: deps.closesAtWill ? 0 : ledgerMs };
    for (const { account, amount } of deps.exits.expire(passed)) {
      const slot = ledger.account(account);
      if (!slot) throw new Error(`account ${account} of an exit is not in memory`);
      ledger.releaseExit(slot, amount);
      log.info({ account, amount: formatUsdc(amount), ledger: lastLedger }, 'a co-signed exit has expired unused');
    }
  }

  async function turn(signal?: AbortSignal): Promise<boolean> {
    await rpc.verifyNetwork(signal);
    const span = await rpc.health(signal);
    believable.ledgers(state, span.latestLedger, span.oldestLedger);
    sourceLedger = span.latestLedger;
    if (!primed) await prime(span.latestLedger, signal);
    // Nothing is read of a vault that is not understood: the cursor stays, and so does what it will say.
    await understand(signal);
    await askPayees(state.lastLedger, signal);
    if (believable.lags(state, span.latestLedger)) return false;
    const from = await startOfPage(span, signal);
    const page = await rpc.events({ from, contractId: vault.address, limit: pageLimit }, signal);
    believable.ledgers(state, page.latestLedger, cursorLedger(page.cursor) ?? 0);
    if (believable.lags(state, page.latestLedger)) return false;
    const covered = await cover(page, signal);
    apply(page, covered);
    if (page.events.length > 0) await deps.sync();
    await understand(signal);
    const more = page.events.length >= pageLimit || covered.ledger < page.latestLedger;
    if (more) return true;
    if (meta.get(snapshotsKey) === 'yes') {
      await askAnew(state.lastLedger, signal);
      meta.set(snapshotsKey, 'done');
    }
    caughtUp = true;
    return transfers(span, signal);
  }

  /** How far a page reaches: a full one may end in the middle of its last ledger. */
  async function cover(page: EventsPage, signal?: AbortSignal): Promise<{ ledger: number; closedAtMs: number }> {
    const full = page.events.length >= pageLimit;
    const last = page.events.at(-1);
    const ofLast = last && !('broken' in last) ? last : undefined;
    const reached = cursorLedger(page.cursor) ?? (full ? (ofLast?.ledger ?? state.lastLedger) : page.latestLedger);
    const ledgerReached = Math.max(state.lastLedger, Math.min(full ? reached - 1 : reached, page.latestLedger));
    if (full || ledgerReached < page.latestLedger) {
      return {
        ledger: ledgerReached,
        closedAtMs: Math.max(state.lastClosedAtMs, believable.closeMs(state, ofLast?.closedAtMs ?? 0)),
      };
    }
    const closedAtMs = page.latestClosedAtMs ?? (await rpc.latestLedger(signal)).closedAtS * 1000;
    return { ledger: ledgerReached, closedAtMs: Math.max(state.lastClosedAtMs, believable.closeMs(state, closedAtMs)) };
  }

  async function transfers(span: LedgerSpan, signal?: AbortSignal): Promise<boolean> {
    const { token } = deps;
    if (!token || clock.monotonicMs() - transfersAtMs < transfersEveryMs) return false;
    const place = { ...span, startLedger: deps.startLedger ?? 0, closedAtMs: state.lastClosedAtMs };
    // Noted before the look: whoever wants one meanwhile may want what this one has just missed.
    transfersAtMs = clock.monotonicMs();
    let more = true;
    try {
      more = await followTransfers({ rpc, deposits, meta, log, vault: vault.address, token }, place, signal);
    } finally {
      if (more) transfersAtMs = Number.NEGATIVE_INFINITY;
    }
    return more;
  }

  return {
    // One page at a time: a second reader at the same cursor would only bring duplicates, and could set it back.
    turn(signal) {
      const result = queue.then(() => turn(signal));
      queue = result.catch(() => undefined);
      return result;
    },
    wantTransfers() {
      transfersAtMs = Number.NEGATIVE_INFINITY;
    },
    state: () => state,
    health: () => ({
      caughtUp,
      lastLedger: state.lastLedger,
      lastClosedAtMs: state.lastClosedAtMs,
      behindLedgers: sourceLedger === undefined ? undefined : Math.max(0, sourceLedger - state.lastLedger),
      gap: vaultGap(meta),
      gaps,
      unreadable,
    }),
    lookUpAll: (signal) => takeSnapshots(deps, known(), state.lastLedger, signal),
    lookUp: (address, signal) => takeSnapshots(deps, [address], 0, signal),
    knowPayees(payees) {
      const told = new Set([...state.listedPayees, ...state.removedPayees, ...unknownPayees]);
      unknownPayees.push(...payees.filter((payee) => !told.has(payee)));
    },
  };
}
