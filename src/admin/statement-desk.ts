import { setImmediate } from 'node:timers/promises';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Journal } from '../metering/journal.ts';
import { type Period, type PeriodQuery, readPeriod } from '../metering/period.ts';
import { usageSummaries } from '../metering/usage-summary.ts';
import { add, subtract, type Units, zero } from '../money.ts';
import { feeOn } from '../settlement/fee.ts';
import { sumOf } from '../settlement/payouts.ts';
import type { Deposits } from '../store/deposits.ts';
import type { SettledLine, Statements } from '../store/statements.ts';
import { dayMs } from '../store/usage-daily.ts';
import type { UsageSums } from '../store/usage-sums.ts';
import { type StatementView, statementView } from './statement-view.ts';

/** What a payee earned in a period, what the vault owes it and what it has paid. */
export type StatementDesk = {
  statement(payee: string, query: PeriodQuery): Promise<StatementView>;
};

export type StatementDeskDeps = {
  config: () => Pick<Config, 'apis' | 'stellar'>;
  statements: Statements;
  usage: UsageSums;
  deposits: Pick<Deposits, 'cursor'>;
  journal: Pick<Journal, 'flush'>;
  /** Platform fee in 1/100 of a percent; the vault fixes it for ever. */
  feeBps: number;
  clock: Clock;
};

/** A month with a batch every minute has 44,640. */
const settlementsMax = 50_000;
const paymentsMax = 10_000;
/** A settlement of this payee while its sums are read means to read them again. */
const triesMax = 5;

export function createStatementDesk(deps: StatementDeskDeps): StatementDesk {
  const { config, statements, usage, deposits, journal, feeBps, clock } = deps;
  return {
    async statement(payee, query) {
      if (!statements.isPayee(payee) && !config().apis.some((api) => api.payee === payee)) {
        throw new GatewayError('not_found', `${payee} is and was no payee here`);
      }
      const period = readPeriod(query, clock.nowMs());
      const { fromMs, endMs } = bounds(period);
      const settled = await readSettled(deps, payee, period);
      await journal.flush();
      const [byRoute, byDay] = await usageSummaries(usage, ['route', 'day'], period, { payee });
      if (!byRoute || !byDay) throw new Error('two groupings give two summaries');
      // From here on nothing is awaited: one moment for all that is open.
      const payments = statements.paid(payee, fromMs, endMs, paymentsMax + 1);
      if (payments.length > paymentsMax) throw tooLong('payments', paymentsMax);
      const lanes = settled.lanes.map(({ lane, before, within }) => ({
        lane,
        settled: within,
        feeBefore: feeOn(before, feeBps),
        fee: subtract(feeOn(add(before, within), feeBps), feeOn(before, feeBps)),
      }));
      const paidBefore = add(statements.claimedBefore(payee, fromMs), sumOf(lanes.map((lane) => lane.feeBefore)));
      const opening = subtract(sumOf(settled.lanes.map((lane) => lane.before)), paidBefore);
      return statementView({
        payee,
        period,
        feeBps,
        opening,
        lanes,
        settlements: settled.lines,
        payments,
        owedNow: owedNow(deps, payee),
        open: statements.open(payee),
        byRoute,
        byDay,
        seenUntilMs: deposits.cursor('vault')?.closedAtMs,
        beganLater: statements.beganLater(),
        explorerUrl: config().stellar.explorerUrl,
      });
    },
  };
}

type LaneSettled = { lane: number; before: Units; within: Units };

/**
 * What was settled before and in the period. Sums over all time are kept only as one number per lane, so what came
 * after the start is taken off that: day by day, with calls served between the days.
 */
async function readSettled(
  { statements, clock }: Pick<StatementDeskDeps, 'statements' | 'clock'>,
  payee: string,
  period: Period,
): Promise<{ lines: SettledLine[]; lanes: LaneSettled[] }> {
  const { fromMs, endMs } = bounds(period);
  for (let tries = 0; tries < triesMax; tries++) {
    const gross = statements.gross(payee);
    const lines: SettledLine[] = [];
    for (let day = fromMs; day < endMs; day += dayMs) {
      lines.push(...statements.settled(payee, day, day + dayMs, settlementsMax + 1));
      if (lines.length > settlementsMax) throw tooLong('settlements', settlementsMax);
      await setImmediate();
    }
    const after = new Map<number, Units>();
    const take = (fromDayMs: number, toMs: number) => {
      for (const { lane, amount } of statements.settledSums(payee, fromDayMs, toMs)) {
        after.set(lane, add(after.get(lane) ?? zero, amount));
      }
    };
    let day = endMs;
    for (; day < clock.nowMs(); day += dayMs) {
      take(day, day + dayMs);
      await setImmediate();
    }
    take(day, Number.MAX_SAFE_INTEGER);
    if (sumOf(statements.gross(payee).map((row) => row.amount)) !== sumOf(gross.map((row) => row.amount))) continue;
    const lanes = gross.map(({ lane, amount }) => {
      const within = sumOf(lines.filter((line) => line.lane === lane).map((line) => line.amount));
      return { lane, within, before: subtract(subtract(amount, within), after.get(lane) ?? zero) };
    });
    return { lines, lanes };
  }
  throw new GatewayError('conflict', 'the payee is being settled faster than the statement is read; ask again');
}

function owedNow({ statements, feeBps }: StatementDeskDeps, payee: string): Units {
  const net = statements.gross(payee).map(({ amount }) => subtract(amount, feeOn(amount, feeBps)));
  return subtract(sumOf(net), statements.claimedBefore(payee, Number.MAX_SAFE_INTEGER));
}

function bounds({ fromDay, toDay }: Period): { fromMs: number; endMs: number } {
  return { fromMs: fromDay * dayMs, endMs: (toDay + 1) * dayMs };
}

function tooLong(what: string, max: number): GatewayError {
  return new GatewayError('bad_parameter', `more than ${max} ${what}: ask for a shorter period`);
}
