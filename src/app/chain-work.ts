import type { Config } from '../catalog/model.ts';
import { createWatcher, type Watcher } from '../deposits/watcher.ts';
import { createLoop } from '../loop.ts';
import { formatUsdc } from '../money.ts';
import { beganLate, beginAdoption } from '../settlement/adoption.ts';
import { createChannels } from '../settlement/channels.ts';
import { type ConfirmResult, confirmSettled, type SettledOnChain } from '../settlement/confirm.ts';
import { createFeeBook } from '../settlement/fee-book.ts';
import { foreignNoted, noteForeign } from '../settlement/foreign.ts';
import { createKeeper } from '../settlement/keeper.ts';
import { lanesInForce } from '../settlement/partition.ts';
import { createPayouts } from '../settlement/payouts.ts';
import { earnedBy, resumeRestored } from '../settlement/resume-restored.ts';
import { createRootChain } from '../settlement/root-chain.ts';
import { createSettler } from '../settlement/settler.ts';
import { withinSight } from '../stellar/sighted-rpc.ts';
import { createSubmitter } from '../stellar/submitter.ts';
import { createVault } from '../stellar/vault-client.ts';
import { createVaultLives } from '../stellar/vault-lives.ts';
import type { Core, Threads } from './core.ts';
import { announce, breakBooks } from './observe.ts';

/** The settler looks this often at the longest: a batch in flight wants its answer sooner than the next one is due. */
const settlerLookMs = 1_000;
const payoutLookMs = 30_000;
/** The keeper itself knows when it is time. */
const keeperLookMs = 60_000;
const feeLookMs = 30_000;
const channelLookMs = 5_000;
/** 100 XLM: three times what a week of the contract's code costs at the highest rate of rent in sight. */
const rentMaxStroops = 1_000_000_000n;

type Parts = Pick<Core, 'clock' | 'log' | 'store' | 'rpc' | 'vault' | 'facts' | 'ledger' | 'metrics'> &
  Pick<Threads, 'propose'>;

/**
 * What follows the chain and works on it: watcher, settler, payouts, and their loops. `later` is the core that they become
 * part of, for what happens once it runs.
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
    limitPeriodS: facts.limitPeriodS,
    chainTimeS,
    seenLedger: () => watcher.state().lastLedger,
    begun() {
      if (store.restored.state() === 'begun') return 'not since restored';
      return store.deposits.cursor('vault') ? 'yes' : 'not yet';
    },
    async onTakenOver(signal) {
      const core = later();
      if (!core.restoring) return;
      const { batches, restored, audit } = store;
      const { lookUpAll: snapshotAll } = core.watcher;
      const lanes = lanesUsed();
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
    payees: config.apis.map((api) => api.payee),
    restored: () => store.restored.state() === 'begun',
    async onFirstSight(signal) {
      const restored = store.restored.state() === 'begun';
      const lanesOf = { inUse: lanesUsed().length, ofVault: facts.lanes };
      await beginAdoption({ vault, meta: store.meta, newest: rpc.latestLedger, restored }, lanesOf, signal);
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
    onHurry() {
      settler.hurry();
      settleLoop.wake();
    },
    sync,
  });
  const submitter = createSubmitter({ rpc: sighted, clock, feeMaxStroops: stellar.feeMaxStroops });
  const rootChain = createRootChain(store);
  const payouts = createPayouts({
    vault: sightedVault,
    submitter,
    payouts: store.payouts,
    whileIdle: settler.whileIdle,
    clock,
    log,
    operatorSecret: stellar.operatorSecret,
    payoutMin: settlement.payoutMinUnits,
    intervalMs: settlement.payoutIntervalMs,
  });
  const keeper = createKeeper({
    lives: createVaultLives({
      rpc: sighted,
      vault: vault.address,
      submitter,
      secret: stellar.operatorSecret,
      resourceFeeMaxStroops: rentMaxStroops,
    }),
    accounts: ledger.accounts,
    payees: () => [
      ...new Set(
        later()
          .config()
          .apis.map((api) => api.payee),
      ),
    ],
    lanes: lanesFrom0(settlement.lanes),
    limitPeriodS: facts.limitPeriodS,
    chainTimeS,
    whileIdle: settler.whileIdle,
    clock,
    log,
  });
  const loop = (name: string, intervalMs: number, turn: (signal: AbortSignal) => Promise<boolean>) =>
    createLoop({ name, intervalMs, clock, log, turn });
  const watchLoop = loop('deposit watcher', config.deposits.pollIntervalMs, watcher.turn);
  const settleLoop = loop('settler', Math.min(settlement.intervalMs, settlerLookMs), settler.turn);
  const payoutLoop = loop('payouts', Math.min(settlement.payoutIntervalMs, payoutLookMs), payouts.turn);
  // No call depends on it for weeks.
  const keepLoop = createLoop({ name: 'keeper', intervalMs: keeperLookMs, aside: true, clock, log, turn: keeper.turn });
  const channels = createChannels({
    rpc: sighted,
    submitter,
    operatorSecret: stellar.operatorSecret,
    lanes: settlement.lanes,
    whileIdle: settler.whileIdle,
    log,
  });
  const channelLoop = createLoop({ name: 'channels', intervalMs: channelLookMs, clock, log, turn: channels.turn });
  const feeBook = createFeeBook({ rpc: sighted, fees: store.envelopeFees, clock });
  const feeLoop = createLoop({ name: 'fees', intervalMs: feeLookMs, aside: true, clock, log, turn: feeBook.turn });
  return {
    watcher,
    settler,
    payouts,
    channels,
    rootChain,
    loops: [watchLoop, settleLoop, payoutLoop, keepLoop, channelLoop, feeLoop],
  };
}

function lanesFrom0(count: number): number[] {
  return Array.from({ length: count }, (_, lane) => lane);
}
