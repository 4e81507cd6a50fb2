import type { LoopHealth } from '../loop.ts';
import type { JournalHealth } from '../metering/journal.ts';
import { formatUsdc } from '../money.ts';
import type { Solvency } from '../settlement/solvency.ts';
import { time } from './book-views.ts';
import type { HealthView, SolvencyView } from './books.ts';

/** What readiness is judged on, read at the moment of the question. */
export type Health = {
  journal: JournalHealth;
  loops: LoopHealth[];
  /** Close time of the newest ledger the watcher has applied, ms; undefined before the first. */
  lastLedgerClosedAtMs: number | undefined;
  /** Time of the oldest charge that the chain has not confirmed, ms. */
  oldestUnsettledAtMs: number | undefined;
  /** The vault's withdrawal delay, s; undefined before the vault was read. */
  withdrawDelayS: number | undefined;
  /** The vault refuses settles. */
  paused: boolean;
  /** Why sales are stopped, if they are. */
  stopped: string | undefined;
  /** Lanes that settle nothing until a person has looked, and why. */
  halted: readonly { lane: number; reason: string }[];
  /** How far the host's clock is ahead of the network's, ms; undefined before the first comparison. */
  hostAheadMs: number | undefined;
  /** What the vault held and owed when last asked; undefined before. */
  solvency: Solvency | undefined;
  /** True once the gateway drains. */
  stopping: boolean;
};

/** This many failures in a row are no hiccup any more. */
const failuresMax = 5;

/**
 * Reasons not to send calls here, empty when ready. The bound on age is half of the one at which paid calls stop
 * (a quarter of the withdrawal delay), so that a balancer turns away before callers meet errors.
 */
export function notReady(health: Health, nowMs: number): string[] {
  const reasons: string[] = [];
  const { journal, withdrawDelayS, lastLedgerClosedAtMs, oldestUnsettledAtMs } = health;
  if (health.stopping) reasons.push('stopping: the gateway drains');
  if (health.stopped !== undefined) reasons.push(`sales: stopped, ${health.stopped}`);
  if (health.paused) reasons.push('vault: paused for settlement');
  if (!journal.ok) reasons.push(`journal: cannot write, ${journal.lastError ?? 'no reason given'}`);
  if (withdrawDelayS === undefined) reasons.push('vault: not read yet');
  if (lastLedgerClosedAtMs === undefined) reasons.push('watcher: no ledger seen yet');
  const ageMaxMs = ((withdrawDelayS ?? Number.POSITIVE_INFINITY) * 1000) / 8;
  if (lastLedgerClosedAtMs !== undefined && nowMs - lastLedgerClosedAtMs > ageMaxMs) {
    reasons.push(`watcher: the newest ledger seen is ${seconds(nowMs - lastLedgerClosedAtMs)} old`);
  }
  if (oldestUnsettledAtMs !== undefined && nowMs - oldestUnsettledAtMs > ageMaxMs) {
    const age = seconds(nowMs - oldestUnsettledAtMs);
    reasons.push(`settlement: the oldest unsettled charge is ${age} old; ${settleHelp}`);
  }
  for (const loop of health.loops) {
    if (!loop.running && !health.stopping) reasons.push(`${loop.name}: not running`);
    if (loop.failuresInRow >= failuresMax && !loop.aside) reasons.push(failureOf(loop));
  }
  return reasons;
}

const settleHelp = '`callora settle status` says what it waits for, `callora settle now` tries at once';

/** What wants a person, although calls can be served as ever. */
export function troubleAside({
  loops,
  halted,
  hostAheadMs,
}: Pick<Health, 'loops' | 'halted' | 'hostAheadMs'>): string[] {
  const clock = clockTrouble(hostAheadMs);
  return [
    ...(clock === undefined ? [] : [`clock: ${clock}`]),
    ...loops.filter((loop) => loop.aside && loop.failuresInRow >= failuresMax).map(failureOf),
    ...halted.map(
      ({ lane, reason }) => `settlement: lane ${lane} is halted (${reason}); \`callora settle now\` tries once more`,
    ),
  ];
}

/** Ledgers close every five seconds and are read some seconds later; beyond it limits in time are no longer what they say. */
const hostOffMaxMs = 30_000;

/** What to do about a clock that is not the network's; undefined while they agree. */
export function clockTrouble(hostAheadMs: number | undefined): string | undefined {
  if (hostAheadMs === undefined || Math.abs(hostAheadMs) <= hostOffMaxMs) return undefined;
  const off = seconds(Math.abs(hostAheadMs));
  return hostAheadMs > 0
    ? `the host is ${off} ahead of the newest ledger: set its clock (NTP), unless every RPC server lags by as much`
    : `the host is ${off} behind the newest ledger: set its clock (NTP), unless an RPC server makes times up`;
}

function failureOf({ name, failuresInRow, lastError }: LoopHealth): string {
  return `${name}: failed ${failuresInRow} times in a row, ${lastError ?? 'no reason given'}`;
}

export function healthView(health: Health, nowMs: number): HealthView {
  const reasons = notReady(health, nowMs);
  const { journal } = health;
  return {
    ready: reasons.length === 0,
    reasons,
    warnings: troubleAside(health),
    loops: health.loops.map((loop) => ({
      name: loop.name,
      running: loop.running,
      turns: loop.turns,
      failures_in_row: loop.failuresInRow,
      last_progress_at: loop.lastProgressAtMs === undefined ? null : time(loop.lastProgressAtMs),
      last_error: loop.lastError ?? null,
    })),
    journal: {
      ok: journal.ok,
      pending: journal.pending,
      wal_bytes: journal.walBytes,
      last_error: journal.lastError ?? null,
    },
    solvency: health.solvency ? solvencyView(health.solvency) : null,
  };
}

function solvencyView({ tokens, liabilities, atMs }: Solvency): SolvencyView {
  return {
    solvent: tokens >= liabilities,
    balance: formatUsdc(tokens),
    liabilities: formatUsdc(liabilities),
    checked_at: time(atMs),
  };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
