import { issueToken } from '../access/issue.ts';
import { loadTokenKeys, type TokenKeys } from '../access/keys.ts';
import { createSessions, type Sessions } from '../access/session.ts';
import { createVerifier } from '../access/verify.ts';
import type { Books } from '../admin/books.ts';
import { createBooks } from '../admin/create-books.ts';
import type { Health } from '../admin/health.ts';
import type { BooksCheck } from '../admin/lights.ts';
import { createLiveRecorder, type LiveRecorder } from '../admin/live-recorder.ts';
import { createMetrics, type Metrics } from '../admin/metrics.ts';
import { createTokenDesk, type TokenDesk } from '../admin/token-desk.ts';
import { type AccountSlot, createLedger, type Ledger } from '../billing/ledger.ts';
import type { Environment } from '../catalog/environment.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import type { ClassicAsset } from '../deposits/classic-rules.ts';
import { keepTokenAsset } from '../deposits/token-asset.ts';
import { readVaultFacts, type VaultFacts } from '../deposits/vault-facts.ts';
import { createWatcher, type Watcher } from '../deposits/watcher.ts';
import type { Log } from '../log.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createJournal, type Journal } from '../metering/journal.ts';
import { type Units, zero } from '../money.ts';
import { beginAdoption } from '../settlement/adoption.ts';
import { type ConfirmResult, confirmSettled, type SettledOnChain } from '../settlement/confirm.ts';
import { createPayouts, type Payouts } from '../settlement/payouts.ts';
import { reconcile } from '../settlement/reconcile.ts';
import { resumeRestored } from '../settlement/resume-restored.ts';
import { createRootChain, type RootChain } from '../settlement/root-chain.ts';
import { createSettler, type Settler } from '../settlement/settler.ts';
import type { Solvency } from '../settlement/solvency.ts';
import { createRpc, type Rpc } from '../stellar/rpc.ts';
import { createSubmitter } from '../stellar/submitter.ts';
import { createVault, type Vault } from '../stellar/vault-client.ts';
import { firstCallId } from '../store/call-ids.ts';
import { openStore, type Store } from '../store/store.ts';
import { version } from '../version.ts';
import { type Classic, classicChecks, classicDesk, createClassic } from './classic.ts';
import { freeBytes, gaugesOf } from './gauges.ts';
import { liveParts } from './live.ts';
import { announce, chainHealth, type SettledBatch } from './observe.ts';
import { createWebhookParts, type WebhookParts } from './webhooks.ts';

export type AppDeps = { clock: Clock; log: Log; env: Environment };

export type Core = {
  config: () => Config;
  clock: Clock;
  log: Log;
  store: Store;
  facts: VaultFacts;
  /** The classic asset behind the vault's token, where it is one. */
  asset: ClassicAsset | undefined;
  rpc: Rpc;
  vault: Vault;
  ledger: Ledger;
  journal: Journal;
  keys: TokenKeys;
  verifier: ReturnType<typeof createVerifier>;
  sessions: Sessions;
  watcher: Watcher;
  settler: Settler;
  payouts: Payouts;
  rootChain: RootChain;
  tokenDesk: TokenDesk;
  metrics: Metrics;
  /** The last minutes, for the dashboard. */
  recorder: LiveRecorder;
  /** What the vault held and owed when last asked. */
  solvency: Solvency | undefined;
  booksCheck: BooksCheck | undefined;
  loops: Loop[];
  /** The deposit account for payments from wallets and exchanges, where the operator offers one. */
  classic: Classic | undefined;
  /** APIs that the operator has paused; the database holds the same names. */
  pausedApis: Set<string>;
  webhookParts: WebhookParts;
  listeners: ((settled: SettledBatch) => void)[];
  health: () => Health;
  stats: () => { connections: number };
  /** Restored from a copy, and not yet brought up to the vault. */
  restoring: boolean;
  /** Why sales are stopped besides what exposure says: a broken identity. */
  broken: string | undefined;
  /** Lines of the access log that were lost. */
  logLinesDropped: () => number;
  oldestUnsettledAtMs: number | undefined;
  stopping: boolean;
  books(actor: string): Books;
  close(): Promise<void>;
};

