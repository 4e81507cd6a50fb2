import type { Period } from '../metering/period.ts';
import { dayText } from '../metering/period.ts';
import type { UsageSummary, UsageSumView } from '../metering/usage-summary.ts';
import { add, formatUsdc, subtract, type Units } from '../money.ts';
import { sumOf } from '../settlement/payouts.ts';
import type { OpenSums, PaidLine, SettledLine } from '../store/statements.ts';
import { dayMs } from '../store/usage-daily.ts';
import { time } from './book-views.ts';

/**
 * A statement as JSON. `usage` is by the day of the call, everything else by the time on chain, so a call of the last
 * minutes of a period is settled in the next one. `opening + settled − fee − claimed = closing`, and the closing balance
 * of a period is the opening balance of the one after it.
 */
export type StatementView = {
  payee: string;
  from: string;
  to: string;
  currency: 'USDC';
  /** Platform fee in 1/100 of a percent. */
  fee_bps: number;
  usage: UsageSummary['total'];
  balance: { opening: string; settled: string; fee: string; claimed: string; closing: string };
  /** Settled less the fee: what the period earned the payee. */
  net: string;
  /** The fee is counted per lane, from all that the lane ever settled. */
  lanes: { lane: number; settled: string; fee: string }[];
  settlements: SettlementLineView[];
  payments: PaymentView[];
  /** As of now, whatever the period. */
  open: {
    unsealed: string;
    in_batches: string;
    receivable: string;
    held: string;
    written_off: string;
    owed_by_vault: string;
  };
  by_day: UsageSumView[];
  by_route: UsageSumView[];
  /** Close of the last ledger whose events are in the books. */
  seen_until: string | null;
  notes: string[];
};

export type SettlementLineView = {
  lane: number;
  batch: number;
  confirmed_at: string;
  ledger: number;
  tx_hash: string | null;
  link: string | null;
  amount: string;
};

export type PaymentView = {
  /** `claimed` is the payee's money; `fee_collected` went to the platform and was the payee's at no time. */
  kind: 'claimed' | 'fee_collected';
  lane: number;
  to: string;
  time: string;
  ledger: number;
  tx_hash: string;
  link: string | null;
  amount: string;
};

export type StatementFigures = {
  payee: string;
  period: Period;
  feeBps: number;
  opening: Units;
  lanes: { lane: number; settled: Units; fee: Units }[];
  settlements: SettledLine[];
  payments: PaidLine[];
  owedNow: Units;
  open: OpenSums;
  byRoute: UsageSummary;
  byDay: UsageSummary;
  seenUntilMs: number | undefined;
  beganLater: boolean;
  explorerUrl: string | undefined;
};

export function statementView(figures: StatementFigures): StatementView {
  const { payee, period, feeBps, opening, open, payments } = figures;
  const settled = sumOf(figures.lanes.map((lane) => lane.settled));
  const fee = sumOf(figures.lanes.map((lane) => lane.fee));
  const claimed = sumOf(payments.filter(({ kind }) => kind === 'claimed').map(({ amount }) => amount));
  const net = subtract(settled, fee);
  const link = (hash: string) => (hash === '' ? null : (figures.explorerUrl?.replace('{hash}', hash) ?? null));
  return {
    payee,
    from: period.from,
    to: period.to,
    currency: 'USDC',
    fee_bps: feeBps,
    usage: figures.byDay.total,
    balance: {
      opening: formatUsdc(opening),
      settled: formatUsdc(settled),
      fee: formatUsdc(fee),
      claimed: formatUsdc(claimed),
      closing: formatUsdc(subtract(add(opening, net), claimed)),
    },
    net: formatUsdc(net),
    lanes: figures.lanes.map((row) => ({
      lane: row.lane,
      settled: formatUsdc(row.settled),
      fee: formatUsdc(row.fee),
    })),
    settlements: figures.settlements.map(({ lane, batch, confirmedAtMs, ledger, txHash, amount }) => ({
      lane,
      batch,
      confirmed_at: time(confirmedAtMs),
      ledger,
      tx_hash: txHash === '' ? null : txHash,
      link: link(txHash),
      amount: formatUsdc(amount),
    })),
    payments: payments.map(({ kind, lane, to, atMs, ledger, txHash, amount }) => ({
      kind,
      lane,
      to,
      time: time(atMs),
      ledger,
      tx_hash: txHash,
      link: link(txHash),
      amount: formatUsdc(amount),
    })),
    open: {
      unsealed: formatUsdc(open.unsealed),
      in_batches: formatUsdc(open.inBatches),
      receivable: formatUsdc(open.receivable),
      held: formatUsdc(open.held),
      written_off: formatUsdc(open.writtenOff),
      owed_by_vault: formatUsdc(figures.owedNow),
    },
    by_day: figures.byDay.items,
    by_route: figures.byRoute.items,
    seen_until: figures.seenUntilMs === undefined ? null : time(figures.seenUntilMs),
    notes: notesOf(figures),
  };
}

function notesOf({ period, seenUntilMs, beganLater }: StatementFigures): string[] {
  const notes: string[] = [];
  if ((seenUntilMs ?? 0) < (period.toDay + 1) * dayMs) {
    const seen = seenUntilMs === undefined ? 'not been seen yet' : `been seen up to ${time(seenUntilMs)}`;
    const last = dayText(period.toDay);
    notes.push(`the chain has ${seen}: what it does until the end of ${last} will be added`);
  }
  if (beganLater)
    notes.push(
      'the vault has settled what these books do not hold (they began later, or are a restored copy): balances lack it',
    );
  return notes;
}
