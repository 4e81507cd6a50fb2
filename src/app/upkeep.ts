import type { Config } from '../catalog/model.ts';
import type { Watcher } from '../deposits/watcher.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createChannels } from '../settlement/channels.ts';
import { createFeeBook } from '../settlement/fee-book.ts';
import { createKeeper } from '../settlement/keeper.ts';
import { lanesInForce } from '../settlement/partition.ts';
import { createPayouts } from '../settlement/payouts.ts';
import type { Settler } from '../settlement/settler.ts';
import type { Rpc } from '../stellar/rpc.ts';
import { createSubmitter } from '../stellar/submitter.ts';
import { createVault } from '../stellar/vault-client.ts';
import { createVaultLives } from '../stellar/vault-lives.ts';
import type { Core } from './core.ts';

const payoutLookMs = 30_000;
const channelLookMs = 5_000;
const feeLookMs = 30_000;
/** The keeper itself knows when it is time. */
const keeperLookMs = 60_000;
/** 100 XLM: three times what a week of the contract's code costs at the highest rate of rent in sight. */
const rentMaxStroops = 1_000_000_000n;

type Parts = Pick<Core, 'clock' | 'log' | 'store' | 'vault' | 'facts' | 'ledger'> & {
  /** Believes no answer that is far ahead of what the watcher has read. */
  rpc: Rpc;
  watcher: Pick<Watcher, 'health'>;
  settler: Pick<Settler, 'whileIdle'>;
  chainTimeS: () => number;
  config: () => Config;
};

/** What is done with the operator's account beside settling: payees are paid, rent is paid, channel accounts are made. */
export function joinUpkeep(start: Config, parts: Parts): Pick<Core, 'payouts' | 'channels'> & { loops: Loop[] } {
  const { clock, log, store, rpc, vault, settler, watcher } = parts;
  const { operatorSecret, feeMaxStroops } = start.stellar;
  const { settlement } = start;
  const { whileIdle } = settler;
  const submitter = createSubmitter({ rpc, clock, feeMaxStroops });
  const payouts = createPayouts({
    ...{ submitter, operatorSecret, whileIdle, clock, log },
    vault: createVault({ rpc, vault: vault.address }),
    payouts: store.payouts,
    payoutMin: settlement.payoutMinUnits,
    intervalMs: settlement.payoutIntervalMs,
  });
  const lanes = () => Math.max(settlement.lanes, lanesInForce(store.meta));
  const channels = createChannels({ rpc, submitter, operatorSecret, lanes, whileIdle, log });
  const keeper = createKeeperOf(start, parts, submitter);
  const fees = createFeeBook({ rpc, fees: store.envelopeFees, clock });
  /** Until the watcher has read all there is, nothing that the network says can be believed. */
  const loop = (name: string, intervalMs: number, turn: (signal: AbortSignal) => Promise<boolean>, aside = false) =>
    createLoop({
      ...{ name, intervalMs, aside, clock, log },
      turn: async (signal) => watcher.health().caughtUp && (await turn(signal)),
    });
  const loops = [
    loop('payouts', Math.min(settlement.payoutIntervalMs, payoutLookMs), payouts.turn),
    loop('channels', channelLookMs, channels.turn),
    // No call depends on these for weeks.
    loop('keeper', keeperLookMs, keeper.turn, true),
    loop('fees', feeLookMs, fees.turn, true),
  ];
  return { payouts, channels, loops };
}

function createKeeperOf(
  { stellar, settlement }: Config,
  { clock, log, store, rpc, vault, facts, ledger, chainTimeS, settler, config }: Parts,
  submitter: ReturnType<typeof createSubmitter>,
) {
  return createKeeper({
    lives: createVaultLives({
      ...{ rpc, submitter },
      vault: vault.address,
      secret: stellar.operatorSecret,
      resourceFeeMaxStroops: rentMaxStroops,
    }),
    accounts: ledger.accounts,
    keepAccounts: settlement.keepAccountsAlive,
    payees: () => [...new Set(config().apis.map((api) => api.payee))],
    lanes: Array.from({ length: settlement.lanes }, (_, lane) => lane),
    limitPeriodS: facts.limitPeriodS,
    whileIdle: settler.whileIdle,
    meta: store.meta,
    ...{ chainTimeS, clock, log },
  });
}
