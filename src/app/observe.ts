import type { Health } from '../admin/health.ts';
import type { Identity } from '../admin/metrics.ts';
import type { AccountSlot } from '../billing/ledger.ts';
import { lastSeenMs } from '../deposits/vault-state.ts';
import { formatUsdc, type Units } from '../money.ts';
import { adoptionOf } from '../settlement/adoption.ts';
import type { SettledOnChain } from '../settlement/confirm.ts';
import { classicWay } from './classic.ts';
import type { Core } from './core.ts';
import { salesStop } from './sales.ts';

/** What the running program says of itself: health, settlements as they come, and how it is paid. */

export type SettledBatch = {
  lane: number;
  batch: number;
  calls: number;
  total: Units;
  txHash: string;
  earnings: { payee: string; lane: number; gross: Units }[];
};

/** A broken identity stops sales until a person has looked: the first one is the reason that is told. */
export function breakBooks(core: Core, identity: Identity, reason: string): void {
  core.metrics.violated(identity);
  core.broken ??= reason;
}

export function announce(core: Core, { lane, batch, txHash, closedAtMs }: SettledOnChain): void {
  const { store, metrics, listeners } = core;
  const row = store.batches.byNumber(lane, batch);
  if (!row) return;
  metrics.settlement.settled(Math.max(0, closedAtMs - row.sealedAtMs) / 1000);
  const settled = { lane, batch, calls: row.leaves, total: row.total, txHash, earnings: store.payouts.earnings() };
  for (const listener of listeners) listener(settled);
}

export function chainHealth(core: Core): Omit<Health, 'loops' | 'stopping'> {
  const { journal, watcher, facts, clock } = core;
  const seen = watcher.state();
  return {
    journal: journal.health(),
    lastLedgerClosedAtMs: lastSeenMs(seen, clock),
    oldestUnsettledAtMs: core.unsettledAge.oldestAtMs(),
    withdrawDelayS: facts.withdrawDelayS,
    paused: (seen.paused & 2) !== 0,
    stopped: stopAndWait(core),
    halted: haltedLanes(core),
    hostAheadMs: core.networkTime.hostAheadMs(),
    solvency: core.solvency,
  };
}

/** Lanes that settle nothing until a person has looked, and why. */
export function haltedLanes({ settler }: Pick<Core, 'settler'>): { lane: number; reason: string }[] {
  const halted = settler.status().lanes.filter(({ state }) => state === 'halted');
  return halted.map(({ lane, waitingFor }) => ({ lane, reason: waitingFor ?? 'no reason given' }));
}

/** Why sales are stopped, and while what another process signed may land for how long still: an operator waits for it. */
function stopAndWait(core: Core): string | undefined {
  const stopped = salesStop(core);
  if (stopped === undefined || core.broken !== undefined || core.settler.standing().foreign) return stopped;
  const waiting = core.settler.status().lanes.find(({ lane }) => adoptionOf(core.store.meta, lane).since !== undefined);
  if (waiting?.waitingFor === undefined) return stopped;
  return `${core.restoring ? stopped : beganAfter}: waiting for ${waiting.waitingFor}`;
}

const beganAfter =
  'this database began on a vault that holds deposits or settlements, and what a gateway before it signed may still land';

/** What a 402 offers: the vault's own terms for programs, a command for people. */
export function payWays(core: Core, account: AccountSlot, shortfall: Units): unknown[] {
  const { config, facts } = core;
  const { stellar, gateway } = config();
  const least = shortfall > facts.minDeposit ? shortfall : facts.minDeposit;
  const terms = { network: stellar.passphrase, vault: stellar.vault, asset: facts.token, account: account.address };
  return [
    { kind: 'vault', ...terms, min: formatUsdc(least) },
    ...classicWay(core, account.address, shortfall),
    { kind: 'cli', command: `callora deposit ${formatUsdc(least)} --gateway ${gateway.publicUrl} --key FILE` },
  ];
}

/** Pause between two looks while somebody waits, ms. */
const lookMs = 20;

/** Resolves when paid calls are sold. */
export async function untilSelling(core: Core): Promise<void> {
  while (salesStop(core) !== undefined) await core.clock.sleep(lookMs);
}

/** Resolves when paid calls are sold and the account's first deposit is credited, with what it can spend. */
export async function untilSpendable(core: Core, address: string): Promise<Units> {
  for (;;) {
    const slot = core.ledger.account(address);
    if (slot && slot.deposited > 0n && salesStop(core) === undefined) return core.ledger.spendable(slot);
    await core.clock.sleep(lookMs);
  }
}
