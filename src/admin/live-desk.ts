import type { Ledger } from '../billing/ledger.ts';
import type { Config } from '../catalog/model.ts';
import type { Clock } from '../clock.ts';
import { formatUsdc, subtract, type Units, zero } from '../money.ts';
import type { Solvency } from '../settlement/solvency.ts';
import type { Batches, BatchRow } from '../store/batches.ts';
import type { Charges } from '../store/charges.ts';
import { type BatchView, batchView, time } from './book-views.ts';
import { type Health, notReady } from './health.ts';
import { type BooksCheck, type Light, lights } from './lights.ts';
import type { LiveRecorder } from './live-recorder.ts';

/** Everything the dashboard's first page shows, in one small answer: it is asked for every two seconds. */
export type LiveDesk = { live(): Promise<LiveView> };

export type LiveView = {
  now: string;
  version: string;
  network: string;
  vault: string;
  public_url: string;
  /** Address of a transaction's page, `{hash}` where its hash goes. */
  explorer_url: string | null;
  ready: boolean;
  reasons: string[];
  lights: Light[];
  seconds: {
    from: string;
    calls: number[];
    refused: number[];
    revenue: string[];
    p50_ms: (number | null)[];
    p99_ms: (number | null)[];
  };
  window: {
    calls: number;
    refused: { code: string; count: number }[];
    revenue: string;
    p50_ms: number | null;
    p99_ms: number | null;
  };
  figures: {
    connections: number;
    reservations: number;
    accounts: number;
    watcher_lag_ledgers: number | null;
    unsettled: string;
    receivable: string;
    held: string;
  };
  pipeline: {
    /** Charged, in no batch yet. */
    open: { calls: number; amount: string };
    in_flight: BatchView[];
    /** Newest first. */
    confirmed: BatchView[];
  };
};

export type LiveDeskDeps = {
  config: () => Config;
  recorder: Pick<LiveRecorder, 'read'>;
  ledger: Pick<Ledger, 'totals'>;
  batches: Pick<Batches, 'open' | 'list' | 'lines'>;
  charges: Pick<Charges, 'unsealedCount'>;
  gauges: () => { holds: number; accounts: number; watcherLagLedgers: number | undefined; connections: number };
  solvency: () => Solvency | undefined;
  booksCheck: () => BooksCheck | undefined;
  health: () => Health;
  version: string;
  clock: Clock;
};

const confirmedShown = 6;

export function createLiveDesk(deps: LiveDeskDeps): LiveDesk {
  return {
    async live() {
      const { stellar, gateway } = deps.config();
      const nowMs = deps.clock.nowMs();
      const health = deps.health();
      const reasons = notReady(health, nowMs);
      return {
        now: time(nowMs),
        version: deps.version,
        network: stellar.network,
        vault: stellar.vault,
        public_url: gateway.publicUrl,
        explorer_url: stellar.explorerUrl ?? null,
        ready: reasons.length === 0,
        reasons,
        ...figuresNow(deps, health, nowMs),
        ...traffic(deps),
        pipeline: pipeline(deps),
      };
    },
  };
}

function figuresNow(deps: LiveDeskDeps, health: Health, nowMs: number): Pick<LiveView, 'lights' | 'figures'> {
  const { unsettled, receivable, held } = deps.ledger.totals();
  const { connections, holds, accounts, watcherLagLedgers: behindLedgers } = deps.gauges();
  const checks = { solvency: deps.solvency(), booksCheck: deps.booksCheck() };
  return {
    lights: lights({ nowMs, health, behindLedgers, receivable, ...checks }),
    figures: {
      connections,
      reservations: holds,
      accounts,
      watcher_lag_ledgers: behindLedgers ?? null,
      unsettled: formatUsdc(unsettled),
      receivable: formatUsdc(receivable),
      held: formatUsdc(held),
    },
  };
}

function traffic({ recorder }: LiveDeskDeps): Pick<LiveView, 'seconds' | 'window'> {
  const seen = recorder.read();
  const { p50Ms, p99Ms, refusals } = seen.total;
  const codes = [...refusals].sort(([, a], [, b]) => b - a);
  return {
    seconds: {
      from: time(seen.fromMs),
      calls: seen.calls,
      refused: seen.refused,
      revenue: seen.revenue.map(formatUsdc),
      p50_ms: seen.p50Ms.map(rounded),
      p99_ms: seen.p99Ms.map(rounded),
    },
    window: {
      calls: seen.calls.reduce((sum, calls) => sum + calls, 0),
      refused: codes.map(([code, count]) => ({ code, count })),
      revenue: formatUsdc(sumOf(seen.revenue)),
      p50_ms: rounded(p50Ms),
      p99_ms: rounded(p99Ms),
    },
  };
}

function pipeline({ batches, charges, ledger }: LiveDeskDeps): LiveView['pipeline'] {
  const inFlight = batches.open();
  const sealed = sumOf(inFlight.map((row) => chargedIn(batches, row)));
  // Unsettled is what is charged and not confirmed; what no batch holds of it is still open. No row is read for it.
  const open = subtract(ledger.totals().unsettled, sealed);
  return {
    open: { calls: charges.unsealedCount(), amount: formatUsdc(open < 0n ? zero : open) },
    in_flight: inFlight.map(batchView),
    confirmed: batches
      .list({ limit: confirmedShown + inFlight.length })
      .filter((row) => row.state === 'confirmed')
      .slice(0, confirmedShown)
      .map(batchView),
  };
}

/** What a batch takes for calls; the rest of its total is debt carried over from earlier ones. */
function chargedIn(batches: LiveDeskDeps['batches'], row: BatchRow): Units {
  return sumOf(
    batches.lines(row.id).map((line) => subtract(subtract(line.amount, line.carriedReceivable), line.carriedHeld)),
  );
}

function sumOf(amounts: Units[]): Units {
  return amounts.reduce((sum, amount) => (sum + amount) as Units, zero);
}

/** Three digits are all that a bucket a fifth wide can say. */
function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Number(ms.toPrecision(3));
}
