import { counted } from '../counted.ts';
import { formatUsdc, type Units } from '../money.ts';
import type { Solvency } from '../settlement/solvency.ts';
import { time } from './book-views.ts';
import type { Health } from './health.ts';

/** The promises that hold the money together, each with what is known of it now. Pure: facts in, words out. */
export type Light = {
  name: string;
  state: 'good' | 'warn' | 'bad' | 'unknown';
  text: string;
};

/** Memory against database. */
export type BooksCheck = { atMs: number; differences: number };

export type LightFacts = {
  nowMs: number;
  health: Health;
  behindLedgers: number | undefined;
  solvency: Solvency | undefined;
  booksCheck: BooksCheck | undefined;
  receivable: Units;
};

/** Both checks run every minute; one that is this old has failed several times. */
const checkStaleMs = 5 * 60_000;

export function lights(facts: LightFacts): Light[] {
  return [
    sales(facts),
    solvency(facts),
    books(facts),
    watcher(facts),
    settlement(facts),
    journal(facts),
    pause(facts),
    debts(facts),
  ];
}

function sales({ health }: LightFacts): Light {
  const name = 'Sales';
  if (health.stopping) return { name, state: 'warn', text: 'The gateway is shutting down.' };
  if (health.stopped !== undefined) return { name, state: 'bad', text: `Paid calls are stopped: ${health.stopped}.` };
  return { name, state: 'good', text: 'Paid calls are served.' };
}

function solvency({ solvency: seen, nowMs }: LightFacts): Light {
  const name = 'Vault covers what it owes';
  if (!seen) return { name, state: 'unknown', text: 'The chain has not been asked yet.' };
  const sums = `${formatUsdc(seen.tokens)} USDC held, ${formatUsdc(seen.liabilities)} owed`;
  if (seen.tokens < seen.liabilities) return { name, state: 'bad', text: `${sums}: the vault is short.` };
  if (nowMs - seen.atMs > checkStaleMs) {
    return { name, state: 'unknown', text: `${sums} at ${time(seen.atMs)}; not answered since.` };
  }
  return { name, state: 'good', text: `${sums}, asked ${duration(nowMs - seen.atMs)} ago.` };
}

function books({ booksCheck: seen, nowMs }: LightFacts): Light {
  const name = 'Memory equals database';
  if (!seen) return { name, state: 'unknown', text: 'Not compared yet.' };
  if (seen.differences > 0)
    return {
      name,
      state: 'bad',
      text: `${counted(seen.differences, 'amount differs', 'amounts differ')}: see the log.`,
    };
  if (nowMs - seen.atMs > checkStaleMs) {
    return { name, state: 'unknown', text: `Last compared at ${time(seen.atMs)}.` };
  }
  return { name, state: 'good', text: 'Every account agrees.' };
}

function watcher({ health, behindLedgers, nowMs }: LightFacts): Light {
  const name = 'Deposits are watched';
  const { lastLedgerClosedAtMs: closedAtMs, withdrawDelayS } = health;
  if (closedAtMs === undefined) return { name, state: 'unknown', text: 'No ledger seen yet.' };
  const age = `the newest ledger seen is ${duration(nowMs - closedAtMs)} old`;
  const behind = behindLedgers === undefined ? '' : `, ${behindLedgers} behind the network`;
  return { name, state: ageState(nowMs - closedAtMs, withdrawDelayS), text: `${capital(age)}${behind}.` };
}

function settlement({ health, nowMs }: LightFacts): Light {
  const name = 'Settlement keeps up';
  const { oldestUnsettledAtMs: oldestMs, withdrawDelayS } = health;
  if (oldestMs === undefined) return { name, state: 'good', text: 'Everything charged is confirmed on chain.' };
  const age = nowMs - oldestMs;
  return { name, state: ageState(age, withdrawDelayS), text: `The oldest unsettled charge is ${duration(age)} old.` };
}

function journal({ health }: LightFacts): Light {
  const name = 'Charges are written';
  const { ok, lastError } = health.journal;
  if (!ok) return { name, state: 'bad', text: `The journal cannot write: ${lastError ?? 'no reason given'}.` };
  return { name, state: 'good', text: 'The journal commits before answers leave.' };
}

function pause({ health }: LightFacts): Light {
  const name = 'Vault is open';
  return health.paused
    ? { name, state: 'bad', text: 'The vault is paused for settlement.' }
    : { name, state: 'good', text: 'The vault accepts settlement.' };
}

function debts({ receivable }: LightFacts): Light {
  const name = 'Charges are paid in full';
  if (receivable === 0n) return { name, state: 'good', text: 'The chain took all that was charged.' };
  return { name, state: 'warn', text: `${formatUsdc(receivable)} USDC charged could not be taken yet.` };
}

/** Paid calls stop at a quarter of the withdrawal delay, readiness at an eighth (health.ts). */
function ageState(ageMs: number, withdrawDelayS: number | undefined): Light['state'] {
  if (withdrawDelayS === undefined) return 'unknown';
  if (ageMs > withdrawDelayS * 250) return 'bad';
  return ageMs > withdrawDelayS * 125 ? 'warn' : 'good';
}

function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
