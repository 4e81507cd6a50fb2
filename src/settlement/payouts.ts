import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { add, type Units, units, zero } from '../money.ts';
import { claimOperation, collectFeeOperation } from '../stellar/account-transactions.ts';
import type { SubmitOutcome, Submitter } from '../stellar/submitter.ts';
import type { Vault } from '../stellar/vault-client.ts';
import { paidOut } from '../stellar/vault-events.ts';
import type { VaultEarnings } from '../stellar/vault-views.ts';
import type { Store } from '../store/store.ts';
import { signLifeMaxS } from './adoption.ts';
import { feeOn } from './fee.ts';

/**
 * Sends payees what they earned, and the treasury its fee, when it is worth a transaction. Where the money goes is the
 * vault's affair; a claim that lands twice pays nothing the second time.
 */
export type Payouts = {
  /** Looks at every payee whose time has come; true when something was paid. */
  turn(signal?: AbortSignal): Promise<boolean>;
  /** Pays what is due to one payee now, or to all, whatever the amount. */
  payNow(payee?: string, signal?: AbortSignal): Promise<PayoutResult[]>;
};

export type PayoutResult = {
  payee: string;
  lane: number;
  kind: 'claim' | 'fee';
  amount: Units;
  outcome: 'paid' | 'failed' | 'busy';
  /** Why not, or the transaction's hash. */
  detail: string;
};

export type PayoutsDeps = {
  vault: Pick<Vault, 'address' | 'earnings' | 'info'>;
  submitter: Pick<Submitter, 'submit'>;
  payouts: Pick<Store['payouts'], 'add' | 'finish' | 'endLeft' | 'earnings'>;
  /** Keeps settlement's envelope and ours from using one sequence number. */
  whileIdle<T>(work: () => Promise<T>): Promise<T | undefined>;
  clock: Clock;
  log: Log;
  operatorSecret: string;
  payoutMin: Units;
  intervalMs: number;
};

/** The longest pause after failures: a payee who adds the trustline is paid within a day. */
const backoffMaxMs = 24 * 3_600_000;

type Due = { payee: string; lane: number; kind: 'claim' | 'fee'; amount: Units };

