import type { Config } from '../catalog/model.ts';
import { createWatcher, type Watcher } from '../deposits/watcher.ts';
import { createLoop } from '../loop.ts';
import { formatUsdc, zero } from '../money.ts';
import { beganLate, beginAdoption } from '../settlement/adoption.ts';
import { type ConfirmResult, confirmSettled, type SettledOnChain } from '../settlement/confirm.ts';
import { foreignNoted, noteForeign } from '../settlement/foreign.ts';
import { lanesInForce } from '../settlement/partition.ts';
import { earnedBy, resumeRestored } from '../settlement/resume-restored.ts';
import { createRootChain } from '../settlement/root-chain.ts';
import { createSettler } from '../settlement/settler.ts';
import { withinSight } from '../stellar/sighted-rpc.ts';
import { createVault } from '../stellar/vault-client.ts';
import type { AppDeps, Core, Threads } from './core.ts';
import { announce, breakBooks } from './observe.ts';
import { joinUpkeep } from './upkeep.ts';

/** The settler looks this often at the longest: a batch in flight wants its answer sooner than the next one is due. */
const settlerLookMs = 1_000;

type Parts = Pick<Core, 'clock' | 'log' | 'store' | 'rpc' | 'vault' | 'facts' | 'ledger' | 'metrics'> &
  Pick<Threads, 'propose'> &
  Pick<AppDeps, 'firstStart'>;

/**
 * What follows the chain and works on it: watcher, settler, what is done beside them, and their loops. `later` is the core
 * that they become part of, for what happens once it runs.
 */
export function joinChainWork(
  config: Config,
  parts: Parts,
  chainTimeS: () => number,
  later: () => Core,
): Pick<Core, 'watcher' | 'settler' | 'payouts' | 'channels' | 'rootChain' | 'loops'> {
  const { clock, log, store, rpc, vault, facts, ledger, metrics } = parts;
  const { stellar, settlement } = config;
  const { sync } = store;
  const confirmDeps = { batches: store.batches, meta: store.meta, ledger, limitPeriodS: facts.limitPeriodS, log };
  const confirm = (settled: SettledOnChain): ConfirmResult => {
    const result = confirmSettled(confirmDeps, settled);
    if (result === 'applied') announce(later(), settled);
    if (result === 'foreign_root')
      breakBooks(later(), 'settlements are ours', foreignNoted(store.meta) ?? 'a foreign settlement');
    return result;
  };
  const lanesUsed = () => lanesFrom0(Math.max(settlement.lanes, lanesInForce(store.meta)));
  const sight = () => ({ ledger: watcher.state().lastLedger, closedAtS: chainTimeS() });
  const sighted = withinSight(rpc, sight, config.deposits.pollIntervalMs);
  const sightedVault = createVault({ rpc: sighted, vault: vault.address });
  const settler = createSettler({
    rpc: sighted,
    vault: sightedVault,
    batches: {
      ...store.batches,
      endEnvelope(hash, state) {
        store.batches.endEnvelope(hash, state);
        metrics.settlement.failed();
      },
    },
    propose: parts.propose({ file: store.db.name, vault: vault.address }),
    accounts: store.accounts,
    payouts: store.payouts,
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
    lanes: settlement.lanes,
    channelsReady: () => upkeep.channels.ready(),
    limitPeriodS: facts.limitPeriodS,
    chainTimeS,
    seenLedger: () => watcher.state().lastLedger,
    strange: () => watcher.state().strange,
    begun: () => store.restored.state() !== 'begun' && store.deposits.cursor('vault') !== undefined,
    unusedLanes: () => lanesFrom0(facts.lanes).slice(lanesUsed().length),
    async onTakenOver(signal) {
      const core = later();
      if (!core.restoring) return;
      const { batches, restored, audit } = store;
      const { lookUpAll: snapshotAll } = core.watcher;
      // Also lanes that are no longer in use: payees have earned there.
      const lanes = [...new Set([...lanesUsed(), ...(await vault.usedLanes(facts.lanes, signal))])];
      const earned = earnedBy(vault, lanes);
      await resumeRestored({ batches, restored, audit, ledger, lanes, snapshotAll, earned, sync, log }, signal);
      core.restoring = false;
    },
    sync,
  });
  const watcher: Watcher = createWatcher({
    rpc,
    vault,
    deposits: store.deposits,
    exits: store.exits,
    meta: store.meta,
    ledger,
    clock,
    log,
    token: facts.token,
    closesAtWill: config.stellar.network === 'custom',
    payees: config.apis.map((api) => api.payee),
    restored: () => store.restored.state() === 'begun',
    async onFirstSight(seenLedger, signal) {
      const restored = store.restored.state() === 'begun';
      const { meta } = store;
      const { firstStart = false } = parts;
      const vaultNow = { vault, newest: rpc.latestLedger, seenLedger };
      await beginAdoption({ ...vaultNow, meta, restored, firstStart }, facts.lanes, signal);
      if (restored) store.restored.noteBegun();
    },
    onSettled(event) {
      const result = confirm(event);
      return { accountsChangedUnseen: result === 'earlier' || result === 'foreign_root' };
    },
    onElsewhere(address, amount) {
      if (store.restored.state() !== 'never' || beganLate(store.meta, facts.lanes)) return;
      const what = `the vault has settled ${formatUsdc(amount)} USDC of ${address} that no batch of these books explains`;
      noteForeign(store.meta, what);
      breakBooks(later(), 'settlements are ours', what);
    },
    onHurry(account) {
      settler.hurry(account, ledger.account(account)?.unsettled ?? zero);
      settleLoop.wake();
    },
    sync,
  });
  const upkeep = joinUpkeep(config, {
    ...{ clock, log, store, rpc: sighted, vault, facts, ledger, watcher, settler, chainTimeS },
    config: () => later().config(),
  });
  const watchLoop = createLoop({
    ...{ name: 'deposit watcher', intervalMs: config.deposits.pollIntervalMs, clock, log },
    turn: watcher.turn,
  });
  const settleLoop = createLoop({
    ...{ name: 'settler', intervalMs: Math.min(settlement.intervalMs, settlerLookMs), clock, log },
    turn: settler.turn,
  });
  const { payouts, channels } = upkeep;
  const rootChain = createRootChain(store);
  return { watcher, settler, payouts, channels, rootChain, loops: [watchLoop, settleLoop, ...upkeep.loops] };
}

function lanesFrom0(count: number): number[] {
  return Array.from({ length: count }, (_, lane) => lane);
}
