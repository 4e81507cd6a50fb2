import type { Ledger } from '../billing/ledger.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { formatUsdc, units } from '../money.ts';
import { sumOff } from '../settlement/identities.ts';
import type { ReconcileReport } from '../settlement/reconcile.ts';
import type { Settler } from '../settlement/settler.ts';
import type { Batches } from '../store/batches.ts';
import type { Charges } from '../store/charges.ts';
import type { EnvelopeFees } from '../store/envelope-fees.ts';
import type { Payouts } from '../store/payouts.ts';
import { batchView, leafView, lineView, pageOf, time } from './book-views.ts';
import type { Books, LaneView, PayeeEarnings, ReconcileView, SettlementCostsView } from './books.ts';
import { readPage } from './page-query.ts';

export type SettleDeskDeps = {
  batches: Pick<Batches, 'open' | 'byNumber' | 'list' | 'lines' | 'rows'>;
  charges: Pick<Charges, 'unsealed' | 'oldestUnsettledAtMs'>;
  payouts: Pick<Payouts, 'earnings'>;
  ledger: Pick<Ledger, 'totals'>;
  settler: Pick<Settler, 'settleNow' | 'status'>;
  envelopeFees: Pick<EnvelopeFees, 'costs'>;
  /** Compares every identity of the books with the chain. */
  reconcile(signal: AbortSignal): Promise<Pick<ReconcileReport, 'checks' | 'totals'>>;
  vault: string;
  clock: Clock;
};

/** A settlement takes a ledger or two; past this the operator gets an answer and the loop goes on. */
const settleNowMaxMs = 60_000;
/** It asks the vault about every account: some hundred thousand where records are read, some thousand where they are archived. */
const reconcileMaxMs = 280_000;

export type SettleDesk = Pick<Books, 'settlement' | 'batches' | 'batch' | 'settleNow' | 'reconcile'>;

export function createSettleDesk(deps: SettleDeskDeps): SettleDesk {
  const { batches, charges, ledger, clock } = deps;
  return {
    async settlement() {
      const totals = ledger.totals();
      const unsealed = charges.unsealed();
      const oldestAtMs = charges.oldestUnsettledAtMs();
      const [last] = batches.list({ limit: 1 });
      return {
        unsealed: { calls: unsealed.count, amount: formatUsdc(unsealed.net) },
        unsettled: formatUsdc(totals.unsettled),
        receivable: formatUsdc(totals.receivable),
        held: formatUsdc(totals.held),
        oldest_unsettled_at: oldestAtMs === undefined ? null : time(oldestAtMs),
        open: batches.open().map(batchView),
        lanes: lanes(deps),
        last: last ? batchView(last) : null,
        costs: costs(deps),
        earnings: earnings(deps),
      };
    },
    async batches(query) {
      const { before, limit } = readPage(query);
      const rows = batches.list({ ...(before === undefined ? {} : { before }), limit: limit + 1 });
      return pageOf(rows, limit, batchView, (row) => row.id);
    },
    async batch(lane, number) {
      const row = batches.byNumber(lane, number);
      if (!row) throw new GatewayError('not_found', `lane ${lane} has no batch ${number}; see \`callora settle list\``);
      const lines = batches.lines(row.id).map(lineView);
      return { ...batchView(row), vault: deps.vault, lines, rows: batches.rows(row.id).map(leafView) };
    },
    settleNow: () => settleNow(deps),
    async reconcile() {
      const bound = withBound(clock, reconcileMaxMs);
      try {
        return reconcileView(await deps.reconcile(bound.signal));
      } catch (cause) {
        if (!bound.signal.aborted) throw cause;
        const detail = `the vault did not answer for all accounts within ${reconcileMaxMs / 1000} s; nothing was found or ruled out. Ask again when the RPC server is quicker, or name another one in stellar.rpc_url`;
        throw new GatewayError('chain_unavailable', detail, { cause });
      } finally {
        bound.end();
      }
    },
  };
}

async function settleNow(deps: SettleDeskDeps): ReturnType<Books['settleNow']> {
  const { batches, ledger } = deps;
  const openBefore = new Set(batches.open().map((row) => row.id));
  const lastBefore = batches.list({ limit: 1 })[0]?.id ?? 0;
  const settled = await deps.settler.settleNow({ timeoutMs: settleNowMaxMs });
  const touched = batches.list({ limit: 1_000 }).filter((row) => row.id > lastBefore || openBefore.has(row.id));
  return {
    complete: settled.done,
    waiting_for: settled.waitingFor ?? null,
    batches: touched.reverse().map(batchView),
    earnings: earnings(deps),
    unsettled: formatUsdc(ledger.totals().unsettled),
  };
}

function earnings({ payouts }: Pick<SettleDeskDeps, 'payouts'>): PayeeEarnings[] {
  return payouts.earnings().map(({ payee, lane, gross }) => ({ payee, lane, gross: formatUsdc(gross) }));
}

function lanes({ settler }: SettleDeskDeps): LaneView[] {
  return settler
    .status()
    .lanes.filter(({ state, waitingFor }) => state !== 'idle' || waitingFor !== undefined)
    .map(({ lane, batch, state, waitingFor, objection }) => ({
      lane,
      batch: batch ?? null,
      state,
      waiting_for: waitingFor ?? null,
      last_objection: objection ? { reason: objection.reason, at: time(objection.atMs), tries: objection.tries } : null,
    }));
}

/** Newest batches whose fees are added up: about two hours of a busy gateway. */
const pricedMax = 100;

function costs({ envelopeFees }: SettleDeskDeps): SettlementCostsView | null {
  const { batches, accounts, feeStroops } = envelopeFees.costs(pricedMax);
  if (batches === 0 || accounts === 0) return null;
  const xlm = (stroops: number) => formatUsdc(units(BigInt(Math.ceil(stroops))));
  return { batches, accounts, fee_xlm: xlm(feeStroops), fee_per_account_xlm: xlm(feeStroops / accounts) };
}

/** Differences are summed as absolute amounts: two errors must not cancel each other out. */
export function reconcileView({ checks, totals }: Pick<ReconcileReport, 'checks' | 'totals'>): ReconcileView {
  return {
    ok: checks.every((check) => check.off === 0n),
    units_off: String(sumOff(checks.filter((check) => check.of !== 'number'))),
    checks: checks.map(({ name, subject, books, chain, off: difference, detail, of }) => ({
      name,
      ok: difference === 0n,
      subject,
      books: of === 'number' ? String(books) : formatUsdc(books),
      chain: of === 'number' ? String(chain) : formatUsdc(chain),
      detail: detail ?? '',
    })),
    totals: totals.map(({ name, amount }) => ({ name, amount: formatUsdc(amount) })),
  };
}

/** An abort after `delayMs`, unless ended before. */
function withBound(clock: Clock, delayMs: number): { signal: AbortSignal; end(): void } {
  const bound = new AbortController();
  const done = new AbortController();
  void clock.sleep(delayMs, done.signal).then(() => {
    if (!done.signal.aborted) bound.abort();
  });
  return { signal: bound.signal, end: () => done.abort() };
}
