import { loadTokenKeys, type TokenKeys } from '../access/keys.ts';
import type { Sessions } from '../access/session.ts';
import type { createVerifier } from '../access/verify.ts';
import type { Books } from '../admin/books.ts';
import type { Health } from '../admin/health.ts';
import type { BooksCheck } from '../admin/lights.ts';
import { createLiveRecorder, type LiveRecorder } from '../admin/live-recorder.ts';
import { createMetrics, type Metrics } from '../admin/metrics.ts';
import type { TokenDesk } from '../admin/token-desk.ts';
import { createLedger, type Ledger } from '../billing/ledger.ts';
import type { Environment } from '../catalog/environment.ts';
import type { Config } from '../catalog/model.ts';
import type { TlsCertificate } from '../catalog/tls-certificate.ts';
import { tooManyLanes } from '../catalog/vault-bounds.ts';
import type { Clock } from '../clock.ts';
import type { ClassicAsset } from '../deposits/classic-rules.ts';
import { keepTokenAsset } from '../deposits/token-asset.ts';
import { readVaultFacts, type VaultFacts } from '../deposits/vault-facts.ts';
import type { Watcher } from '../deposits/watcher.ts';
import type { Log } from '../log.ts';
import type { Loop } from '../loop.ts';
import { createJournal, type Journal } from '../metering/journal.ts';
import type { Channels } from '../settlement/channels.ts';
import { foreignNoted } from '../settlement/foreign.ts';
import type { Payouts } from '../settlement/payouts.ts';
import type { RootChain } from '../settlement/root-chain.ts';
import { createSealThread } from '../settlement/seal-thread.ts';
import type { Settler } from '../settlement/settler.ts';
import type { Solvency } from '../settlement/solvency.ts';
import { createUnsettledAge, type UnsettledAge } from '../settlement/unsettled-age.ts';
import { createNetworkTime, type NetworkTime } from '../stellar/network-time.ts';
import { createRpc, type Rpc } from '../stellar/rpc.ts';
import { createVault, type Vault } from '../stellar/vault-client.ts';
import type { CopyStore } from '../store/backup.ts';
import type { startCheckpoints } from '../store/checkpoint.ts';
import { openStore, type Store } from '../store/store.ts';
import type { createFindWrongSums } from '../store/sums.ts';
import type { Fdatasync } from '../store/wal-sync.ts';
import type { TargetState } from '../upstream/api-pool.ts';
import { version } from '../version.ts';
import { joinBooks } from './books.ts';
import { joinChainWork } from './chain-work.ts';
import { type Classic, createClassic } from './classic.ts';
import { freeBytes, gaugesOf } from './gauges.ts';
import { chainHealth, type SettledBatch } from './observe.ts';
import { resolveAccount } from './resolve.ts';
import { joinTokenWork } from './token-work.ts';
import { createWebhookParts, type WebhookParts } from './webhooks.ts';

/** What the program has of its machine. A simulation puts a network and threads of its own in their place. */
export type AppDeps = {
  clock: Clock;
  log: Log;
  env: Environment;
  /** How the servers of the Stellar network are reached. */
  fetch?: typeof globalThis.fetch | undefined;
  threads?: Threads | undefined;
  /** The operator says that no gateway has served on this vault before: nothing that one signed is waited for. */
  firstStart?: boolean | undefined;
};

/** The work that is done beside the event loop. */
export type Threads = {
  checkpoints: typeof startCheckpoints;
  propose: typeof createSealThread;
  fdatasync: Fdatasync;
  sums: typeof createFindWrongSums;
  copy: CopyStore;
};

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
  /** The same vault by another provider's server, where the config names one: what the books hold is compared with it. */
  witness: Vault;
  /** Every server that the config names. */
  sources: Rpc[];
  networkTime: NetworkTime;
  ledger: Ledger;
  journal: Journal;
  keys: TokenKeys;
  verifier: ReturnType<typeof createVerifier>;
  sessions: Sessions;
  watcher: Watcher;
  settler: Settler;
  payouts: Payouts;
  channels: Channels;
  rootChain: RootChain;
  tokenDesk: TokenDesk;
  metrics: Metrics;
  /** The last minutes, for the dashboard. */
  recorder: LiveRecorder;
  /** What the vault held and owed when last asked. */
  solvency: Solvency | undefined;
  booksCheck: BooksCheck | undefined;
  sumsCheck: BooksCheck | undefined;
  loops: Loop[];
  /** The deposit account for payments from wallets and exchanges, where the operator offers one. */
  classic: Classic | undefined;
  /** APIs that the operator has paused; the database holds the same names. */
  pausedApis: Set<string>;
  webhookParts: WebhookParts;
  listeners: ((settled: SettledBatch) => void)[];
  health: () => Health;
  stats: () => { connections: number; sockets: number };
  /** What the gateway sees of its upstreams. */
  upstreams: () => TargetState[];
  /** The listener's certificate; undefined for plain HTTP. */
  tls: TlsCertificate | undefined;
  /** Restored from a copy, and not yet brought up to the vault. */
  restoring: boolean;
  /** Why sales are stopped besides what exposure says: a broken identity. */
  broken: string | undefined;
  /** The last comparison of accounts with the vault. */
  chainCheck: { atMs: number; differences: number } | undefined;
  /** The last comparison of earnings, lanes and chain values. */
  settledCheck: { atMs: number; differences: number } | undefined;
  /** Lines of the access log that were lost. */
  logLinesDropped: () => number;
  unsettledAge: UnsettledAge;
  stopping: boolean;
  books(actor: string): Books;
  close(): Promise<void>;
};

