import type { Hold } from '../../billing/ledger.ts';
import { endOfPurchase, type PurchaseEnd } from '../../billing/socket-charging.ts';
import type { Route } from '../../catalog/model.ts';
import type { ErrorCode } from '../../errors.ts';
import { add, subtract, type Units, zero } from '../../money.ts';
import type { Payer } from '../admit.ts';
import type { CallDeps } from '../call.ts';
import { refundCharge } from '../refund.ts';

export type TillDeps = Pick<
  CallDeps,
  'verifier' | 'ledger' | 'journal' | 'isPaused' | 'mayServe' | 'nextCallId' | 'clock' | 'log' | 'metrics' | 'prepared'
>;

/** One committed charge: a connection, a minute or a message. */
export type Purchase = { id: number; sinceMs: number };

export type Bought = {
  purchases: Purchase[] /** Why it is not all that was asked for. */;
  refused: ErrorCode | undefined;
};

/**
 * Takes the money of one WebSocket. Each thing bought is a call of its own in the books: held and written before it is
 * given, with a finish row behind it, so that receipts, settlement and recovery know nothing of WebSockets.
 */
export class SocketTill {
  /** All charges less all refunds. */
  paid: Units = zero;
  readonly #deps: TillDeps;
  readonly #route: Route;
  readonly #payer: Payer;
  readonly #bearer: string;

  constructor(deps: TillDeps, route: Route, payer: Payer, bearer: string) {
    this.#deps = deps;
    this.#route = route;
    this.#payer = payer;
    this.#bearer = bearer;
  }

  /** Why this account may no longer use the connection; undefined while it may. */
  async barred(): Promise<ErrorCode | undefined> {
    const { verifier, isPaused } = this.#deps;
    if (!verifier.cached(this.#bearer)) {
      // Also one that cannot be looked at now: a flood of bad tokens must not keep a revoked one alive.
      const verified = await verifier.verify(this.#bearer);
      if (!verified.ok) return verified.reason;
    }
    return isPaused(this.#route.api.name) ? 'api_paused' : undefined;
  }

  /** The same, and whether the next thing could be paid. */
  async broke(): Promise<ErrorCode | undefined> {
    const barred = await this.barred();
    if (barred !== undefined || this.#route.priceUnits === 0n) return barred;
    const held = this.#hold();
    if (typeof held === 'string') return held;
    this.#deps.ledger.release(held);
    return undefined;
  }

  /** Buys as many as there is money for: the first ones of those asked for. Never rejects. */
  async buy(count: number): Promise<Bought> {
    const barred = await this.barred();
    if (barred !== undefined) return { purchases: [], refused: barred };
    const holds: Hold[] = [];
    let refused: ErrorCode | undefined;
    while (holds.length < count && refused === undefined) {
      const held = this.#hold();
      if (typeof held === 'string') refused = held;
      else holds.push(held);
    }
    const purchases = await this.commit(holds, () => this.#deps.nextCallId());
    return { purchases, refused: purchases.length < holds.length ? 'journal_unavailable' : refused };
  }

  /** Writes the rows of these holds. Behind the first one that fails nothing counts. */
  async commit(holds: Hold[], nextId: () => number): Promise<Purchase[]> {
    const rows = await Promise.all(holds.map((hold) => this.#charge(hold, nextId())));
    const failed = rows.indexOf(undefined);
    const behind = failed < 0 ? [] : rows.splice(failed);
    for (const row of behind)
      if (row) await this.end(row, endOfPurchase({ kind: 'message', handed: 'nothing' }, 'gateway'));
    return rows.filter((row) => row !== undefined);
  }

  /** Writes how a purchase ended, behind its refund row if it goes back. Never rejects. */
  async end({ id, sinceMs }: Purchase, end: PurchaseEnd, bytesIn = 0, bytesOut = 0): Promise<void> {
    const { clock, journal } = this.#deps;
    if (end.decision === 'refund') {
      const [payer, route] = [this.#payer, this.#route];
      const refund = { callId: id, payer, route, amount: route.priceUnits, reason: end.outcome };
      const refunded = await refundCharge(this.#deps, refund);
      if (refunded === 'unwritten') return;
      if (refunded === 'refunded') this.paid = subtract(this.paid, route.priceUnits);
    }
    const durationMs = Math.round(clock.monotonicMs() - sinceMs);
    journal.finish({ chargeId: id, atMs: clock.nowMs(), outcome: end.outcome, bytesIn, bytesOut, durationMs });
  }

  #hold(): Hold | ErrorCode {
    const { mayServe, ledger } = this.#deps;
    const stop = mayServe(this.#payer.account, this.#route);
    if (stop) return stop.code;
    const held = ledger.hold(this.#payer.account, this.#payer.cap, this.#route.priceUnits);
    return held.ok ? held.hold : held.reason;
  }

  async #charge(hold: Hold, id: number): Promise<Purchase | undefined> {
    const { clock, journal, ledger, log, metrics, prepared } = this.#deps;
    const purchase = { id, sinceMs: clock.monotonicMs() };
    try {
      await journal.charge({
        id,
        atMs: clock.nowMs(),
        accountId: this.#payer.account.id,
        tokenId: this.#payer.tokenId,
        routeId: prepared(this.#route).id(),
        method: 'GET',
        status: 101,
        priceUnits: hold.price,
      });
    } catch (error) {
      ledger.release(hold);
      log.error({ err: error, call: id }, 'a charge of a WebSocket could not be written; it is not served');
      return undefined;
    }
    ledger.capture(hold);
    metrics.charged(this.#route, hold.price);
    this.paid = add(this.paid, hold.price);
    return purchase;
  }
}