/** Everything but the listeners: database, ledger rebuilt from it, chain clients, watcher, settler. */
export async function openCore(config: Config, deps: AppDeps): Promise<Core> {
  const { clock, log } = deps;
  const store = openStore({ path: config.storage.path, clock, log });
  try {
    store.meta.pin('passphrase', config.stellar.passphrase);
    store.meta.pin('vault', config.stellar.vault);
    const rpc = createRpc({ url: config.stellar.rpcUrl, passphrase: config.stellar.passphrase, clock });
    const vault = createVault({ rpc, vault: config.stellar.vault });
    const facts = await readVaultFacts({ vault, meta: store.meta });
    // Only classic deposits cannot do without it: a gateway that has served before starts with the network down.
    const asset = await keepTokenAsset({ rpc, meta: store.meta }, facts.token).catch((error: unknown) => {
      if (config.deposits.classic) throw error;
      return undefined;
    });
    const keys = await requireTokenKeys(config);
    const core = joinCore(config, deps, { store, rpc, vault, facts, asset, keys });
    core.classic = createClassic(core, (address) => resolveAccount(core, address));
    return core;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function joinCore(
  config: Config,
  { clock, log }: AppDeps,
  opened: Pick<Core, 'store' | 'rpc' | 'vault' | 'facts' | 'asset' | 'keys'>,
): Core {
  const { store, rpc, vault, facts, keys } = opened;
  const { stellar, settlement } = config;
  const metrics = createMetrics({
    version,
    gauges: () => gaugesOf(core),
    diskFreeBytes: () => freeBytes(config.storage.path),
    logLinesDropped: () => core.logLinesDropped(),
    webhooks: store.webhooks.counts,
  });
  const chainTimeS = () => Math.floor((watcher?.state().lastClosedAtMs ?? 0) / 1000);
  const ledger = createLedger({ limitPeriodS: facts.limitPeriodS, chainTimeS });
  for (const row of store.accounts.loadAll()) ledger.open(row);
  const revoked = new Set<string>();
  for (const token of store.tokens.revokedOrCapped(clock.nowMs())) {
    if (token.revokedAtMs !== undefined) revoked.add(token.jti);
    if (token.cap !== undefined) ledger.openCap({ jti: token.jti, cap: token.cap, spent: token.spent });
  }
  const { durability, walSyncIntervalMs } = config.storage;
  const journal = createJournal({
    db: store.db,
    clock,
    log,
    durability,
    walSyncIntervalMs,
    sync: store.sync,
    onCommit: (seconds) => metrics.committed(seconds),
  });
  const { sync } = store;
  const confirmDeps = { batches: store.batches, meta: store.meta, ledger, limitPeriodS: facts.limitPeriodS, log };
  const confirm = (settled: SettledOnChain): ConfirmResult => {
    const result = confirmSettled(confirmDeps, settled);
    if (result === 'applied') announce(core, settled);
    return result;
  };
  const settler = createSettler({
    rpc,
    vault,
    batches: {
      ...store.batches,
      endEnvelope(hash, state) {
        store.batches.endEnvelope(hash, state);
        metrics.settlement.failed();
      },
    },
    accounts: store.accounts,
    meta: store.meta,
    confirm,
    clock,
    log,
    operatorSecret: stellar.operatorSecret,
    feeMaxStroops: stellar.feeMaxStroops,
    rules: {
      intervalMs: settlement.intervalMs,
      minTotal: settlement.minTotalUnits,
      ageMaxMs: settlement.ageMaxMs,
      entriesMax: settlement.batchEntries,
    },
    limitPeriodS: facts.limitPeriodS,
    chainTimeS,
    seenLedger: () => watcher?.state().lastLedger ?? 0,
    begun() {
      if (store.restored.state() === 'begun') return 'not since restored';
      return store.deposits.cursor('vault') ? 'yes' : 'not yet';
    },
    async onTakenOver(signal) {
      if (!core.restoring) return;
      const { batches, restored, audit } = store;
      await resumeRestored(
        { batches, restored, audit, ledger, snapshotAll: core.watcher.lookUpAll, sync, log },
        signal,
      );
      core.restoring = false;
    },
    sync,
  });
  const watcher: Watcher | undefined = createWatcher({
    rpc,
    vault,
    deposits: store.deposits,
    exits: store.exits,
    meta: store.meta,
    ledger,
    clock,
    log,
    token: facts.token,
    payees: config.apis.map((api) => api.payee),
    restored: () => store.restored.state() === 'begun',
    async onFirstSight(signal) {
      const restored = store.restored.state() === 'begun';
      await beginAdoption({ vault, meta: store.meta, newest: rpc.latestLedger, restored }, 1, signal);
      if (restored) store.restored.noteBegun();
    },
    onSettled: (event) => ({ accountsChangedUnseen: confirm(event) === 'earlier' }),
    onHurry() {
      settler.hurry();
      settleLoop.wake();
    },
    sync,
  });
  const submitter = createSubmitter({ rpc, clock, feeMaxStroops: stellar.feeMaxStroops });
  const rootChain = createRootChain(store);
  const payouts = createPayouts({
    vault,
    submitter,
    payouts: store.payouts,
    whileIdle: settler.whileIdle,
    clock,
    log,
    operatorSecret: stellar.operatorSecret,
    payoutMin: settlement.payoutMinUnits,
    intervalMs: settlement.payoutIntervalMs,
  });
  const verifier = createVerifier({
    keys,
    issuer: config.gateway.publicUrl,
    audience: config.gateway.publicUrl,
    clock,
    isRevoked: (jti) => revoked.has(jti),
    refusedUntilMs: store.restored.tokensRefusedUntilMs(),
    tokenBytesMax: config.gateway.limits.tokenBytesMax,
    verificationsMax: config.gateway.limits.verificationsMax,
  });
  const sessions = createSessions({ keys, clock, issuer: config.gateway.publicUrl, ...config.gateway.limits });
  const tokenDesk = createTokenDesk({
    sign: (request) =>
      issueToken({ keys, clock, issuer: config.gateway.publicUrl, audience: config.gateway.publicUrl }, request),
    resolveAccount: (address) => resolveAccount(core, address),
    tokens: store.tokens,
    ledger,
    forget(jti) {
      revoked.add(jti);
      verifier.forget(jti);
    },
    sync,
    clock,
  });
  const loop = (name: string, intervalMs: number, turn: (signal: AbortSignal) => Promise<boolean>) =>
    createLoop({ name, intervalMs, clock, log, turn });
  const watchLoop = loop('deposit watcher', config.deposits.pollIntervalMs, watcher.turn);
  const settleLoop = loop('settler', Math.min(settlement.intervalMs, settlerLookMs), settler.turn);
  const payoutLoop = loop('payouts', Math.min(settlement.payoutIntervalMs, payoutLookMs), payouts.turn);
  const catchUp = async (signal?: AbortSignal) => {
    while (await watcher.turn(signal)) signal?.throwIfAborted();
  };
  const pausedApis = new Set(store.apiPauses.list().map((row) => row.api));
  const webhookParts = createWebhookParts(config, { clock, log, store, metrics });
  const core: Core = {
    config: () => config,
    clock,
    log,
    ...opened,
    ledger,
    journal,
    verifier,
    sessions,
    watcher,
    settler,
    payouts,
    rootChain,
    tokenDesk,
    metrics,
    recorder: createLiveRecorder({ clock }),
    solvency: undefined,
    booksCheck: undefined,
    loops: [watchLoop, settleLoop, payoutLoop],
    classic: undefined,
    pausedApis,
    webhookParts,
    listeners: [],
    health: () => ({ ...chainHealth(core), loops: [], stopping: false }),
    stats: () => ({ connections: 0 }),
    restoring: ['begun', 'waiting'].includes(store.restored.state()),
    broken: undefined,
    logLinesDropped: () => 0,
    oldestUnsettledAtMs: store.charges.oldestUnsettledAtMs(),
    stopping: false,
    books: (actor) =>
      createBooks({
        config: core.config,
        ledger,
        charges: store.charges,
        usage: store.usage,
        statements: store.statements,
        feeBps: facts.feeBps,
        routes: store.routes,
        journal,
        tokens: store.tokens,
        tokenDesk,
        deposits: store.deposits,
        exits: store.exits,
        batches: store.batches,
        payouts: store.payouts,
        audit: store.audit,
        backup: store.backup,
        classicPayments: store.classicPayments,
        classic: classicDesk(core, (address) => resolveAccount(core, address)),
        pauses: store.apiPauses,
        paused: pausedApis,
        webhookRows: store.webhooks,
        webhookNames: config.webhooks.map(({ name }) => name),
        tryWebhook: webhookParts.deliverer.tryOnce,
        wakeWebhooks: webhookParts.loop.wake,
        settler,
        async reconcile(signal) {
          const { accounts, batches, payouts: paid } = store;
          const restored = store.restored.state() !== 'never';
          const books = { vault, accounts, batches, payouts: paid, ledger, rootChain, restored, catchUp };
          const { checks } = await reconcile(books, signal);
          return { checks: [...checks, ...(await classicChecks(core, signal))] };
        },
        vault: vault.address,
        runId: store.runId,
        firstCallId: firstCallId(store.runId),
        actor,
        ...liveParts(core, version),
        payNow: payouts.payNow,
        sync,
        clock,
      }),
    async close() {
      await journal.close();
      await store.close();
    },
  };
  return core;
}

/** The settler looks this often at the longest: a batch in flight wants its answer sooner than the next one is due. */
const settlerLookMs = 1_000;
const payoutLookMs = 30_000;

async function requireTokenKeys(config: Config): Promise<TokenKeys> {
  const loaded = await loadTokenKeys(config.tokens.keysFile);
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.keys;
}

export function resolveAccount(
  { store, ledger, facts }: Pick<Core, 'store' | 'ledger' | 'facts'>,
  address: string,
): AccountSlot {
  const known = ledger.account(address);
  if (known) return known;
  return ledger.open({ id: store.accounts.ensure(address), address, limit: facts.defaultLimit });
}

export function resolveCap({ store, ledger }: Core, jti: string, cap: Units) {
  return ledger.cap(jti) ?? ledger.openCap({ jti, cap, spent: store.tokens.get(jti)?.spent ?? zero });
}