/** Everything but the listeners: database, ledger rebuilt from it, chain clients, watcher, settler. */
export async function openCore(config: Config, deps: AppDeps): Promise<Core> {
  const { clock, log, fetch } = deps;
  const store = openStore({
    path: config.storage.path,
    clock,
    log,
    startCheckpoints: deps.threads?.checkpoints,
    fdatasync: deps.threads?.fdatasync,
    sums: deps.threads?.sums,
    copy: deps.threads?.copy,
  });
  try {
    store.meta.pin('passphrase', config.stellar.passphrase);
    store.meta.pin('vault', config.stellar.vault);
    // A run whose number the disk forgets in a power cut would have the next one give out its call ids again.
    await store.sync();
    const rpc = createRpc({ url: config.stellar.rpcUrl, passphrase: config.stellar.passphrase, clock, fetch });
    const vault = createVault({ rpc, vault: config.stellar.vault });
    const { secondRpcUrl, passphrase } = config.stellar;
    const second = secondRpcUrl === undefined ? rpc : createRpc({ url: secondRpcUrl, passphrase, clock, fetch });
    const sources = second === rpc ? [rpc] : [rpc, second];
    const witness = createVault({ rpc: second, vault: config.stellar.vault });
    const facts = await readVaultFacts({ vault, meta: store.meta });
    const excess = tooManyLanes(config.settlement.lanes, facts.lanes);
    if (excess) throw new Error(excess);
    // Only classic deposits cannot do without it: a gateway that has served before starts with the network down.
    const asset = await keepTokenAsset({ rpc, meta: store.meta }, facts.token).catch((error: unknown) => {
      if (config.deposits.classic) throw error;
      return undefined;
    });
    const keys = await requireTokenKeys(config);
    const core = joinCore(config, deps, { store, rpc, vault, witness, sources, facts, asset, keys });
    core.classic = createClassic(core, (address) => resolveAccount(core, address), fetch);
    return core;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function joinCore(
  config: Config,
  { clock, log, threads, firstStart }: AppDeps,
  opened: Pick<Core, 'store' | 'rpc' | 'vault' | 'witness' | 'sources' | 'facts' | 'asset' | 'keys'>,
): Core {
  const { store, facts } = opened;
  const metrics = createMetrics({
    version,
    gauges: () => gaugesOf(core),
    diskFreeBytes: () => freeBytes(config.storage.path),
    logLinesDropped: () => core.logLinesDropped(),
    webhooks: store.webhooks.counts,
  });
  const chainTimeS = () => Math.floor(core.watcher.state().lastClosedAtMs / 1000);
  const ledger = createLedger({ limitPeriodS: facts.limitPeriodS, chainTimeS });
  store.accounts.visitAll(ledger.open);
  const { durability, walSyncIntervalMs } = config.storage;
  const journal = createJournal({
    db: store.journalDb,
    clock,
    log,
    durability,
    walSyncIntervalMs,
    sync: store.sync,
    onCommit: (seconds) => metrics.committed(seconds),
  });
  const parts = { clock, log, ...opened, ledger, metrics };
  const pausedApis = new Set(store.apiPauses.list().map((row) => row.api));
  const webhookParts = createWebhookParts(config, { clock, log, store, metrics });
  const core: Core = {
    config: () => config,
    ...parts,
    journal,
    ...joinTokenWork(config, parts),
    ...joinChainWork(
      config,
      { ...parts, firstStart, propose: threads?.propose ?? createSealThread },
      chainTimeS,
      () => core,
    ),
    recorder: createLiveRecorder({ clock }),
    networkTime: createNetworkTime(clock),
    solvency: undefined,
    booksCheck: undefined,
    sumsCheck: undefined,
    chainCheck: undefined,
    settledCheck: undefined,
    classic: undefined,
    pausedApis,
    webhookParts,
    listeners: [],
    health: () => ({ ...chainHealth(core), loops: [], stopping: false }),
    stats: () => ({ connections: 0, sockets: 0 }),
    upstreams: () => [],
    tls: undefined,
    restoring: ['begun', 'waiting'].includes(store.restored.state()),
    broken: foreignNoted(store.meta),
    logLinesDropped: () => 0,
    unsettledAge: joinUnsettledAge(store, clock),
    stopping: false,
    books: (actor) => joinBooks(core, actor),
    async close() {
      await journal.close();
      await store.close();
    },
  };
  return core;
}

function joinUnsettledAge({ charges, batches, runId }: Store, clock: Clock): UnsettledAge {
  const heads = () => charges.unsettledHeads(runId);
  const age = createUnsettledAge({ clock, heads, newest: batches.newestWaiting });
  age.look();
  return age;
}

async function requireTokenKeys(config: Config): Promise<TokenKeys> {
  const loaded = await loadTokenKeys(config.tokens.keysFile);
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.keys;
}