export function createPayouts(deps: PayoutsDeps): Payouts {
  const { vault, submitter, payouts, clock, log } = deps;
  const retries = new Map<string, { failures: number; atMs: number }>();
  let nextLookMs = clock.monotonicMs();

  async function dueOf(payee: string, lane: number, feeBps: number, signal?: AbortSignal): Promise<Due[]> {
    const earnings = await vault.earnings(payee, lane, signal);
    const { net, fee } = amountsDue(earnings, feeBps);
    return [
      { payee, lane, kind: 'claim', amount: net },
      { payee, lane, kind: 'fee', amount: fee },
    ];
  }

  async function allDue(signal?: AbortSignal): Promise<{ feeBps: number; dues: Due[] }> {
    const { feeBps } = (await vault.info(signal)).config;
    const dues: Due[] = [];
    for (const { payee, lane } of payouts.earnings()) dues.push(...(await dueOf(payee, lane, feeBps, signal)));
    return { feeBps, dues: dues.filter(({ amount }) => amount > 0n) };
  }

  /** Undefined when nothing is due any more. */
  async function pay(seen: Due, feeBps: number, signal?: AbortSignal): Promise<PayoutResult | undefined> {
    const { payee, lane, kind } = seen;
    let due: Due | undefined = seen;
    let row: number | undefined;
    const outcome = await deps.whileIdle(async () => {
      // Asked again in its turn: a claim that another one has forestalled lands too, and would be booked as paid.
      due = (await dueOf(payee, lane, feeBps, signal)).find((now) => now.kind === kind && now.amount > 0n);
      return due && send(due, (id) => (row = id), signal);
    });
    if (!due) return undefined;
    if (!outcome) return { ...due, outcome: 'busy', detail: 'a settlement is on its way' };
    const { amount } = due;
    const paid = outcome.status === 'landed' && moved(due, outcome.contractEventsXdr);
    if (row !== undefined) payouts.finish(row, paid ? 'paid' : 'failed');
    note(due, paid);
    if (paid) {
      log.info({ payee, lane, kind, amount: amount.toString(), hash: outcome.hash }, 'payout made');
      return { ...due, outcome: 'paid', detail: outcome.hash };
    }
    if (outcome.status === 'landed') return { ...due, outcome: 'failed', detail: 'nothing was due any more' };
    const detail = outcome.status === 'refused' ? (outcome.reason ?? outcome.detail) : outcome.reason;
    log.warn({ payee, lane, kind, amount: amount.toString(), detail }, 'payout not made; the amount stays owed');
    return { ...due, outcome: 'failed', detail };
  }

  /** A server that is behind shows what is paid as due, and the claim lands without effect. */
  function moved({ kind, payee, lane }: Due, events: string[][] | undefined): boolean {
    // Servers without events leave only the vault's word from before.
    if (!events) return true;
    return paidOut(events, vault.address, { kind: kind === 'claim' ? 'claimed' : 'fee_collected', payee, lane }) > 0n;
  }

  function send(
    { payee, lane, kind, amount }: Due,
    onRow: (id: number) => void,
    signal?: AbortSignal,
  ): Promise<SubmitOutcome> {
    const make = kind === 'claim' ? claimOperation : collectFeeOperation;
    const onSigned = ({ hash }: { hash: string }) => {
      if (kind === 'claim') onRow(payouts.add({ payee, lane, amount, txHash: hash, atMs: clock.nowMs() }));
    };
    const operation = make(vault.address, payee, lane);
    return submitter.submit({ operation, secret: deps.operatorSecret, onSigned }, signal);
  }

  function note(due: Due, paid: boolean): void {
    const key = keyOf(due);
    if (paid) {
      retries.delete(key);
      return;
    }
    const failures = (retries.get(key)?.failures ?? 0) + 1;
    const waitMs = Math.min(backoffMaxMs, deps.intervalMs * 2 ** Math.min(failures, 20));
    retries.set(key, { failures, atMs: clock.monotonicMs() + waitMs });
  }

  return {
    async turn(signal) {
      if (clock.monotonicMs() < nextLookMs) return false;
      payouts.endLeft(signLifeMaxS * 1000);
      const { feeBps, dues } = await allDue(signal);
      // A turn may have time for one only: what is owed grows until it is the most, so that nobody waits for good.
      const ready = dues
        .filter((due) => due.amount >= deps.payoutMin && clock.monotonicMs() >= (retries.get(keyOf(due))?.atMs ?? 0))
        .toSorted((one, other) => Number(other.amount - one.amount));
      let paid = false;
      for (const due of ready) {
        const result = await pay(due, feeBps, signal);
        // Settlement goes first; the rest is looked at again in the next turn.
        if (result?.outcome === 'busy') return paid;
        paid ||= result?.outcome === 'paid';
      }
      nextLookMs = clock.monotonicMs() + deps.intervalMs;
      return paid;
    },
    async payNow(payee, signal) {
      const results: PayoutResult[] = [];
      const { feeBps, dues } = await allDue(signal);
      for (const due of dues.filter((each) => payee === undefined || each.payee === payee)) {
        const result = await pay(due, feeBps, signal);
        if (result) results.push(result);
      }
      return results;
    },
  };
}

/** What the vault would pay now: `fee_due` and `net_due` in contracts/vault/src/earnings.rs. */
export function amountsDue(earnings: VaultEarnings, feeBps: number): { net: Units; fee: Units } {
  const fee = feeOn(earnings.gross, feeBps);
  const net = units(earnings.gross - fee - earnings.netPaid);
  const feeDue = units(fee - earnings.feePaid);
  return { net: net > 0n ? net : zero, fee: feeDue > 0n ? feeDue : zero };
}

export function sumOf(amounts: Iterable<Units>): Units {
  let sum = zero;
  for (const amount of amounts) sum = add(sum, amount);
  return sum;
}

function keyOf({ payee, lane, kind }: Due): string {
  return `${kind} ${lane} ${payee}`;
}
